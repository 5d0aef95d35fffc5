"""A count in progress, as every rule keeps it: who stands, who is in, what is written down."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from membership.elections.tally.election import Election
from membership.elections.tally.lots import Lots
from membership.elections.tally.record import (
    EARLIER,
    LOT,
    Action,
    Count,
    Stage,
    Tie,
    plain,
)
from membership.elections.tally.words import N_, Sentence, say

Extreme = Callable[[Iterable[int]], int]


class Counting:
    """The state that a rule moves forward, and the record it leaves behind."""

    def __init__(self, rule: str, election: Election, seed: str, places: int) -> None:
        self.rule = rule
        self.election = election
        self.places = places
        self.totals = dict.fromkeys(election.standing, 0)
        self.exhausted = 0
        self.quota: int | None = None
        self.continuing = list(election.standing)
        self.elected: list[int] = []
        self.stages: list[Stage] = []
        self.ties: list[Tie] = []
        self._lots = Lots(seed)
        self._explained: list[Sentence] = []  # ties, to be told with what they decided

    @property
    def vacancies(self) -> int:
        return self.election.seats - len(self.elected)

    @property
    def openings(self) -> int:
        """The seats that are left for those who are not guarded."""
        guarded = self.election.guarded
        return self.election.seats - len(guarded.union(self.elected))

    @property
    def unguarded(self) -> list[int]:
        """Who may be excluded."""
        return [c for c in self.continuing if c not in self.election.guarded]

    def admitted(self, reached: Sequence[int]) -> list[int]:
        """Of those who ``reached`` what elects, who gets a seat: all, unless the guarded need them."""
        rivals = [c for c in reached if c not in self.election.guarded]
        out: list[int] = []
        while len(rivals) - len(out) > self.openings:
            out.append(self.choose([c for c in rivals if c not in out], min))
        return [c for c in reached if c not in out]

    def name(self, candidate: int) -> str:
        return self.election.name(candidate)

    def names(self, candidates: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.name(candidate) for candidate in candidates)

    def plain(self, value: int) -> str:
        return plain(value, self.places)

    def credit(self, votes: Mapping[int, int]) -> None:
        for candidate, more in votes.items():
            self.totals[candidate] += more

    def stage(
        self,
        action: Action,
        sentence: Sentence,
        candidate: int | None = None,
        keep: Mapping[int, int] | None = None,
    ) -> None:
        """Writes down the figures as they are now."""
        self.stages.append(
            Stage(
                number=len(self.stages) + 1,
                action=action,
                candidate=candidate,
                totals=dict(self.totals),
                exhausted=self.exhausted,
                quota=self.quota,
                keep=keep,
                excluded=(candidate,) if action == "exclude" and candidate is not None else (),
                sentences=(*self._explained, sentence),
            )
        )
        self._explained = []

    def elect(self, candidates: Iterable[int], message: str) -> None:
        """Seats ``candidates``, most votes first; ``message`` has a place for their ``names``."""
        seated = sorted(candidates, key=lambda c: -self.totals[c])
        if not seated:
            return
        for candidate in seated:
            self.continuing.remove(candidate)
        self.elected += seated
        self.tell(say(message, names=self.names(seated)), elected=seated)

    def tell(self, sentence: Sentence, elected: Sequence[int] = (), excluded: Sequence[int] = ()) -> None:
        """Adds to the latest stage what came of its figures."""
        now = self.stages[-1]
        self.stages[-1] = replace(
            now,
            elected=(*now.elected, *elected),
            excluded=(*now.excluded, *excluded),
            sentences=(*now.sentences, *self._explained, sentence),
        )
        self._explained = []

    def fill_last_seats(self) -> bool:
        """Seats everyone left where no more are left than seats; says whether the count is over."""
        if self.vacancies and len(self.continuing) <= self.vacancies:
            self.elect(self.continuing, N_("No more candidates than seats are left. Elected: %(names)s."))
        elif not self.openings:
            sitting = [c for c in self.continuing if c in self.election.guarded]
            self.elect(sitting, N_("Sitting already and keeping their seats: %(names)s."))
        return not self.vacancies or not self.continuing

    def choose(self, among: Sequence[int], extreme: Extreme) -> int:
        """The one with the most (``max``) or the fewest (``min``) votes.

        Equals are told apart by the most recent earlier stage at which they differ; where more
        than two are equal, those at the extreme of that stage go on to the stages before it. Who
        is equal throughout is chosen by lot.
        """
        figure = extreme(self.totals[c] for c in among)
        equal = first = sorted(c for c in among if self.totals[c] == figure)
        for earlier in reversed(self.stages[:-1]):
            if len(equal) == 1:
                break
            figure = extreme(earlier.totals[c] for c in equal)
            fewer = [c for c in equal if earlier.totals[c] == figure]
            if len(fewer) < len(equal):
                self._explain_earlier(equal, fewer, earlier.number, extreme)
            equal = fewer
        if len(equal) > 1:
            return self.draw(equal)
        if len(first) > 1:
            self.ties.append(Tie(len(self.stages), tuple(first), EARLIER, equal[0]))
        return equal[0]

    def draw(self, among: Sequence[int]) -> int:
        """One of ``among``, in the order of their numbers, by lot."""
        among = sorted(among)
        chosen = among[self._lots.draw(len(among))]
        self.ties.append(Tie(len(self.stages), tuple(among), LOT, chosen, self._lots.seed))
        self._explained.append(
            say(
                N_("%(names)s cannot be told apart by votes. Decided by lot: %(chosen)s."),
                names=self.names(among),
                chosen=self.name(chosen),
            )
        )
        return chosen

    def _explain_earlier(
        self, equal: Sequence[int], chosen: Sequence[int], stage: int, extreme: Extreme
    ) -> None:
        fewest = N_("%(names)s have the same number of votes. At stage %(stage)s the fewest had: %(chosen)s.")
        most = N_("%(names)s have the same number of votes. At stage %(stage)s the most had: %(chosen)s.")
        message = fewest if extreme is min else most
        told = say(message, names=self.names(equal), stage=stage, chosen=self.names(chosen))
        self._explained.append(told)

    def finish(self, valid: int, blank: int, pairwise: Mapping[tuple[int, int], int] | None = None) -> Count:
        return Count(
            rule=self.rule,
            candidates=self.election.candidates,
            seats=self.election.seats,
            places=self.places,
            valid=valid,
            blank=blank,
            quota=self.quota,
            elected=tuple(self.elected),
            stages=tuple(self.stages),
            ties=tuple(self.ties),
            seed=self._lots.seed,
            pairwise=pairwise,
        )
