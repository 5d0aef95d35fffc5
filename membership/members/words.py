"""How what the database calls by one word is said to people; to be translated where it is shown."""

from commons.language import N_
from membership.members.models import ACTIVE, APPLIED, DECLINED, ENDED, LEAVING, READER, SUPPORTER, WORKER

CLASSES = {READER: N_("Reader"), WORKER: N_("Worker"), SUPPORTER: N_("Supporter")}
STATES = {
    APPLIED: N_("has asked to become a member"),
    ACTIVE: N_("is a member"),
    LEAVING: N_("is leaving"),
    ENDED: N_("has left"),
    DECLINED: N_("did not become a member"),
}
EVENTS = {
    "apply": N_("asked to become a member"),
    "admit": N_("became a member"),
    "decline": N_("did not become a member"),
    "class": N_("changed class"),
    "notice": N_("gave notice"),
    "end": N_("left"),
}
SHARE_EVENTS = {
    "subscribe": N_("asked for"),
    "pay": N_("paid in"),
    "unpay": N_("payment went back"),
    "approve": N_("approved"),
    "decline": N_("not given"),
    "give": N_("handed on"),
    "take": N_("taken over"),
    "notice": N_("notice given"),
    "end": N_("ended"),
    "payout": N_("paid back"),
}
