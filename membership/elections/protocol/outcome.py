"""What the opened ballots decided, by the manifest: quorum, majority, and who is seated."""

from collections.abc import Mapping, Sequence
from typing import Any

from membership.elections.protocol.manifest import Manifest

QUESTION = "question"


def decide(
    manifest: Manifest,
    withdrawn: Sequence[int],
    rankings: Sequence[Sequence[int] | None],
    result: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The outcome as JSON.

    ``rankings``: of every ballot, None for an invalid one; ``result``: the count's, None where no ballot
    names anybody. ``elected`` are candidates by number in the order of election, none if the quorum is
    missed; seats for which nominations re-open are ``vacant``. ``turnout`` counts blank and invalid ballots
    too. ``yes`` of ``valid`` ballots are for the first answer of a question with two, and ``carried`` says
    whether they are enough; both are None for all else.
    """
    valid = sum(bool(set(ranking or ()) - set(withdrawn)) for ranking in rankings)
    reached = 100 * len(rankings) >= manifest.quorum_percent * manifest.roll_size
    number = {name: place for place, name in enumerate(manifest.candidates, 1)}
    # The copies of the choice to re-open nominations are in no manifest.
    elected = [number.get(name, manifest.reopens) for name in result["elected"]] if result else []
    yes = carried = None
    if manifest.each:
        elected = [each for each in elected if 2 * _votes(manifest, result, each) > valid]
    if manifest.kind == QUESTION and len(manifest.candidates) == 2:
        yes = _votes(manifest, result, 1)
        carried = reached and 2 * yes > valid and 100 * yes >= manifest.majority_percent * valid
        elected = [1] if carried else []
    seated = [each for each in elected if each != manifest.reopens] if reached else []
    return {
        "elected": seated,
        "names": [manifest.candidates[each - 1] for each in seated],
        "vacant": 0 if manifest.kind == QUESTION else manifest.seats - len(seated),
        "turnout": len(rankings),
        "valid": valid,
        "quorum_reached": reached,
        "yes": yes,
        "carried": carried,
    }


def _votes(manifest: Manifest, result: Mapping[str, Any] | None, candidate: int) -> int:
    """The votes that a candidate has in the one stage of a rule that only marks."""
    tallies = result["stages"][-1]["tallies"] if result else {}
    return int(tallies.get(manifest.candidates[candidate - 1], 0))
