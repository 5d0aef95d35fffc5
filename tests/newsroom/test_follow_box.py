"""The box below a story or a profile that leads a reader to her own server."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from newsroom import addresses
from newsroom.models import Article


@pytest.mark.parametrize(
    ("deed", "sought"),
    [("follow", "@maria@127.0.0.1:8000"), ("reply", "/stories/"), ("boost", "/stories/")],
)
def test_who_follows_from_a_story_follows_its_author(
    reader: FlaskClient, put_out: Callable[..., Article], deed: str, sought: str
) -> None:
    identifier = addresses.id_of(put_out().id)
    answer = reader.post("/interact", data={"handle": "nonsense", "do": deed, "object": identifier})
    assert answer.status_code == 422
    told = re.search('<code class="handle">(.*?)</code>', answer.text)
    assert told is not None and sought in told[1]
    assert 'value="boost"' in answer.text


def test_a_profile_is_followed_and_not_boosted(reader: FlaskClient, put_out: Callable[..., Article]) -> None:
    maria = put_out().bylines[0].actor.uri
    answer = reader.post("/interact", data={"handle": "nonsense", "do": "follow", "object": maria})
    assert "@maria@127.0.0.1:8000" in answer.text
    assert 'value="boost"' not in answer.text
