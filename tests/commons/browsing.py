"""A browser on the probe site, with the passkey devices at its hand."""

from typing import Any

from werkzeug.test import TestResponse

from commons import config, csrf, sessions, web
from commons.accounts import Account
from commons.db import Database

from .authenticator import Device

# At a name: for an IP address no browser makes a passkey.
ORIGIN = "http://localhost:8000"


class Browser:
    """A browser and who is signed in in it."""

    def __init__(self, app: web.App, db: Database, account: Account | None, **start: bool) -> None:
        self.client = app.test_client()
        if account is not None:
            with db.transaction() as session:
                token = sessions.start(session, account, **start)
            host = config.settings().host.partition(":")[0]
            self.client.set_cookie(web.cookie_name(), token, domain=host, secure=config.settings().https)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=self.origin)

    def post(self, path: str, **data: str) -> TestResponse:
        return self.client.post(path, data={**self.form(), **data}, base_url=self.origin)

    @property
    def origin(self) -> str:
        return config.settings().origin

    def form(self) -> dict[str, str]:
        """What every form for the signed-in carries."""
        host = config.settings().host.partition(":")[0]
        found = self.client.get_cookie(web.cookie_name(), domain=host)
        if found is None:
            return {}
        return {csrf.FIELD: csrf.token(config.settings().secret_key, sessions.hash_of(found.value))}

    def options(self, path: str) -> dict[str, Any]:
        answer = self.post(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def add(self, device: Device, name: str = "Laptop") -> TestResponse:
        options = self.options("/account/passkeys/ask")
        return self.post("/account/passkeys/new", name=name, answer=device.make(options))

    def enter(self, device: Device, **more: Any) -> TestResponse:
        options = self.options("/sign-in/passkey/ask")
        return self.post("/sign-in/passkey", answer=device.show(options, **more), next="/private")

    def is_in(self) -> bool:
        return self.get("/private").status_code == 200
