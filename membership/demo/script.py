"""What is told in ``year.yaml``, and the people in it. The same people each time."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from stdnum.iso7064 import mod_97_10

SEED = 4180
BANK_CODE = "99990000"  # no bank has it


@dataclass(frozen=True)
class Member:
    """Somebody who joins. ``pays`` are whole units of the currency, each ``rhythm``."""

    name: str
    email: str
    address: str
    iban: str
    class_: str
    rhythm: str
    pays: int


@cache
def script() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "year.yaml").read_text("utf-8"))
    return found


def chance(about: str) -> random.Random:
    """Dice for one matter, which fall the same each time."""
    return random.Random(f"{SEED} {about}")


@cache
def members() -> tuple[Member, ...]:
    """Everybody in the order of joining; the players come first, their names with their accounts."""
    told = [
        _member(at, "", each["email"], each["class"], each["rhythm"], each["pays"])
        for at, each in enumerate(script()["players"])
    ]
    firms = [
        _member(len(told) + at, name, _email(name), "supporter", "yearly", 180)
        for at, name in enumerate(script()["supporters"])
    ]
    dice = chance("members")
    prices = [
        (rhythm, pays, weight)
        for rhythm in script()["prices"]
        for pays, weight in script()["prices"][rhythm].items()
    ]
    people = []
    first = len(told) + len(firms)
    for at, name in enumerate(names(script()["members"] - first), start=first):
        ((rhythm, pays, _),) = dice.choices(prices, [weight for _, _, weight in prices])
        class_ = "worker" if at - first < script()["employees"] else "reader"
        people.append(_member(at, name, _email(name), class_, rhythm, pays))
    return (*told, *_mixed(firms, people))


def _mixed(firms: list[Member], people: list[Member]) -> list[Member]:
    """The firms among the people, not all at once."""
    found = list(people)
    for at, firm in enumerate(firms):
        found.insert(20 + 25 * at, firm)
    return found


def _member(at: int, name: str, email: str, class_: str, rhythm: str, pays: int) -> Member:
    return Member(name, email, address(at), iban(at), class_, rhythm, pays)


def names(count: int, skip: int = 0) -> list[str]:
    """``count`` different names, after the first ``skip``."""
    return _every_name()[skip : skip + count]


@cache
def _every_name() -> list[str]:
    every = [f"{given} {family}" for given in script()["given"] for family in script()["family"]]
    chance("names").shuffle(every)
    return every


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@example.org"


def giver(at: int) -> tuple[str, str]:
    """Name and e-mail address of somebody who gives and is no member."""
    (name,) = names(1, skip=script()["members"] + at)
    return name, _email(name)


def address(at: int) -> str:
    streets = script()["streets"]
    return f"{streets[at % len(streets)]} {1 + at * 7 % 90}, Merrenport"


def iban(at: int) -> str:
    """A number that is valid and nobody's."""
    account = f"{BANK_CODE}{at:010}"
    return f"DE{mod_97_10.calc_check_digits(account + 'DE')}{account}"
