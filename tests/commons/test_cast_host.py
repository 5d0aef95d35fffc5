"""The ballot box behind the web process: what is passed on, to whom, and what is not."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from commons import doors
from commons.cast_host import DOOR, MOST_BYTES, CastHost
from commons.config import Config, load
from commons.refusal import Refused

HOME, CAST = "https://news.example", "https://ballots.example"
Open = Callable[..., Client]


@dataclass
class Recorder:
    """Stands behind the door and keeps what came through."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append((request.method, request.path, dict(request.headers), request.get_data()))
        headers = {"Content-Security-Policy": "default-src 'none'", "X-Own": "1"}
        return Response("from the box", 201, headers=headers)(environ, start_response)


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def config(settings: Config) -> Config:
    return replace(settings, origin=HOME, cast_origin=CAST)


@pytest.fixture
def box(config: Config) -> Iterator[Recorder]:
    recorder = Recorder()
    door = doors.build(config.data, DOOR)
    server = make_server(f"unix://{door}", 0, recorder, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield recorder
    server.shutdown()
    thread.join()
    server.server_close()


def client(config: Config) -> Client:
    newsroom = Response("the newsroom")
    return Client(CastHost(newsroom, config), use_cookies=False)


@pytest.mark.parametrize("path", ["/ballot-box/", "/ballot-box/board/", "/ballot-box/board/board.json"])
def test_the_ballot_boxs_host_shows_the_ballot_box(path: str, config: Config, box: Recorder) -> None:
    answer = client(config).get(path, base_url=CAST)
    assert (answer.status_code, answer.text) == (201, "from the box")
    assert answer.headers["X-Own"] == "1" and answer.headers.getlist("Content-Security-Policy") == [
        "default-src 'none'"
    ]
    assert box.asked[0][:2] == ("GET", path)


def test_it_shows_nothing_else(config: Config, box: Recorder) -> None:
    browser = client(config)
    assert browser.get("/", base_url=CAST).headers["Location"] == "/ballot-box/"
    assert browser.get("/ballot-box", base_url=CAST).headers["Location"] == "/ballot-box/"
    for path in ("/sign-in", "/ballot-boxes", "/keys/x", "/inbox", "/livez"):
        for call in (browser.get, browser.post):
            answer = call(path, base_url=CAST)
            assert answer.status_code == 404 and "nothing else" in answer.text
    assert box.asked == []


def test_the_newsrooms_own_host_leads_there_and_keeps_all_else(config: Config, box: Recorder) -> None:
    browser = client(config)
    for path in ("/ballot-box/", "/ballot-box/board/", "/ballot-box/b%C3%B6se/"):
        answer = browser.get(path, base_url=HOME)
        assert (answer.status_code, answer.headers["Location"]) == (303, CAST + path)
    for url in (HOME, "https://elsewhere.example"):
        assert browser.get("/elections", base_url=url).text == "the newsroom"
    assert browser.get("/ballot-box/", base_url="https://elsewhere.example").text == "the newsroom"
    assert box.asked == []


def test_without_a_host_of_its_own_it_is_here(config: Config, box: Recorder) -> None:
    browser = client(replace(config, cast_origin=None))
    assert browser.get("/ballot-box/", base_url=HOME).text == "from the box"
    assert browser.get("/", base_url=HOME).text == "the newsroom"


def test_nothing_of_who_asks_is_passed_on(config: Config, box: Recorder) -> None:
    known = {
        "Cookie": "rostra=secret",
        "User-Agent": "Peculiar/1.0",
        "Referer": "https://peculiar.example/",
        "X-Forwarded-For": "203.0.113.77",
        "Accept-Language": "sv",
        "Accept-Encoding": "gzip",
    }
    there = client(config).get("/ballot-box/board/?who=me", base_url=CAST, headers=known)
    assert there.status_code == 201
    (_method, _path, headers, _body) = box.asked[0]
    assert headers == {"Host": "localhost", "Accept-Encoding": "gzip", "Content-Length": "0"}


@pytest.mark.parametrize("name", ["Cookie", "Authorization"])
def test_a_ballot_that_carries_a_name_is_refused(name: str, config: Config, box: Recorder) -> None:
    answer = client(config).post("/ballot-box/board/ballots", base_url=CAST, headers={name: "x"}, data=b"{}")
    assert answer.status_code == 400 and box.asked == []


def test_a_ballot_is_passed_on_as_it_is_and_within_bounds(config: Config, box: Recorder) -> None:
    browser = client(config)
    sent = b'{"envelope": "ab"}'
    browser.post("/ballot-box/board/ballots", base_url=CAST, data=sent, content_type="application/json")
    (method, path, headers, body) = box.asked[0]
    assert (method, path, body) == ("POST", "/ballot-box/board/ballots", sent)
    assert headers["Content-Type"] == "application/json"
    assert (
        browser.post("/ballot-box/x/ballots", base_url=CAST, data=b"x" * (MOST_BYTES + 1)).status_code == 413
    )
    assert browser.put("/ballot-box/x/ballots", base_url=CAST).status_code == 405
    assert len(box.asked) == 1


def test_a_box_that_is_away_is_said_so(config: Config) -> None:
    answer = client(config).get("/ballot-box/", base_url=CAST)
    assert answer.status_code == 503 and "does not answer" in answer.text


def test_a_ballot_boxs_origin_is_https_unless_it_is_near(tmp_path: Path) -> None:
    env = {"ROSTRA_DATA": str(tmp_path), "ROSTRA_CAST_ORIGIN": "http://ballots.example"}
    with pytest.raises(Refused, match="ROSTRA_CAST_ORIGIN must be https"):
        load(env)
    near = load(env | {"ROSTRA_CAST_ORIGIN": "http://localhost:8000"})
    assert (
        near.ballot_origin == "http://localhost:8000"
        and load({"ROSTRA_DATA": str(tmp_path)}).cast_origin is None
    )


def test_a_process_that_must_know_no_secret_makes_and_reads_none(tmp_path: Path) -> None:
    config = load({"ROSTRA_DATA": str(tmp_path), "SECRET_KEY": "s" * 40}, secretless=True)
    assert (config.secret_key, config.key_secret) == ("", "") and list(tmp_path.iterdir()) == []


def test_doors_of_a_folder_with_a_long_name_are_in_a_short_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    deep = tmp_path / ("x" * 120)
    door = doors.path(deep, "signer")
    assert len(str(door)) < doors.PATH_MAX and door == doors.path(deep, "signer")
    assert doors.path(tmp_path / ("y" * 120), "signer") != door
    monkeypatch.setattr("os.getuid", lambda: 4321)
    with pytest.raises(Refused, match="belongs to somebody else"):
        doors.build(deep, "signer")
    door.parent.rmdir()
