"""The roof of the worker: every job there is.

``python -m worker`` is the process that ``rostra worker`` becomes and ``rostra serve`` starts. It imports
no page and no command, which spares it a sixth of its memory.
"""

import gc
from collections.abc import Mapping

import commons.ceremonies
import commons.mail
import commons.recovery.recoveries
import commons.sessions
import commons.sign_in_links
import federation.delivery
import federation.fan_out
import federation.farewells
import federation.inbox
import membership.assembly.motions
import membership.board.petitions
import membership.board.seats
import membership.board.vacancies
import membership.books.checks
import membership.books.vouchers.debits
import membership.campaigns.choices
import membership.campaigns.closing
import membership.campaigns.telling
import membership.desk.erasure
import membership.desk.grace
import membership.desk.retention
import membership.elections.board_times
import membership.elections.checks
import membership.elections.mailings
import membership.elections.schedule
import membership.members.members
import membership.members.register
import membership.money.seals
import membership.payments.charging
import membership.payments.events
import membership.payments.mandates
import membership.payments.reconciliation
import membership.payments.refunds
import membership.pledges.ending.cancellations
import membership.pledges.renewals
import membership.pledges.settling
from commons import jobs
from commons.jobs import Job

# Every job, with the seconds after which it is looked at even if no bell rang.
TIMERS: Mapping[Job, float] = {
    federation.inbox.process_due: 5,
    federation.fan_out.fan_out_due: 5,
    federation.delivery.deliver_due: 5,
    federation.farewells.recheck_due: 60,
    commons.sessions.sweep_old: 600,
    membership.board.seats.seat_due: 5,
    membership.board.seats.close_due: 30,
    membership.board.vacancies.fill_due: 30,
    membership.board.petitions.petitions_due: 5,
    membership.books.checks.run_due: 600,
    membership.books.vouchers.debits.match_due: 30,
    membership.money.seals.seal_due: 3600,
    membership.payments.events.process_due: 5,
    membership.payments.charging.charge_due: 5,
    membership.payments.refunds.refund_due: 30,
    membership.payments.mandates.detach_due: 300,
    membership.payments.reconciliation.reconcile: 3600,
    membership.pledges.renewals.renew_due: 300,
    membership.pledges.renewals.charge_due: 30,
    membership.pledges.settling.settle_due: 5,
    membership.pledges.ending.cancellations.end_due: 600,
    membership.campaigns.closing.close_due: 30,
    membership.campaigns.closing.collect_due: 30,
    membership.campaigns.closing.give_back_due: 60,
    membership.campaigns.closing.release_due: 60,
    membership.campaigns.choices.choices_due: 60,
    membership.campaigns.telling.tell_due: 30,
    membership.elections.board_times.boards_due: 30,
    membership.elections.checks.run_due: 600,
    membership.elections.mailings.write_due: 15,
    membership.elections.schedule.timetable_due: 30,
    commons.mail.send_due: 15,
    commons.mail.sweep_old: 3600,
    commons.sign_in_links.sweep_old: 600,
    commons.ceremonies.sweep_old: 600,
    commons.recovery.recoveries.send_due: 60,
    membership.members.members.end_due: 300,
    membership.members.register.forget_due: 3600,
    membership.desk.erasure.forget_receipts_due: 3600,
    membership.assembly.motions.decide_due: 60,
    membership.desk.grace.carry_out_due: 300,
    membership.desk.retention.forget_due: 3600,
}


if __name__ == "__main__":
    gc.freeze()  # what was imported stays: the search for garbage need not go through it again and again
    jobs.work(TIMERS)
