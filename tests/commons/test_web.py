"""The glue: one request is one transaction, and what holds for every page."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from commons import config, csrf, jobs, limits, page_parts, valkey, web
from commons.accounts import Account
from commons.config import Config
from commons.config import settings as settings_now
from commons.db import Database
from commons.db import use as use_database
from commons.language import LANGUAGES
from tests.commons import site
from tests.commons.site import written

pytestmark = pytest.mark.one_database


def token(client: FlaskClient) -> str:
    found = re.search(r'value="([^"]+)"', client.get("/private").text)
    assert found is not None
    return found[1]


def write(client: FlaskClient, name: str, **more: str) -> TestResponse:
    return client.post("/write", data={"name": name, csrf.FIELD: token(client), **more})


# One request, one transaction


@pytest.mark.both_databases
def test_what_a_view_wrote_is_kept_and_its_bell_rings_after_it(signed_in: FlaskClient) -> None:
    assert write(signed_in, "kept").status_code == 200
    assert written("kept")
    assert site.bells == ["kept"]


@pytest.mark.both_databases
@pytest.mark.parametrize("status", ["400", "422", "500"])
def test_an_answer_that_is_an_error_leaves_nothing(signed_in: FlaskClient, status: str) -> None:
    assert write(signed_in, "gone", status=status).status_code == int(status)
    assert not written("gone")
    assert site.bells == []


@pytest.mark.both_databases
def test_a_refusal_in_the_middle_leaves_nothing(signed_in: FlaskClient) -> None:
    write(signed_in, "twice")
    assert write(signed_in, "twice").status_code == 409
    assert site.bells == ["twice"]


# Where a form comes from


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_form_from_elsewhere_is_refused_with_or_without_a_sign_in(
    signed_in: FlaskClient, app: web.App, headers: dict[str, str]
) -> None:
    data = {"name": "foreign", csrf.FIELD: token(signed_in)}
    assert signed_in.post("/write", data=data, headers=headers).status_code == 403
    assert app.test_client().post("/open", data=data, headers=headers).status_code == 403
    assert app.test_client().post("/sign-in", data={}, headers=headers).status_code == 403
    assert not written("foreign")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_a_form_of_ours_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/open", data={"name": "ours"}, headers=headers).status_code == 200


def test_nothing_is_done_for_an_account_without_its_token(signed_in: FlaskClient) -> None:
    for bad in ("", "x", "é", "A" * 88, token(signed_in)[:-4] + "AAAA"):
        assert signed_in.post("/write", data={"name": "bare", csrf.FIELD: bad}).status_code == 403
    assert not written("bare")


def test_a_token_of_another_sign_in_does_not_count(signed_in: FlaskClient, app: web.App) -> None:
    other = app.test_client()
    other.post("/sign-in", data={"email": site.EMAIL, "password": site.PASSWORD})
    assert signed_in.post("/write", data={"name": "other", csrf.FIELD: token(other)}).status_code == 403


def test_a_token_is_different_on_every_page_and_good_on_each(signed_in: FlaskClient) -> None:
    first, second = token(signed_in), token(signed_in)
    assert first != second
    for number, each in enumerate((first, second)):
        assert signed_in.post("/write", data={"name": f"n{number}", csrf.FIELD: each}).status_code == 200


def test_an_unsafe_deed_cannot_be_asked_for_by_get_nor_by_a_method_override(signed_in: FlaskClient) -> None:
    assert signed_in.get("/write").status_code == 405
    headers = {"X-HTTP-Method-Override": "POST"}
    assert signed_in.get("/write?_method=POST", headers=headers).status_code == 405


@pytest.mark.both_databases
def test_machines_have_no_sign_in_and_no_check_of_origin(signed_in: FlaskClient) -> None:
    response = signed_in.post("/machine", headers={"Origin": "https://peer.example"})
    assert (response.status_code, response.text) == (200, "None")


# What is cached, and by whom


@pytest.mark.both_databases
def test_readers_get_no_cookie(client: FlaskClient) -> None:
    for path in ("/", "/sign-in", "/nothing", "/leads-away", "/private"):
        assert "Set-Cookie" not in client.get(path).headers


def test_a_public_page_is_the_same_for_everyone_and_can_be_kept(client: FlaskClient, ada: Account) -> None:
    stranger = client.get("/")
    client.post("/sign-in", data={"email": site.EMAIL, "password": site.PASSWORD})
    known = client.get("/")
    assert stranger.data == known.data
    assert known.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=600"


@pytest.mark.both_databases
@pytest.mark.parametrize("path", ["/private", "/careless", "/account", "/sign-in"])
def test_a_page_that_asks_who_is_signed_in_is_stored_by_nobody(signed_in: FlaskClient, path: str) -> None:
    response = signed_in.get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.both_databases
@pytest.mark.parametrize("encoding", ["gzip", "br", "identity"])
def test_a_public_page_is_not_sent_twice(client: FlaskClient, encoding: str) -> None:
    first = client.get("/", headers={"Accept-Encoding": encoding})
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers.get("Content-Encoding", "identity") == encoding
    assert "Accept-Encoding" in first.headers["Vary"]
    again = client.get("/", headers={"Accept-Encoding": encoding, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


def test_private_pages_are_not_compressed(signed_in: FlaskClient) -> None:
    assert (
        "Content-Encoding" not in signed_in.get("/account", headers={"Accept-Encoding": "gzip, br"}).headers
    )


@pytest.mark.both_databases
def test_a_static_file_is_kept_for_a_year_under_an_address_that_changes_with_it(client: FlaskClient) -> None:
    address = page_parts.asset("rostra.css")
    assert address in client.get("/").text
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert "max-age=31536000" in response.headers["Cache-Control"]
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.data) < 4.5 * 1024


# What is wrong


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/refused", 404), ("/write", 405), ("/broken", 500), ("/power", 403)],
)
def test_an_error_is_a_page_that_tells_nothing_of_the_inside(
    client: FlaskClient, path: str, status: int
) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert "<main" in response.text
    assert "inner workings" not in response.text and "Traceback" not in response.text


def test_405_says_what_is_allowed(client: FlaskClient) -> None:
    assert set(client.get("/open").headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_machines_are_refused_in_json_unless_they_ask_for_a_page(client: FlaskClient) -> None:
    response = client.get("/machine/refused")
    assert (response.status_code, response.json) == (410, {"error": "There is no such file."})
    assert client.get("/machine/refused", headers={"Accept": "text/html"}).mimetype == "text/html"


@pytest.mark.parametrize("language", LANGUAGES)
def test_errors_speak_the_newsrooms_language(db: Database, settings: Config, language: str) -> None:
    config.use(replace(settings, language=language))
    text = site.build().test_client().get("/nothing", headers={"Accept-Language": "fr"}).text
    assert f'<html lang="{language}">' in text
    assert ("There is nothing here" in text) == (language == "en")
    assert ("Hier ist nichts" in text) == (language == "de")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.sqlite", "postgresql+psycopg://127.0.0.1:1/away?connect_timeout=1"]
)
def test_a_database_that_is_away_is_503_and_says_when_to_come_again(settings: Config, url: str) -> None:
    use_database(Database(url))
    try:
        response = site.build().test_client().get("/")
    finally:
        use_database(None)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "<main" in response.text
    assert "Traceback" not in response.text and "psycopg" not in response.text


def test_a_database_that_stays_locked_is_503_and_nothing_is_written(
    settings: Config, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, settings.data / "rostra.sqlite")
    database = Database(settings.database_url)
    event.listen(database.engine, "connect", _impatient)
    use_database(database)
    client = site.build().test_client()
    try:
        with database.transaction() as holder:
            holder.execute(text("SELECT 1"))
            assert client.post("/open", data={"name": "locked"}).status_code == 503
        assert not written("locked")
        assert client.post("/open", data={"name": "free"}).status_code == 200
    finally:
        use_database(None)


def _impatient(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=50")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:8001", "127.0.0.1", "news.example@127.0.0.1:8000", ""]
)
def test_another_hosts_name_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 400


# How much


def test_too_large_a_form_is_refused(client: FlaskClient) -> None:
    assert client.post("/open", data={"name": "x" * (limits.FORM_BODY + 1)}).status_code == 413


def send_parts(client: FlaskClient, path: str, parts: int, part: bytes) -> int:
    """Post so many equal parts; the status of the answer."""
    body = (b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n") * parts + b"--x--\r\n"
    return client.post(path, data=body, content_type="multipart/form-data; boundary=x").status_code


@pytest.mark.both_databases
def test_too_many_fields_are_refused(client: FlaskClient) -> None:
    field = b'name="name"\r\n\r\nfew'
    assert send_parts(client, "/open", limits.FORM_PARTS, field) == 200
    assert send_parts(client, "/open", limits.FORM_PARTS + 1, field) == 413


def test_a_form_without_a_boundary_has_no_fields(client: FlaskClient) -> None:
    response = client.post("/upload", data=b"x", content_type="multipart/form-data")
    assert response.status_code == 400


@pytest.mark.both_databases
def test_a_picture_may_be_larger_than_other_forms_but_not_endless(client: FlaskClient) -> None:
    head = b'name="file"; filename="x"\r\n\r\n'
    assert send_parts(client, "/upload", 1, head + b"x" * limits.UPLOAD_BODY) == 200
    assert send_parts(client, "/upload", 1, head + b"x" * (limits.UPLOAD_BODY + limits.FORM_BODY)) == 413


@pytest.fixture
def few_pages(db: Database, settings: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[web.App]:
    """A site with limits, of 3 pages in 5 minutes; its queue server is away."""
    config.use(replace(settings, rate_limits=True, proxies=1))
    monkeypatch.setattr(limits, "PAGES_PER_NETWORK", 3)
    yield site.build()


def ask(app: web.App, address: str, path: str = "/") -> int:
    return app.test_client().get(path, headers={"X-Forwarded-For": address}).status_code


def test_a_network_gets_so_many_pages_even_while_the_queue_server_is_away(few_pages: web.App) -> None:
    assert [ask(few_pages, "192.0.2.1") for _page in range(4)] == [200, 200, 200, 429]
    assert ask(few_pages, "192.0.2.2") == 200
    refused = few_pages.test_client().get("/", headers={"X-Forwarded-For": "192.0.2.1"})
    assert refused.headers["Retry-After"] == "300"
    assert ask(few_pages, "192.0.2.1", "/static/rostra.css") == 200
    assert ask(few_pages, "192.0.2.1", "/machine/refused") == 410


def test_with_a_queue_server_all_processes_count_together(few_pages: web.App) -> None:
    server = valkey.start(settings_now().data)
    try:
        jobs.wait_for_server()
        asked = [ask(app, "192.0.2.3") for app in (few_pages, site.build(), few_pages, site.build())]
    finally:
        server.kill()
        server.wait()
    assert asked == [200, 200, 200, 429]


def test_one_ipv6_network_is_one_reader(few_pages: web.App) -> None:
    asked = [ask(few_pages, f"2001:db8:0:1::{number}") for number in range(1, 5)]
    assert asked == [200, 200, 200, 429]
    assert ask(few_pages, "2001:db8:0:2::1") == 200


def test_without_a_trusted_proxy_nobody_chooses_her_own_address(
    db: Database, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.use(replace(settings, rate_limits=True))
    monkeypatch.setattr(limits, "PAGES_PER_NETWORK", 3)
    app = site.build()
    assert [ask(app, f"192.0.2.{number}") for number in range(4)] == [200, 200, 200, 429]


# Small things


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Ada Lovelace", "AL"),
        ("ines", "I"),
        ("Ana de la Cruz", "AC"),
        ("", "?"),
        ("~ ~", "?"),
        ("李 明", "李明"),
    ],
)
def test_initials(name: str, short: str) -> None:
    assert page_parts.initials(name) == short


def test_a_table_scrolls_in_its_own_frame() -> None:
    framed = page_parts.scrolling_tables("<p>x</p><table><tr></tr></table>", 'A "table"')
    frame = '<div class="scroll" role="region" tabindex="0" aria-label="A &#34;table&#34;">'
    assert framed.startswith(f"<p>x</p>{frame}<table>")
    assert framed.endswith("</table></div>")


def test_tables_of_one_page_have_names_of_their_own() -> None:
    framed = page_parts.scrolling_tables("<table>a</table><p>x</p><table>b</table>", "Table")
    assert re.findall('aria-label="([^"]*)"', framed) == ["Table 1", "Table 2"]
