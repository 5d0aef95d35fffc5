"""The providers: one file each, and this one list of them."""

from collections.abc import Mapping

from membership.payments.providers.bank import Bank
from membership.payments.providers.provider import Provider
from membership.payments.providers.stripe import Stripe

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (Bank(), Stripe())}


def ready() -> list[Provider]:
    """The ways of paying whose settings are there."""
    return [provider for provider in PROVIDERS.values() if provider.ready()]
