"""``verify.py``: the checker as one file, for people who do not install the newsroom's software.

It carries the very modules that check and count here, as text that can be read, and needs Python
3.11 and the package ``cryptography``. The manifest names its SHA-256.
"""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
# In the order in which they need each other.
MODULES = (
    "commons.limits",
    "commons.refusal",
    "commons.strict_json",
    "membership.elections.tally.words",
    "membership.elections.tally.lots",
    "membership.elections.tally.election",
    "membership.elections.tally.record",
    "membership.elections.tally.piles",
    "membership.elections.tally.counting",
    "membership.elections.tally.exclusion",
    "membership.elections.tally.reopening",
    "membership.elections.tally.most_votes",
    "membership.elections.tally.approval",
    "membership.elections.tally.plurality",
    "membership.elections.tally.irv",
    "membership.elections.tally.meek",
    "membership.elections.tally.schulze",
    "membership.elections.tally.scottish_stv",
    "membership.elections.tally",
    "membership.elections.ballot_files.lines",
    "membership.elections.ballot_files.texts",
    "membership.elections.ballot_files.blt",
    "membership.elections.ballot_files.abif",
    "membership.elections.protocol.blind_rsa",
    "membership.elections.protocol.ed25519",
    "membership.elections.protocol.words",
    "membership.elections.protocol.manifest",
    "membership.elections.protocol.credential",
    "membership.elections.protocol.outcome",
    "membership.elections.protocol.sealing",
    "membership.elections.protocol.envelope",
    "membership.elections.protocol.board",
    "membership.elections.protocol.roll",
    "membership.elections.protocol.receipt",
    "membership.elections.protocol.package",
    "membership.elections.protocol.package_json",
    "membership.elections.protocol.verify",
)
HEAD = '''#!/usr/bin/env python3
"""Checks the public package of an election: every signature, every number, the count, every file.

    python3 verify.py FILE.json [--manifest-hash H] [--root R]

Needs Python 3.11 and the package "cryptography". Reads FILE.json and nothing else; ends with 1 and
the first fault. Below are the modules of the newsroom's software that do the same there.
"""

import argparse
import json
import sys
import types

# A rfc8785 for what a manifest and a board hold: text, whole numbers, lists, objects with ASCII names.
RFC8785 = """
import json
CanonicalizationError = ValueError

def dumps(value):
    _check(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

def _check(value):
    if isinstance(value, float):
        raise ValueError("a fraction")
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for below in value:
        _check(below)
"""
'''
TAIL = """

def module(name, text):
    made = types.ModuleType(name)
    made.__path__ = []
    sys.modules[name] = made
    exec(compile(text, name, "exec"), made.__dict__)
    if "." in name:
        above, own = name.rsplit(".", 1)
        setattr(sys.modules[above], own, made)


def load():
    module("rfc8785", RFC8785)
    for package in ("commons", "membership", "membership.elections", "membership.elections.tally",
                    "membership.elections.ballot_files", "membership.elections.protocol"):
        module(package, "")
    for name, text in MODULES.items():
        module(name, text)
    return sys.modules["membership.elections.protocol.verify"], sys.modules["commons.refusal"].Refused


def main():
    arguments = argparse.ArgumentParser(description="Checks the public package of an election.")
    arguments.add_argument("file")
    arguments.add_argument("--manifest-hash", type=bytes.fromhex, metavar="H", help="as it was announced")
    arguments.add_argument("--root", type=bytes.fromhex, metavar="R", help="of the board, as it was posted")
    given = arguments.parse_args()
    checker, Refused = load()
    try:
        with open(given.file, "rb") as file:
            verdict = checker.verify(file.read(), given.manifest_hash, given.root)
    except OSError as error:
        sys.exit(f"{given.file} cannot be read: {error.strerror}.")
    except Refused as fault:
        sys.exit(str(fault))
    for line in checker.summary(verdict):
        print(line)


if __name__ == "__main__":
    main()
"""


@cache
def text() -> str:
    """The file as it goes into a manifest (by its hash) and a package; fixed for this process's life."""
    entries = "".join(f"    {name!r}: {_quoted(_source(name))},\n" for name in MODULES)
    return f"{HEAD}\nMODULES = {{\n{entries}}}\n{TAIL}"


def _source(name: str) -> str:
    path = ROOT.joinpath(*name.split("."))
    module = path.with_suffix(".py")
    return (module if module.exists() else path / "__init__.py").read_text(encoding="utf-8")


def _quoted(source: str) -> str:
    """A Python string that shows ``source`` line by line."""
    escaped = source.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")
    return f"'''\\\n{escaped}'''"
