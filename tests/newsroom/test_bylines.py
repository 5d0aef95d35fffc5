"""Who signs a story is seen with her picture, if it is kept here."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from commons import storage
from commons.db import Database
from federation.models import Actor

from .conftest import Publish


@pytest.mark.parametrize("ours", [True, False])
def test_only_a_picture_of_our_own_is_shown(
    reader: FlaskClient, db: Database, put_out: Publish, ours: bool
) -> None:
    put_out()
    icon = f"{storage.address()}{'a' * 64}.png" if ours else "https://elsewhere.example/maria.png"
    with db.transaction() as session:
        session.execute(update(Actor).where(Actor.handle == "maria").values(icon=icon))
    page = reader.get("/harbour/the-last-ferry").text
    assert (f'<img class="avatar" src="{icon}"' in page) is ours
    assert (icon in page) is ours
    assert ('<span class="avatar" aria-hidden="true">MP</span>' in page) is not ours
