"""What an error page says. Pure."""

from commons.language import N_

# By status: a heading and a sentence.
ERRORS = {
    400: (N_("We did not understand that"), N_("Your browser sent something that this page cannot read.")),
    401: (
        N_("You are signed out"),
        N_("Copy what you wrote before you leave this page, sign in again, and send it once more."),
    ),
    403: (
        N_("Not allowed"),
        N_("You may not do this, or the page was open for too long. Go back, reload it and try again."),
    ),
    404: (N_("There is nothing here"), N_("The address may be mistyped, or the page was never published.")),
    405: (N_("That does not work here"), N_("This address cannot be used in this way.")),
    409: (N_("This cannot be done now"), N_("It was done already, or something has changed meanwhile.")),
    410: (N_("This is gone"), N_("What stood here was deleted.")),
    413: (N_("That was too much"), N_("What you sent is larger than we take.")),
    429: (N_("Too many requests"), N_("Wait five minutes and try again.")),
    500: (N_("Something broke"), N_("The fault is ours, and it was noted. Try again in a while.")),
    503: (N_("Just a moment"), N_("We cannot answer right now. Try again in a minute; nothing was changed.")),
}
