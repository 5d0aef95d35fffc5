"""Kept files: named by content, whole or absent, found at their address."""

import os
from dataclasses import replace

import pytest

from commons import config, storage
from commons.config import Config
from commons.refusal import Refused

pytestmark = pytest.mark.usefixtures("settings")


def files(settings: Config) -> list[str]:
    return sorted(path.name for path in settings.data.rglob("media/**/*") if path.is_file())


def test_what_is_put_is_read_back_under_a_name_made_from_it(settings: Config) -> None:
    key = storage.put(b"picture", ".jpg")
    with storage.open_(key) as file:
        assert file.read() == b"picture"
    assert storage.put(b"picture", ".jpg") == key
    assert storage.put(b"other", ".jpg") != key
    assert len(files(settings)) == 2


def test_the_address_is_here_or_at_the_media_origin(settings: Config) -> None:
    key = storage.put(b"picture", ".jpg")
    assert storage.url(key) == f"http://127.0.0.1:8000/media/{key}"
    config.use(replace(settings, media_origin="https://media.example"))
    assert storage.url(key) == f"https://media.example/{key}"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(settings: Config) -> None:
    key = storage.put(b"picture", ".jpg")
    storage.delete(key)
    storage.delete(key)
    assert files(settings) == []
    with pytest.raises(Refused) as refusal:
        storage.open_(key)
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    "key", ["", "../../rostra.sqlite", "/etc/passwd", "a.jpg", "A" * 64 + ".jpg", "a" * 64 + ".svg"]
)
def test_a_key_that_is_none_of_ours_opens_nothing(key: str) -> None:
    for verb in (storage.open_, storage.url, storage.delete):
        with pytest.raises(Refused):
            verb(key)


def test_a_full_disk_is_refused_and_leaves_nothing(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused) as refusal:
        storage.put(b"picture", ".jpg")
    assert refusal.value.status == 507
    assert files(settings) == []


def test_a_file_is_named_only_once_its_bytes_are_durable(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list[str]()
    synced, renamed = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("fsync"), synced(handle)))
    monkeypatch.setattr(os, "replace", lambda old, new: (steps.append("replace"), renamed(old, new)))
    storage.put(b"picture", ".jpg")
    assert steps[:3] == ["fsync", "replace", "fsync"]
