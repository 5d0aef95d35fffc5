"""Election files: BLT and ABIF, read with care, since anybody may have written them, and written.

What they hold is `tally.Election`. Whatever is wrong with a file is told in one sentence (Refused).
"""

from pathlib import Path

from membership.elections.ballot_files.abif import looks_like_abif, read_abif, write_abif
from membership.elections.ballot_files.blt import read_blt, write_blt
from membership.elections.ballot_files.lines import first_said, opened
from membership.elections.tally import Election

__all__ = ["read_abif", "read_blt", "read_file", "write_abif", "write_blt"]


def read_file(path: Path) -> Election:
    """The election in a file of either format, told apart by its first line that says something.

    Raises Refused for a file that cannot be read as either, OSError if it cannot be opened.
    """
    with opened(path) as lines:
        first, everything = first_said(lines)
        return read_abif(everything) if looks_like_abif(first) else read_blt(everything)
