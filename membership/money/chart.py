"""The chart of accounts. Pure: one table that a treasurer can read.

Debit is positive, credit negative: what is owned and spent stands above zero, what is owed,
held for somebody or earned stands below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from commons.language import N_

Kind = Literal["assets", "liabilities", "equity", "restricted", "income", "expenses"]
Dimension = Literal["all", "party", "campaign", "story"]


@dataclass(frozen=True)
class ChartAccount:
    """``name`` begins with its kind. ``solvent``: for each party or campaign (or all) it never changes
    sides, so that nobody is paid money that is not held for them, or pays more than they owe.
    """

    name: str
    title: str
    solvent: Dimension | None = None

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


CHART: Mapping[str, ChartAccount] = {
    account.name: account
    for account in (
        ChartAccount("assets:bank", N_("Bank account")),
        ChartAccount("assets:cash", N_("Cash")),
        ChartAccount("assets:stripe", N_("Money held at Stripe")),
        ChartAccount("assets:transit", N_("Money on its way between accounts")),
        ChartAccount("assets:receivable", N_("Owed to us")),
        ChartAccount("assets:receivable:disputes", N_("Charged back, to be recovered")),
        ChartAccount(
            "assets:receivable:payouts", N_("Paid back, then charged back: owed to us"), solvent="party"
        ),
        ChartAccount("assets:receivable:shares", N_("Shares subscribed and not yet paid")),
        ChartAccount("assets:input-tax", N_("Tax that we reclaim")),
        ChartAccount("liabilities:unmatched", N_("Received, not yet assigned")),
        ChartAccount("liabilities:credit", N_("Credit of payers"), solvent="party"),
        ChartAccount("liabilities:prepaid", N_("Paid ahead for later months")),
        ChartAccount("liabilities:invoices", N_("Invoices to pay")),
        ChartAccount("liabilities:wages", N_("Wages to pay")),
        ChartAccount("liabilities:tax", N_("Sales tax to pay")),
        ChartAccount("liabilities:shares", N_("Shares to pay out"), solvent="party"),
        ChartAccount("liabilities:refunds", N_("Refunds to pay"), solvent="party"),
        ChartAccount("liabilities:patronage", N_("Patronage refunds to pay"), solvent="party"),
        ChartAccount("restricted:campaigns", N_("Held until a campaign ends"), solvent="campaign"),
        ChartAccount("restricted:pitches", N_("Given for a story pitch"), solvent="campaign"),
        ChartAccount("restricted:seats", N_("Given for seats of others"), solvent="all"),
        ChartAccount("equity:shares", N_("Shares of members"), solvent="party"),
        ChartAccount("equity:opening", N_("Balances at the beginning")),
        ChartAccount("equity:reserve", N_("Indivisible reserve"), solvent="all"),
        ChartAccount("equity:surplus", N_("Surplus of past years")),
        ChartAccount("income:membership", N_("Membership fees")),
        ChartAccount("income:pledges", N_("Pledges")),
        ChartAccount("income:gifts", N_("Gifts")),
        ChartAccount("income:campaigns", N_("Campaigns")),
        ChartAccount("income:pitches", N_("Story pitches")),
        ChartAccount("income:grants", N_("Grants")),
        ChartAccount("income:sales", N_("Sales")),
        ChartAccount("income:interest", N_("Interest received")),
        ChartAccount("income:other", N_("Other income")),
        ChartAccount("expenses:wages", N_("Wages")),
        ChartAccount("expenses:freelance", N_("Fees of freelancers")),
        ChartAccount("expenses:travel", N_("Travel")),
        ChartAccount("expenses:research", N_("Documents and research")),
        ChartAccount("expenses:legal", N_("Law and audit")),
        ChartAccount("expenses:hosting", N_("Servers and software")),
        ChartAccount("expenses:office", N_("Rooms and office")),
        ChartAccount("expenses:payment-fees", N_("Fees of banks and providers")),
        ChartAccount("expenses:interest", N_("Interest paid")),
        ChartAccount("expenses:losses", N_("Payments lost")),
        ChartAccount("expenses:patronage", N_("Patronage refunds")),
        ChartAccount("expenses:other", N_("Other expenses")),
    )
}
