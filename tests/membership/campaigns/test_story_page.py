"""What a story's page says about the money behind it, and what it never says."""

import pytest
from flask.testing import FlaskClient

from commons.db import Database
from membership.campaigns import campaigns, pitches
from membership.campaigns.models import Campaign
from newsroom import addresses, desk, sections
from newsroom.drafts import Draft
from tests.membership.campaigns.conftest import Officers, Open, pledged, pledged_as
from tests.membership.pledges.conftest import pay

# What a page says does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_story_that_readers_paid_for_says_so_and_never_who(
    db: Database, opened: Open, officers: Officers, reader: FlaskClient
) -> None:
    pitch = opened("pitch", scheme="keep_it_all")
    for number in range(5):
        pay(db, pledged(db, pitch, 1000, name=f"secretgiver{number}"))
    pay(db, pledged_as(db, pitch, officers.jon, 500))
    with db.transaction() as session:
        sections.create(session, "harbour", "River and Harbour")
        draft = Draft("The harbour", "Who owns it.", "We looked.", section="harbour")
        article = desk.start(session, officers.jon, draft)
        plain = desk.start(session, officers.jon, draft)
        for each in (article, plain):
            desk.publish(session, each.id, officers.edith)
        found = session.get_one(Campaign, pitch.id)
        pitches.decide(session, found, "accepted", "It matters.", by=officers.edith)
        pitches.link_story(session, found, addresses.id_of(article.id), by=officers.edith)
        path, other = addresses.path_of(article), addresses.path_of(plain)
    page = reader.get(path).text
    assert "6 readers gave €55.00 for it." in page
    assert "Somebody who made this story also gave money for it." in page
    assert "secretgiver" not in page
    assert f"/pitches/{pitch.slug}" in page
    assert "What this story cost" not in reader.get(other).text
    assert "Read the story" in reader.get(campaigns.address(pitch)).text
