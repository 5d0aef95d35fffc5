"""Settings: what is taken, what is refused with a sentence, and secrets that are made once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commons import config
from commons.config import Config
from commons.refusal import Refused


def load(data: Path, port: int | None = None, **settings: str) -> Config:
    return config.load({"ROSTRA_DATA": str(data), **settings}, port)


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.origin == "http://127.0.0.1:8000"
    assert found.database_url == f"sqlite:///{tmp_path / 'rostra.sqlite'}"
    assert (found.name, found.handle, found.language) == ("Rostra", "newsroom", "en")
    assert (found.redis_url, found.proxies, found.private_peers, found.rate_limits) == (None, 0, False, True)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ROSTRA_ORIGN", "https://news.example", "Unknown setting ROSTRA_ORIGN."),
        ("ROSTRA_ORIGIN", "news.example", "must be an address"),
        ("ROSTRA_ORIGIN", "https://news.example/path", "must be an address"),
        ("ROSTRA_ORIGIN", "https://news.example?a=b", "must be an address"),
        ("ROSTRA_ORIGIN", "ftp://news.example", "must be an address"),
        ("ROSTRA_ORIGIN", "http://news.example", "must be https"),
        ("ROSTRA_ORIGIN", "http://192.168.0.2:8000", "must be https"),
        ("DATABASE_URL", "mysql://db/rostra", "DATABASE_URL must be"),
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 32 characters."),
        ("ROSTRA_KEY_SECRET", "k" * 31, "ROSTRA_KEY_SECRET must have at least 32 characters."),
        ("ROSTRA_HANDLE", "the-post", "ROSTRA_HANDLE must be"),
        ("ROSTRA_HANDLE", "p" * 31, "ROSTRA_HANDLE must be"),
        ("ROSTRA_HANDLE", "zeitung_für", "ROSTRA_HANDLE must be"),
        ("ROSTRA_LANGUAGE", "fr", "ROSTRA_LANGUAGE must be one of: en, de."),
        ("ROSTRA_PROXIES", "-1", "ROSTRA_PROXIES must be a number."),
        ("ROSTRA_PROXIES", "one", "ROSTRA_PROXIES must be a number."),
        ("ROSTRA_PRIVATE_PEERS", "maybe", "ROSTRA_PRIVATE_PEERS must be on or off."),
        ("ROSTRA_RATE_LIMITS", "2", "ROSTRA_RATE_LIMITS must be on or off."),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        load(tmp_path, **{name: value})


def test_variables_of_others_are_none_of_our_business(tmp_path: Path) -> None:
    assert load(tmp_path, HOME="/root", ROSTRUM="1").name == "Rostra"


@pytest.mark.parametrize(
    ("given", "origin", "host"),
    [
        ("https://News.Example/", "https://news.example", "news.example"),
        ("https://news.example:443", "https://news.example", "news.example"),
        ("https://news.example:8443", "https://news.example:8443", "news.example:8443"),
        ("http://localhost:8000", "http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_an_origin_has_one_form_and_the_host_its_port(
    tmp_path: Path, given: str, origin: str, host: str
) -> None:
    found = load(tmp_path, ROSTRA_ORIGIN=given)
    assert (found.origin, found.host) == (origin, host)


def test_the_port_is_in_the_origin_and_other_commands_find_it(tmp_path: Path) -> None:
    served = load(tmp_path, port=8123)
    assert served.origin == "http://127.0.0.1:8123"
    config.keep_origin(served)
    assert load(tmp_path).origin == "http://127.0.0.1:8123"
    assert load(tmp_path, ROSTRA_ORIGIN="https://news.example").origin == "https://news.example"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_spoken_to_through_psycopg(tmp_path: Path, scheme: str) -> None:
    found = load(tmp_path, DATABASE_URL=f"{scheme}://db/rostra")
    assert found.database_url == "postgresql+psycopg://db/rostra"


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    assert first.secret_key == second.secret_key and first.key_secret == second.key_secret
    assert len(first.secret_key) >= 32 and first.secret_key != first.key_secret
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 40 + "\n")
    assert load(tmp_path, ROSTRA_KEY_SECRET_FILE=str(file)).key_secret == "f" * 40
    assert load(tmp_path, SECRET_KEY_FILE=str(file), SECRET_KEY="s" * 40).secret_key == "s" * 40


@pytest.mark.parametrize(
    ("word", "on"), [("1", True), ("ON", True), ("yes", True), ("0", False), ("", False)]
)
def test_a_switch_has_several_words(tmp_path: Path, word: str, on: bool) -> None:
    assert load(tmp_path, ROSTRA_PRIVATE_PEERS=word).private_peers is on


def test_limits_are_off_among_private_peers_unless_asked_for(tmp_path: Path) -> None:
    assert load(tmp_path, ROSTRA_PRIVATE_PEERS="1").rate_limits is False
    assert load(tmp_path, ROSTRA_PRIVATE_PEERS="1", ROSTRA_RATE_LIMITS="on").rate_limits is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROSTRA_ORIGIN", "https://[bad"),
        ("ROSTRA_ORIGIN", "https://news.example:99999"),
        ("ROSTRA_ORIGIN", "https://u@news.example"),
        ("ROSTRA_ORIGIN", "https://news.example#x"),
        ("ROSTRA_ORIGIN", "https://ne ws.example"),
        ("ROSTRA_TIMEZONE", "Mars/Olympus"),
        ("ROSTRA_CURRENCY", "euro"),
        ("ROSTRA_PROXIES", "²"),
        ("ROSTRA_PROXIES", "-1"),
        ("ROSTRA_MEDIA_ORIGIN", "media"),
        ("ROSTRA_SOURCE_URL", "our repository"),
        ("ROSTRA_SOURCE_URL", "javascript:alert(1)"),
        ("ROSTRA_MAIL_URL", "smtp://[x"),
        ("ROSTRA_MAIL_URL", "smtp://mail.example:99999"),
        ("REDIS_URL", "http://x"),
        ("SECRET_KEY_FILE", "/nonexistent"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Refused, match=name):
        load(tmp_path, **{name: value})


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="data folder"):
        load(tmp_path, ROSTRA_DATA=str(tmp_path / "file"))


def test_processes_that_start_together_make_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load(tmp_path).secret_key, range(32)))
    assert len(set(found)) == 1 and len(found[0]) >= 32
    assert sorted(file.name for file in (tmp_path / "secrets").iterdir()) == [
        "rostra_key_secret",
        "secret_key",
    ]
