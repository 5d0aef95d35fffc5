"""The files of ``/media/``."""

import pytest
from flask.testing import FlaskClient

from commons import storage


def test_a_picture_is_served_as_what_it_is_for_good_and_can_do_nothing(client: FlaskClient) -> None:
    key = storage.put(b"\x89PNG bytes", ".png")
    with client.get(storage.url(key)) as response:
        assert response.data == b"\x89PNG bytes"
        assert response.content_type == "image/png"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert {"public", "immutable", "max-age=31536000"} <= set(
            response.headers["Cache-Control"].split(", ")
        )
        tag = response.headers["ETag"]
    with client.get(f"/media/{key}", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


def test_a_part_of_a_picture_can_be_asked_for(client: FlaskClient) -> None:
    key = storage.put(b"0123456789", ".jpg")
    with client.get(f"/media/{key}", headers={"Range": "bytes=2-4"}) as response:
        assert (response.status_code, response.data) == (206, b"234")


@pytest.mark.parametrize("key", ["x", "..%5crostra.sqlite", "a" * 64 + ".jpg", "a" * 64 + ".html", "a" * 64])
def test_what_was_not_uploaded_is_not_there(client: FlaskClient, key: str) -> None:
    response = client.get(f"/media/{key}")
    assert response.status_code == 404
    assert response.mimetype == "application/json"


def test_an_activity_that_was_uploaded_is_never_served_as_one(client: FlaskClient) -> None:
    key = storage.put(b'{"type": "Create"}', ".gif")
    with client.get(f"/media/{key}", headers={"Accept": "application/activity+json"}) as response:
        assert response.content_type == "image/gif"
