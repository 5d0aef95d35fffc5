"""A story is found under its tags, as other servers link them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from commons.accounts import Account
from commons.db import Database
from newsroom import desk
from newsroom.models import Article


@pytest.fixture
def tagged(put_out: Callable[..., Article]) -> Article:
    return put_out(title="The bridge", tags=("Harbour Bridge", "Ähre"))


def test_the_page_of_a_tag_lists_its_stories(reader: FlaskClient, tagged: Article) -> None:
    page = reader.get("/tags/harbourbridge")
    assert page.status_code == 200 and "The bridge" in page.text


def test_the_story_links_its_tags(reader: FlaskClient, tagged: Article) -> None:
    page = reader.get(f"/stories/{tagged.id}", follow_redirects=True).text
    assert 'href="/tags/harbourbridge"' in page
    assert 'href="/tags/%C3%A4hre"' in page


@pytest.mark.parametrize("written", ["HarbourBridge", "Harbour%20Bridge"])
def test_other_spellings_lead_to_the_one_address(reader: FlaskClient, tagged: Article, written: str) -> None:
    answer = reader.get(f"/tags/{written}")
    assert (answer.status_code, answer.location) == (301, "/tags/harbourbridge")


def test_a_tag_that_no_story_has_is_not_there(reader: FlaskClient, tagged: Article) -> None:
    assert reader.get("/tags/nothing").status_code == 404


def test_a_correction_changes_the_tags(reader: FlaskClient, db: Database, tagged: Article) -> None:
    with db.transaction() as session:
        owner = session.get_one(Account, tagged.owner_id)
        article = desk.open_(session, tagged.id, owner)
        draft = replace(desk.as_draft(article, desk.latest(session, article)), tags=("ferry",))
        desk.correct(session, tagged.id, owner, draft, note="Another tag.")
    assert reader.get("/tags/harbourbridge").status_code == 404
    assert "The bridge" in reader.get("/tags/ferry").text
