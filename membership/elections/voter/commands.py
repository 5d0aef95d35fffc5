"""``rostra vote``."""

import sys
from pathlib import Path

import click

from commons import config
from commons.clock import iso, now
from commons.refusal import Refused
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential, candidate_order, fresh_seed
from membership.elections.protocol.manifest import HEX, Manifest
from membership.elections.protocol.mark import mark
from membership.elections.protocol.words import seed_from, seed_words, words
from membership.elections.voter import client
from membership.elections.voter.client import Place, Slip


def _hash(_context: click.Context, _option: click.Parameter, value: str | None) -> bytes | None:
    if value is not None and (len(value) != 64 or not HEX.fullmatch(value)):
        raise click.BadParameter("A hash is 64 hexadecimal digits.")
    return None if value is None else bytes.fromhex(value)


@click.command()
@click.argument("address", metavar="ELECTION-ADDRESS")
@click.option("--manifest-hash", metavar="H", callback=_hash, help="The manifest's hash as announced.")
@click.option("--words", "has_words", is_flag=True, help="Go on with the twelve words of an earlier run.")
@click.option("--check", is_flag=True, help="Only look whether the ballot in the file is on the board.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the ballot is kept. [SLUG.ballot.txt]",
)
def vote(address: str, manifest_hash: bytes | None, has_words: bool, check: bool, file: Path | None) -> None:
    """Vote in the election at ELECTION-ADDRESS: draw, seal, cast, and check the receipt.

    You sign in with your browser only; this program never sees who you are, and the newsroom never sees
    your twelve words or your choice.
    """
    config.use(config.load(secretless=True))
    place = client.find(address, manifest_hash)
    kept = file or Path(f"{place.slug}.ballot.txt")
    _introduce(place, manifest_hash is not None)
    slip = _kept(place, kept) if check or kept.exists() else _fill_in(place, has_words)
    if slip is None:
        return
    if not check:
        slip.write(kept)
        slip = client.cast(place, slip.envelope)
        slip.write(kept)
        click.echo(f"\nYour ballot is cast. Its code is {slip.code}; the receipt is in {kept}.")
    _look(place, slip, kept)


def _kept(place: Place, file: Path) -> Slip:
    slip = client.read_slip(file)
    if slip.manifest_hash != place.manifest.hash:
        raise Refused("%(file)s holds a ballot of another election.", file=file.name)
    return slip


def _introduce(place: Place, compared: bool) -> None:
    manifest = place.manifest
    click.echo(f"{manifest.title}\nManifest: {manifest.hash.hex()}\n  {words(manifest.hash)}")
    if not compared:
        click.echo("Compare these words with the announced ones, or give --manifest-hash.")


def _may_begin(manifest: Manifest) -> bool:
    """Says what cannot be done yet or any more."""
    times, moment = manifest.times, now()
    if moment < times.issue_opens:
        click.echo(f"Credentials are drawn from {iso(times.issue_opens)} on.")
    elif moment >= times.vote_ends:
        click.echo("Voting is over.")
    return times.issue_opens <= moment < times.vote_ends


def _fill_in(place: Place, has_words: bool) -> Slip | None:
    """Draws and seals; None where it is not the time for it."""
    manifest = place.manifest
    if not _may_begin(manifest):
        return None
    credential = Credential.from_seed(_seed(has_words), manifest)
    click.echo(
        f"\nOpen this in a browser and sign in:\n{place.draw_address}?blinded={credential.blinded.hex()}"
    )
    click.echo(f"\nSign there only if the page shows these four words: {mark(credential.blinded)}")
    token = credential.token(_answer(click.prompt("\nPaste the answer, or the link that leads back")))
    click.echo("The answer is good: you hold a credential.")
    if now() < manifest.times.vote_opens:
        click.echo(f"Voting opens at {iso(manifest.times.vote_opens)}. Come back with --words.")
        return None
    ranking = _ranking(manifest, candidate_order(manifest, credential.key))
    return Slip(manifest.hash, envelope.make(credential, token, ranking))


def _seed(has_words: bool) -> bytes:
    if has_words:
        return seed_from(click.prompt("\nYour twelve words", hide_input=sys.stdin.isatty()))
    seed = fresh_seed()
    click.echo("\nWrite these twelve words down. They are your vote: show them to nobody.")
    click.echo(f"  {seed_words(seed)}")
    return seed


def _answer(pasted: str) -> bytes:
    text = pasted.rpartition("answer=")[2].strip()
    if not HEX.fullmatch(text):
        raise Refused("This is not the answer.")
    return bytes.fromhex(text)


def _ranking(manifest: Manifest, order: list[int]) -> list[int]:
    """Asks for a ranking until it is one and is confirmed. Each voter sees an order of her own."""
    click.echo("")
    for place, number in enumerate(order, 1):
        click.echo(f"  {place:3}  {manifest.candidates[number - 1]}")
    while True:
        text = click.prompt(
            f"\nYour ranking, at most {manifest.ranks}, the best first, such as 2 1 (empty: a blank ballot)",
            default="",
            show_default=False,
        )
        chosen = _numbers(text, len(order))
        if chosen is None or len(chosen) > manifest.ranks:
            click.echo("That is no ranking.")
            continue
        ranking = [order[place - 1] for place in chosen]
        for rank, number in enumerate(ranking, 1):
            click.echo(f"  {rank:3}. {manifest.candidates[number - 1]}")
        if click.confirm(f"Cast this ballot, with {len(order) - len(ranking)} left unranked?"):
            return ranking


def _numbers(text: str, most: int) -> list[int] | None:
    """Different numbers from 1 to ``most``; None for anything else."""
    parts = text.replace(",", " ").split()
    if not all(part.isascii() and part.isdecimal() and len(part) < 4 for part in parts):
        return None
    found = [int(part) for part in parts]
    return found if len(set(found)) == len(found) and all(0 < each <= most for each in found) else None


def _look(place: Place, slip: Slip, kept: Path) -> None:
    """Whether the board shows the ballot. Refused, with what to do, where the final one lacks it."""
    if slip.receipt is None or not receipt.holds(place.manifest, slip.envelope, slip.receipt):
        raise Refused("%(file)s holds no valid receipt.", file=kept.name)
    entries = client.board(place)
    listed = slip.listed(entries)
    if listed is not None:
        click.echo(f"It is on list {listed.number} of the board. Root: {entries[-1].root.hex()}")
    elif entries and entries[-1].kind != "epoch":
        raise Refused(
            "The list after the close lacks your ballot, and your receipt proves it was taken. Complain on "
            "the ballot page with %(file)s while complaints are taken.",
            file=kept.name,
        )
    else:
        click.echo("It is not on the board yet. Look again with --check after the next full hour.")


COMMANDS = (vote,)
