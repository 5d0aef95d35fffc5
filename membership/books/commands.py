"""``rostra books``: are they still as written, and a copy for others."""

import sys
from pathlib import Path

import click

from commons.config import settings
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from membership.books.verify import first_fault, one_moment
from membership.money import export, ledger


@click.group()
def books() -> None:
    """The ledger: check it, export it."""


@books.command("verify")
def verify() -> None:
    """Check every posting and all that belongs to it; exit 1 with the first bad row.

    Keep the number and hash that are printed: whoever rewrote the whole ledger could hide it from
    everything but a copy kept elsewhere.
    """
    with one_moment(database()) as session:
        fault = first_fault(session, _show)
        number, head = ledger.head(session)
    if sys.stderr.isatty():
        click.echo(err=True)
    if fault is not None:
        raise Refused(N_("The books are not as written: %(fault)s"), fault=fault)
    click.echo(f"{number} postings are as written; the last has the hash {head}")


@books.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["beancount", "csv"]), required=True)
def export_books(file: Path, form: str) -> None:
    """Write all postings to FILE, without private names."""
    part = file.with_name(f"{file.name}.part")
    try:
        with one_moment(database()) as session, part.open("w", encoding="utf-8", newline="") as out:
            if form == "csv":
                export.write_csv(session, out)
            else:
                export.write_beancount(session, settings().name, settings().currency, out)
        part.replace(file)
    except OSError as error:
        raise Refused(
            N_("The file %(file)s cannot be written: %(why)s."), file=str(file), why=error.strerror
        ) from error
    click.echo(f"wrote {file}")


def _show(what: str, done: int, total: int) -> None:
    """Progress on standard error: one line that is written over on a terminal, else one a step."""
    end = "\r" if sys.stderr.isatty() else "\n"
    click.echo(f"{what}: {done} of {total}{end}", err=True, nl=False)


COMMANDS: tuple[click.Command, ...] = (books,)
