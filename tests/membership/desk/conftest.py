"""The same people as for members, and a newsroom that can be paid."""

from dataclasses import replace

import pytest

from commons import config
from commons.config import Config

from ..members.conftest import app, at, browser_of, join, officers  # noqa: F401


@pytest.fixture
def settings(settings: Config) -> Config:
    """A newsroom with a bank account."""
    paid = replace(settings, iban="DE89370400440532013000", account_holder="Merrenport News eG")
    config.use(paid)
    return paid
