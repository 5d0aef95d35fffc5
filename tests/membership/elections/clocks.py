"""Moving the clock to a moment of an election."""

from datetime import datetime, timedelta

import pytest

from commons import clock


class Hands:
    """The clock's hands, moved by the test that asks for them; they go back by themselves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def move_to(self, moment: datetime) -> None:
        self._monkeypatch.setattr(clock, "shift", timedelta(0))
        self._monkeypatch.setattr(clock, "shift", moment - clock.now())
