"""What every scene of the demo's year uses: who is there, the bank, and what day it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import accounts, clock, limits
from commons.accounts import Account
from commons.config import settings
from federation.models import Post
from membership.demo.bank import Bank, Transfer
from membership.demo.script import script
from membership.money import parties
from membership.money.currencies import Money, exponent
from membership.money.models import Party
from membership.money.periods import first_day, later_month, local_day, month_of
from membership.payments import charges, transfers
from membership.payments.models import Charge
from membership.pledges import pledges, renewals, settling
from membership.pledges.models import Pledge
from membership.pledges.renewals import PURPOSE

Scene = tuple[datetime, Callable[[], None]]
"""When something happens, and what."""


@dataclass
class Stage:
    """``first`` is the day on which the year begins: twelve whole months and the one that runs."""

    session: Session
    today: date
    bank: Bank = field(default_factory=Bank)
    players: dict[str, Account] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)

    @property
    def first(self) -> date:
        return first_day(later_month(month_of(self.today), -12))

    def at(self, day: date, hour: int, act: Callable[[], None]) -> None:
        """Have ``act`` done on ``day`` at ``hour`` (UTC); what would lie ahead of us is left out."""
        moment = datetime.combine(day, time(hour), UTC)
        if day < self.today:
            self.scenes.append((moment, act))

    def ago(self, minutes: int, act: Callable[[], None]) -> None:
        """Have ``act`` done so many minutes before now."""
        self.scenes.append((clock.now() - timedelta(minutes=minutes), act))

    def alone(self, day: date, hour: int, act: Callable[[], None]) -> None:
        """As ``at``, for what opens transactions of its own."""
        self.at(day, hour, self.apart(act))

    def apart(self, act: Callable[[], None]) -> Callable[[], None]:
        """``act`` between two transactions of the play's."""

        def played() -> None:
            self.session.commit()
            act()

        return played

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def account(self, role: str) -> Account:
        """Who plays ``role`` (``treasurer``, ``second``, ``editor``, ``reporter``, ``reader``)."""
        if role not in self.players:
            found = accounts.by_email(self.session, script()[role])
            assert found is not None
            self.players[role] = found
        return self.players[role]

    def party(self, role: str) -> Party:
        return parties.of(self.session, self.account(role))

    def story(self, slug: str) -> Post:
        """A story of the newsroom that is out."""
        return self.session.scalars(select(Post).where(Post.local, Post.url.endswith(f"/{slug}"))).one()

    # Money

    def ask(self, pledge: Pledge) -> Charge:
        """The charge of what the pledge asked for last."""
        charge = renewals.start(self.session, pledges.instalments(self.session, pledge)[0])
        assert charge is not None
        return charge

    def transfer(self, charge: Charge, days: int, money: Money | None = None) -> None:
        """The payer transfers what is asked for, or ``money``; so many days from now it is booked."""
        data = charge.party.data
        assert data is not None and charge.reference is not None
        self.bank.transfer(
            Transfer(
                on=self.day() + timedelta(days=days),
                money=money or Money(charge.amount, charge.currency),
                name=data.name,
                iban=data.iban,
                reference=charge.reference,
            )
        )

    def statement(self) -> None:
        """The treasurer imports what the bank has booked, and it is taken in."""
        on = self.day()
        if data := self.bank.statement(on):
            transfers.import_file(self.session, f"{on}.csv", data, self.account("treasurer"))
        self.settle()

    def settle(self) -> None:
        """What became of charges is taken in, as the job would."""
        while news := charges.news(self.session, PURPOSE, limits.DUE_AT_ONCE):
            for charge in news:
                settling.settle(self.session, charge)

    @staticmethod
    def day() -> date:
        """The day it is in the scene that plays."""
        return here(clock.now())


def here(moment: datetime) -> date:
    return local_day(moment, settings().timezone)


def whole(units: int) -> Money:
    """Whole units of the newsroom's currency."""
    return Money(units * 10 ** exponent(settings().currency), settings().currency)


def statements(stage: Stage) -> None:
    """Every Monday and on the last day of a month; the last one an hour ago."""
    day = stage.first
    while day < stage.today:
        if day.weekday() == 0 or (day + timedelta(days=1)).day == 1:
            stage.at(day, 16, stage.statement)
        day += timedelta(days=1)
    stage.ago(60, stage.statement)
