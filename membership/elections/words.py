"""How the steps of an election are said, and what each means for a member."""

from collections.abc import Mapping

from commons.language import N_
from membership.elections.timetable import Step

STEPS: Mapping[Step, str] = {
    Step.NOMINATIONS: N_("nominations"),
    Step.OBJECTIONS: N_("the roll is open to objections"),
    Step.PREPARING: N_("being prepared"),
    Step.ISSUING: N_("credentials are drawn"),
    Step.WAITING: N_("voting opens soon"),
    Step.VOTING: N_("voting"),
    Step.COMPLAINTS: N_("closed, complaints are taken"),
    Step.COUNTING: N_("closed, to be counted"),
    Step.COUNTED: N_("counted"),
    Step.CERTIFIED: N_("certified"),
    Step.VOID: N_("void"),
}
ANNOUNCED = N_("announced")
RUNNING = frozenset(Step) - {Step.CERTIFIED, Step.VOID}
NOW: Mapping[Step, str] = {
    Step.NOMINATIONS: N_("Members can stand, and support others who stand."),
    Step.OBJECTIONS: N_("See whether you are on the roll of voters, and object if something is wrong."),
    Step.PREPARING: N_("The officers fix everything in the manifest. Then credentials can be drawn."),
    Step.ISSUING: N_(
        "Draw your credential now: it takes a few minutes and a fresh proof that it is you. Write down "
        "the twelve words that you are shown; without them you cannot vote."
    ),
    Step.WAITING: N_("Keep the credential that you drew until voting opens."),
    Step.VOTING: N_(
        "Vote on the ballot page. It has another address and knows no sign-in; you need what you drew."
    ),
    Step.COMPLAINTS: N_(
        "Voting is over. Look for your receipt in the provisional list; if your ballot is missing, "
        "complain there."
    ),
    Step.COUNTING: N_("The list of ballots is final. The officers bring their key, and then all is counted."),
    Step.COUNTED: N_("The ballots are counted. Look at the result, count again; the certificate follows."),
}
NOW_ANNOUNCED = N_(
    "All is fixed and announced. Keep the fingerprint of the manifest below until credentials are drawn."
)
NOW_DRAWING_TOO = N_("Who has not drawn yet draws there too.")
MOMENTS: tuple[tuple[str, str], ...] = (
    ("called_at", N_("Called")),
    ("nominations_end", N_("Nominations end")),
    ("roll_at", N_("The roll is frozen")),
    ("objections_end", N_("Objections to the roll end")),
    ("issue_opens", N_("Credentials can be drawn")),
    ("issue_ends", N_("Drawing ends")),
    ("vote_opens", N_("Voting opens")),
    ("vote_ends", N_("Voting ends")),
    ("complaints_end", N_("Complaints end")),
)
FILES: Mapping[str, str] = {
    "ballots.blt": N_("all ballots, for programs that count STV"),
    "ballots-copies.blt": N_("the same, with re-opened nominations written out once for each seat"),
    "ballots.abif": N_("the same in another format"),
    "ballots.csv": N_("the same for spreadsheets, with codes"),
    "result.json": N_("the count stage by stage"),
    "issued.txt": N_("who drew a credential, as entries that only they recognise"),
    "roll.txt": N_("the roll, in the same way"),
    "board.txt": N_("the fingerprints of all lists of ballots"),
    "manifest.json": N_("all that was fixed before the first credential was drawn"),
    "verify.py": N_("a program that checks the package by itself"),
    "SHA256SUMS": N_("checksums of all files"),
}
