"""What a newsroom keeps on disk, to be searched for what must not be in it."""

from pathlib import Path

from commons.config import Config


def files(settings: Config) -> list[Path]:
    """Every file of the data folder, and those of an SQLite database, which tests keep elsewhere."""
    found = [path for path in sorted(settings.data.rglob("*")) if path.is_file()]
    if settings.database_url.startswith("sqlite:///"):
        database = Path(settings.database_url.removeprefix("sqlite:///"))
        found += sorted(database.parent.glob(f"{database.name}*"))
    return found
