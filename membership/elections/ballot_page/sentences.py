"""What the ballot page's script says. It has no words of its own: the page hands it these, translated."""

from collections.abc import Mapping

from commons.language import N_, _

SENTENCES: Mapping[str, str] = {
    # Ranking
    "rank": N_("Rank %(rank)s"),
    "choose": N_("Choose"),
    "ranked": N_("%(name)s is number %(rank)s."),
    "chosen": N_("%(name)s is chosen."),
    "removed": N_("%(name)s is no longer on your ballot."),
    "first": N_("%(name)s is number 1 already."),
    "last": N_("%(name)s is last of those you ranked already."),
    "full": N_("A ballot of this election holds at most %(most)s names."),
    "sorted": N_("The names are in your order now."),
    "tally": N_("On your ballot: %(ranked)s. Not on it: %(unranked)s."),
    "up": N_("%(name)s up"),
    "down": N_("%(name)s down"),
    "out": N_("take %(name)s off"),
    "withdrew": N_("withdrew"),
    "card": N_("(opens in a new tab)"),
    "unranked": N_("Not ranked: %(number)s. %(names)s"),
    "unchosen": N_("Not chosen: %(number)s. %(names)s"),
    "everybody": N_("All of them are on your ballot."),
    # Drawing
    "foreign": N_(
        "This answer does not fit the twelve words in this tab. Type the words with which you drew, "
        "or draw again from the beginning."
    ),
    "fetch": N_("The signed answer belongs to it. Fetch it with the twelve words at the newsroom."),
    "unreadable": N_("There are no twelve words of a ballot in it."),
    "slip": N_("One of the twelve words is not as it was written down."),
    "other_election": N_("This file is for another election."),
    # Casting
    "offline": N_("No answer came. The ballot may have arrived or not."),
    "busy": N_("The ballot box cannot answer just now."),
    "untimely": N_("Ballots are not taken at this time."),
    "refused": N_("The ballot box did not take this ballot."),
    "no_receipt": N_(
        "The answer is no valid receipt for your ballot. Send it again; if that does not help, "
        "save the ballot below and go to the election officers."
    ),
    "earlier": N_(
        "With this credential a ballot was cast before, and that one counts. This is its receipt; "
        "what you chose now was not taken."
    ),
    "cast": N_("Your ballot is in the ballot box."),
    # Checking
    "no_code": N_("This is neither a receipt nor a code of five groups of four letters."),
    "no_board": N_("The lists could not be read. Try again in a minute."),
    "false_receipt": N_("This receipt is not the ballot box's for this ballot."),
    "listed": N_("Recorded: your ballot is on the published list number %(number)s and all after it."),
    "final": N_("Recorded: your ballot is on the final list, number %(number)s. It is counted."),
    "not_yet": N_(
        "Not on a published list yet. Lists come out at fixed hours while voting is open; "
        "look again after the next one."
    ),
    "missing": N_("Your ballot is missing from the provisional list. Complain now; no name is asked for."),
    "missing_code": N_(
        "This code is on no published list. Read it letter by letter. If it is right, open your receipt "
        "file here: with it you can complain without a name until the final list."
    ),
    "lost": N_(
        "Your receipt is valid, and the ballot is missing from the final list. Your receipt file proves it: "
        "show it to the election officers and to anybody."
    ),
    "no_lists": N_("No list is published yet. The first one comes out while voting is open."),
    "complained": N_("The ballot was added. It will be on the final list under the code %(code)s."),
    "no_complaint": N_("The complaint was not taken. Go to the election officers with your receipt file."),
    "root": N_("Root of that list: %(root)s"),
    # Files
    "credential_title": N_("Credential for a secret ballot. Whoever has this file can vote in your place."),
    "receipt_title": N_(
        "Receipt of a secret ballot. It does not say what you chose. Keep it to yourself: "
        "after the count the code leads to one of the published ballots."
    ),
    "election": N_("Election: %(title)s"),
    "code": N_("Code: %(code)s"),
    "changed": N_(
        "The rules of this election are not the ones that the announcement names. "
        "Do not vote here; tell the election officers."
    ),
    "announced": N_("They are the ones that the link you followed names."),
    "broken": N_("Something went wrong: %(reason)s"),
    "working": N_("One moment …"),
}


def spoken() -> dict[str, str]:
    """All of them in the language spoken now; their ``%(name)s`` places stay for the script."""
    return {name: _(sentence) for name, sentence in SENTENCES.items()}
