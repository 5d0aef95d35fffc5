"""The environment, read once into a frozen object. Nobody else reads it."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from commons.refusal import Refused

DEFAULT_PORT = 8000
ORIGIN_FILE = "origin"
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
    "ROSTRA_CAST_ORIGIN",
    "ROSTRA_PROXIES",
    "ROSTRA_PRIVATE_PEERS",
    "ROSTRA_RATE_LIMITS",
    "ROSTRA_METRICS_TOKEN",
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
    proxies: int = 0
    private_peers: bool = False
    rate_limits: bool = True
    metrics_token: str | None = None
    ca_file: str | None = None

    @property
    def host(self) -> str:
        """Host of the origin, with its port where that is not the scheme's default."""
        return host_of(self.origin)

    @property
    def https(self) -> bool:
        return self.origin.startswith("https:")


def host_of(url: str) -> str:
    """``news.example`` or ``127.0.0.1:8000``: host and, unless it is the default, port; lower case."""
    parts = urlsplit(url)
    name = (parts.hostname or "").lower()
    if ":" in name:
        name = f"[{name}]"
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return name if parts.port in (None, default) else f"{name}:{parts.port}"


def load(environ: Mapping[str, str] | None = None, port: int | None = None) -> Config:
    """Read the settings; ``Refused`` names the first that is unknown or wrong.

    Without ``ROSTRA_ORIGIN`` the origin is that of ``port``, else where the data folder was last served.
    """
    env = os.environ if environ is None else environ
    for variable in env:
        if variable.startswith("ROSTRA_") and variable not in KNOWN:
            raise Refused("Unknown setting %(name)s.", name=variable)
    data = Path(env.get("ROSTRA_DATA") or "var").resolve()
    origin = _origin(env.get("ROSTRA_ORIGIN") or _served_at(data, port))
    private = _flag(env, "ROSTRA_PRIVATE_PEERS", default=False)
    return Config(
        origin=origin,
        data=data,
        database_url=_database(env.get("DATABASE_URL"), data),
        redis_url=env.get("REDIS_URL") or None,
        secret_key=_secret(env, "SECRET_KEY", data),
        key_secret=_secret(env, "ROSTRA_KEY_SECRET", data),
        name=env.get("ROSTRA_NAME") or "Rostra",
        handle=_handle(env.get("ROSTRA_HANDLE") or "newsroom"),
        language=_one_of(env, "ROSTRA_LANGUAGE", ("en", "de")),
        timezone=env.get("ROSTRA_TIMEZONE") or "UTC",
        currency=env.get("ROSTRA_CURRENCY") or "EUR",
        media_origin=env.get("ROSTRA_MEDIA_ORIGIN") or None,
        proxies=_count(env, "ROSTRA_PROXIES"),
        private_peers=private,
        rate_limits=_flag(env, "ROSTRA_RATE_LIMITS", default=not private),
        metrics_token=env.get("ROSTRA_METRICS_TOKEN") or None,
        ca_file=env.get("SSL_CERT_FILE") or None,
    )


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


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Refused("ROSTRA_ORIGIN must be an address such as https://news.example.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Refused("ROSTRA_ORIGIN must be https:// unless it is a loopback address.")
    return f"{parts.scheme}://{host_of(value)}"


def _database(value: str | None, data: Path) -> str:
    if not value:
        return f"sqlite:///{data / 'rostra.sqlite'}"
    for plain in ("postgres://", "postgresql://"):
        if value.startswith(plain):
            return "postgresql+psycopg://" + value.removeprefix(plain)
    if not value.startswith(("sqlite:", "postgresql+psycopg:")):
        raise Refused("DATABASE_URL must be a postgresql:// or sqlite:// address.")
    return value


def _secret(env: Mapping[str, str], name: str, data: Path) -> str:
    """From the variable, from the file it names, or made once in the data folder."""
    value = env.get(name)
    if not value and env.get(f"{name}_FILE"):
        value = Path(env[f"{name}_FILE"]).read_text().strip()
    if value:
        if len(value) < 32:
            raise Refused("%(name)s must have at least 32 characters.", name=name)
        return value
    return _kept_secret(data / "secrets" / name.lower())


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    return path.read_text().strip()


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
    if not value.isdigit():
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
