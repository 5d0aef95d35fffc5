"""A second machine with a media folder of its own does not start."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from commons import config, media_folder, storage
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused


def started(db: Database, settings: Config, data: Path) -> None:
    config.use(replace(settings, data=data))
    with db.transaction() as session:
        media_folder.check(session)


def test_the_same_folder_is_recognised_at_every_start(db: Database, settings: Config, tmp_path: Path) -> None:
    for _start in range(2):
        started(db, settings, tmp_path / "one")
    assert (tmp_path / "one" / storage.MEDIA / media_folder.MARK).read_text()


@pytest.mark.parametrize("content", [None, "another"])
def test_another_folder_is_refused(
    db: Database, settings: Config, tmp_path: Path, content: str | None
) -> None:
    started(db, settings, tmp_path / "one")
    other = tmp_path / "two" / storage.MEDIA
    other.mkdir(parents=True)
    if content is not None:
        (other / media_folder.MARK).write_text(content)
    with pytest.raises(Refused, match="all machines share one"):
        started(db, settings, tmp_path / "two")


def test_a_folder_that_was_moved_whole_is_the_same(db: Database, settings: Config, tmp_path: Path) -> None:
    started(db, settings, tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    started(db, settings, tmp_path / "two")
