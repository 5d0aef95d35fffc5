"""The environment, read once into a frozen object. Nobody else reads it."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from stdnum import bic, iban

from commons.refusal import Refused

DEFAULT_PORT = 8000
ORIGIN_FILE = "origin"
_ORIGIN = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
KNOWN = {
    "ROSTRA_ORIGIN",
    "ROSTRA_DATA",
    "ROSTRA_KEY_SECRET",
    "ROSTRA_KEY_SECRET_FILE",
    "ROSTRA_NAME",
    "ROSTRA_HANDLE",
    "ROSTRA_LANGUAGE",
    "ROSTRA_TIMEZONE",
    "ROSTRA_CURRENCY",
    "ROSTRA_MAIL_URL",
    "ROSTRA_MAIL_FROM",
    "ROSTRA_MEDIA_ORIGIN",
    "ROSTRA_SOURCE_URL",
    "ROSTRA_CAST_ORIGIN",
    "ROSTRA_PROXIES",
    "ROSTRA_PRIVATE_PEERS",
    "ROSTRA_RATE_LIMITS",
    "ROSTRA_METRICS_TOKEN",
    "ROSTRA_ACCOUNT_HOLDER",
    "ROSTRA_IBAN",
    "ROSTRA_BIC",
    "ROSTRA_STRIPE_KEY",
    "ROSTRA_STRIPE_KEY_FILE",
    "ROSTRA_STRIPE_WEBHOOK_SECRET",
    "ROSTRA_STRIPE_WEBHOOK_SECRET_FILE",
    "ROSTRA_STRIPE_URL",
}


@dataclass(frozen=True)
class Config:
    """Every setting of ``docs/settings.md``, checked."""

    origin: str
    data: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    key_secret: str
    name: str = "Rostra"
    handle: str = "newsroom"
    language: str = "en"
    timezone: str = "UTC"
    currency: str = "EUR"
    media_origin: str | None = None
    source_url: str | None = None
    cast_origin: str | None = None
    proxies: int = 0
    private_peers: bool = False
    rate_limits: bool = True
    metrics_token: str | None = None
    mail_url: str | None = None
    mail_from: str = "newsroom@localhost"
    account_holder: str = ""
    iban: str = ""
    bic: str = ""
    stripe_key: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = ()
    stripe_url: str = "https://api.stripe.com"
    ca_file: str | None = None

    @cached_property
    def host(self) -> str:
        """Host of the origin, with its port where that is not the scheme's default."""
        return host_of(self.origin)

    @property
    def loopback(self) -> bool:
        """Whether only this machine is served: a laptop or a test, where less is demanded."""
        return urlsplit(self.origin).hostname in LOOPBACK

    @property
    def https(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def ballot_origin(self) -> str:
        """Where voters find the ballot box."""
        return self.cast_origin or self.origin

    @property
    def mail_on_loopback(self) -> bool:
        return urlsplit(self.mail_url or "").hostname in LOOPBACK


def host_of(url: str) -> str:
    """``news.example`` or ``127.0.0.1:8000``: host and, unless it is the default, port; lower case."""
    parts = urlsplit(url)
    name = (parts.hostname or "").lower()
    if ":" in name:
        name = f"[{name}]"
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return name if parts.port in (None, default) else f"{name}:{parts.port}"


def load(
    environ: Mapping[str, str] | None = None, port: int | None = None, *, secretless: bool = False
) -> Config:
    """Read the settings; ``Refused`` names the first that is unknown or wrong.

    Without ``ROSTRA_ORIGIN`` the origin is that of ``port``, else where the data folder was last served.
    ``secretless`` is for a process that must not know the newsroom's secrets: those fields are empty.
    """
    env = os.environ if environ is None else environ
    for variable in env:
        if variable.startswith("ROSTRA_") and variable not in KNOWN:
            raise Refused("Unknown setting %(name)s.", name=variable)
    data = data_folder(env)
    origin = _origin(env.get("ROSTRA_ORIGIN") or _served_at(data, port))
    private = _flag(env, "ROSTRA_PRIVATE_PEERS", default=False)
    return Config(
        origin=origin,
        data=data,
        database_url=_database(env.get("DATABASE_URL"), data),
        redis_url=_redis(env.get("REDIS_URL")),
        secret_key="" if secretless else _secret(env, "SECRET_KEY", data),
        key_secret="" if secretless else _secret(env, "ROSTRA_KEY_SECRET", data),
        name=" ".join((env.get("ROSTRA_NAME") or "Rostra").split()) or "Rostra",
        handle=_handle(env.get("ROSTRA_HANDLE") or "newsroom"),
        language=_one_of(env, "ROSTRA_LANGUAGE", ("en", "de")),
        timezone=_timezone(env.get("ROSTRA_TIMEZONE") or "UTC"),
        currency=_currency(env.get("ROSTRA_CURRENCY") or "EUR"),
        media_origin=_other_origin(env, "ROSTRA_MEDIA_ORIGIN"),
        source_url=_page(env, "ROSTRA_SOURCE_URL"),
        cast_origin=_cast_origin(env),
        proxies=_count(env, "ROSTRA_PROXIES"),
        private_peers=private,
        rate_limits=_flag(env, "ROSTRA_RATE_LIMITS", default=not private),
        metrics_token=env.get("ROSTRA_METRICS_TOKEN") or None,
        mail_url=_mail(env.get("ROSTRA_MAIL_URL")),
        mail_from=_mail_from(env.get("ROSTRA_MAIL_FROM"), origin),
        **_bank_account(env),
        stripe_key=_given_secret(env, "ROSTRA_STRIPE_KEY") or None,
        stripe_webhook_secrets=tuple(_given_secret(env, "ROSTRA_STRIPE_WEBHOOK_SECRET").split()),
        stripe_url=(env.get("ROSTRA_STRIPE_URL") or "https://api.stripe.com").rstrip("/"),
        ca_file=env.get("SSL_CERT_FILE") or None,
    )


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The data folder alone, for a process that needs to know nothing else."""
    return Path((os.environ if environ is None else environ).get("ROSTRA_DATA") or "var").resolve()


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a process that we start, with ``changes``."""
    return {**os.environ, **changes}


def _served_at(data: Path, port: int | None) -> str:
    kept = data / ORIGIN_FILE
    if port is None and kept.exists():
        return kept.read_text().strip()
    return f"http://127.0.0.1:{port or DEFAULT_PORT}"


def keep_origin(config: Config) -> None:
    """Let later commands on this data folder know where it is served."""
    (config.data / ORIGIN_FILE).write_text(config.origin + "\n")


def _origin(value: str, name: str = "ROSTRA_ORIGIN") -> str:
    origin = _whole_origin(name, value)
    if origin.startswith("http:") and urlsplit(origin).hostname not in LOOPBACK:
        raise Refused("%(name)s must be https:// unless it is a loopback address.", name=name)
    return origin


def _cast_origin(env: Mapping[str, str]) -> str | None:
    value = env.get("ROSTRA_CAST_ORIGIN")
    return _origin(value, "ROSTRA_CAST_ORIGIN") if value else None


def _whole_origin(name: str, value: str) -> str:
    """Scheme, host and port, and nothing else; a name in other letters is written as its ``xn--`` form."""
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not _ORIGIN.fullmatch(value):
        raise Refused("%(name)s must be an address such as https://news.example.", name=name)
    return f"{parts.scheme}://{host_of(value)}"


def _split(value: str) -> SplitResult | None:
    """The parts of an address; None where it is none."""
    try:
        parts = urlsplit(value)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _database(value: str | None, data: Path) -> str:
    if not value:
        return f"sqlite:///{data / 'rostra.sqlite'}"
    for plain in ("postgres://", "postgresql://"):
        if value.startswith(plain):
            return "postgresql+psycopg://" + value.removeprefix(plain)
    if not value.startswith(("sqlite:", "postgresql+psycopg:")):
        raise Refused("DATABASE_URL must be a postgresql:// or sqlite:// address.")
    return value


def _redis(value: str | None) -> str | None:
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise Refused("REDIS_URL must be a redis://, rediss:// or unix:// address.")
    return value or None


def _other_origin(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    return _whole_origin(name, value) if value else None


def _page(env: Mapping[str, str], name: str) -> str | None:
    """The address of a page; None where it is not set."""
    value = env.get(name)
    if not value:
        return None
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s]*)?", value):
        raise Refused("%(name)s must be the address of a page, https://...", name=name)
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise Refused("ROSTRA_TIMEZONE must be the name of a time zone such as Europe/Berlin.")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise Refused("ROSTRA_CURRENCY must be a currency's code of three letters such as EUR.")
    return value


def _mail(value: str | None) -> str | None:
    if not value:
        return None
    parts = _split(value)
    if parts is None or parts.scheme not in ("smtp", "smtps"):
        raise Refused("ROSTRA_MAIL_URL must be an address such as smtp://name:password@mail.example:587.")
    return value


def _mail_from(value: str | None, origin: str) -> str:
    address = value or f"newsroom@{urlsplit(origin).hostname}"
    if "@" not in address or not address.isprintable():
        raise Refused("ROSTRA_MAIL_FROM must be an e-mail address.")
    return address


def _bank_account(env: Mapping[str, str]) -> dict[str, str]:
    """Holder, IBAN and BIC. Banks compare the holder's name with the IBAN, so one is not taken alone."""
    holder = " ".join((env.get("ROSTRA_ACCOUNT_HOLDER") or "").split())
    number = iban.compact(env.get("ROSTRA_IBAN") or "")
    bank = bic.compact(env.get("ROSTRA_BIC") or "")
    if number and not iban.is_valid(number):
        raise Refused("ROSTRA_IBAN is not a valid IBAN.")
    if bank and not bic.is_valid(bank):
        raise Refused("ROSTRA_BIC is not a valid BIC.")
    if number and not 1 <= len(holder) <= 70:
        raise Refused("ROSTRA_ACCOUNT_HOLDER must be the account's exact name, of 1 to 70 characters.")
    return {"account_holder": holder, "iban": number, "bic": bank}


def _given_secret(env: Mapping[str, str], name: str) -> str:
    """From the variable, or from the file it names; empty where there is neither."""
    value = env.get(name)
    if not value and env.get(f"{name}_FILE"):
        try:
            value = Path(env[f"{name}_FILE"]).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused("%(name)s_FILE cannot be read.", name=name) from error
    return value or ""


def _secret(env: Mapping[str, str], name: str, data: Path) -> str:
    """From the variable, from the file it names, or made once in the data folder."""
    value = _given_secret(env, name)
    if value:
        if len(value) < 32:
            raise Refused("%(name)s must have at least 32 characters.", name=name)
        return value
    return _kept_secret(data / "secrets" / name.lower())


def _kept_secret(path: Path) -> str:
    """The secret in ``path``, made there once: two processes that start together get the same."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _keep_secret(path)
        return path.read_text().strip()
    except OSError as error:
        raise Refused(
            "The data folder cannot be used: %(why)s: %(file)s.", why=error.strerror, file=error.filename
        ) from error


def _keep_secret(path: Path) -> None:
    """Write a new secret beside ``path`` and link it there whole, unless another process was first."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)


def _handle(value: str) -> str:
    value = value.lower()
    if not (1 <= len(value) <= 30 and all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in value)):
        raise Refused("ROSTRA_HANDLE must be 1 to 30 letters, digits or underscores.")
    return value


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "").lower()
    if not value:
        return default
    if value in ("1", "on", "true", "yes"):
        return True
    if value in ("0", "off", "false", "no"):
        return False
    raise Refused("%(name)s must be on or off.", name=name)


def _count(env: Mapping[str, str], name: str) -> int:
    value = env.get(name) or "0"
    if not re.fullmatch("[0-9]{1,2}", value):
        raise Refused("%(name)s must be a number.", name=name)
    return int(value)


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        raise Refused("%(name)s must be one of: %(choices)s.", name=name, choices=", ".join(choices))
    return value


_current: Config | None = None


def use(config: Config | None) -> None:
    """Make ``config`` this process's settings (None: read the environment again)."""
    global _current
    _current = config


def settings() -> Config:
    """This process's settings, read from the environment at the first call."""
    if _current is None:
        use(load())
    assert _current is not None
    return _current
