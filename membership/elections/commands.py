"""``rostra count``: counting an election file, without a database."""

import json
import secrets
from pathlib import Path

import click

from commons.limits import ELECTION_TEXT_CHARS
from membership.elections.ballot_files import read_file
from membership.elections.count_text import count_text
from membership.elections.tally import RULES, count


def _seed(_context: click.Context, _option: click.Parameter, seed: str | None) -> str:
    if seed is None:
        return secrets.token_hex(16)
    if len(seed) > ELECTION_TEXT_CHARS or not seed.isprintable():
        raise click.BadParameter(f"A seed is printable text of at most {ELECTION_TEXT_CHARS} characters.")
    return seed


@click.command("count")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rule", type=click.Choice(list(RULES)), default="scottish-stv", show_default=True)
@click.option(
    "--seed", metavar="TEXT", callback=_seed, help="Lots are drawn from it; without it from a fresh one."
)
@click.option("--json", "as_json", is_flag=True, help="Every stage and tie, for programs.")
def count_command(file: Path, rule: str, seed: str, as_json: bool) -> None:
    """Count an election FILE (BLT or ABIF), stage by stage."""
    try:
        election = read_file(file)
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}.") from None
    result = count(election, rule, seed)
    if as_json:
        click.echo(json.dumps(result.as_json(), indent=1))
    else:
        click.echo(count_text(result, election.title), nl=False)


COMMANDS = (count_command,)
