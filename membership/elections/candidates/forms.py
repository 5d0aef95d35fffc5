"""The forms of candidates and of those who support and ask them."""

from wtforms import TextAreaField
from wtforms.validators import NumberRange

from commons import limits
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_


class StandForm(Form):
    """What a candidate says of herself."""

    statement = TextAreaField(
        N_("Why you stand, and what you would do"),
        [needed(), at_most(limits.CANDIDATE_STATEMENT_CHARS), storable],
        render_kw={"rows": 10},
    )
    disclosures = TextAreaField(
        N_("Employers, clients, parties, offices and holdings that readers should know of"),
        [at_most(limits.CANDIDATE_DISCLOSURES_CHARS), storable],
        render_kw={"rows": 5},
    )


class ProposeForm(Form):
    """Whom a member proposes."""

    number = IntegerField(N_("The member's number in the register"), [needed(), NumberRange(1, 10**9)])


class AskForm(Form):
    """A question to a candidate."""

    question = TextAreaField(
        N_("Your question"),
        [needed(), at_most(limits.ELECTION_QUESTION_CHARS), storable],
        render_kw={"rows": 4},
    )


class AnswerForm(Form):
    """A candidate's answer."""

    answer = TextAreaField(
        N_("Your answer"),
        [needed(), at_most(limits.CANDIDATE_STATEMENT_CHARS), storable],
        render_kw={"rows": 6},
    )
