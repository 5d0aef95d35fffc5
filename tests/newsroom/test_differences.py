"""What changed between two texts."""

import time

from hypothesis import given
from hypothesis import strategies as st

from newsroom.differences import paragraphs


def joined(before: str, after: str, without: str) -> str:
    lines = []
    for line in paragraphs(before, after):
        changes = {piece.change for piece in line.pieces}
        if changes == {"added"} and without == "added" or changes == {"removed"} and without == "removed":
            continue
        lines.append("".join(piece.text for piece in line.pieces if piece.change != without))
    return "\n".join(lines)


def test_only_the_words_that_changed_are_marked() -> None:
    (line,) = paragraphs("The ferry left at midnight.", "The ferry left at one.")
    assert [(piece.change, piece.text) for piece in line.pieces] == [
        ("kept", "The ferry left at "),
        ("removed", "midnight."),
        ("added", "one."),
    ]


def test_a_line_that_is_new_or_gone_is_marked_whole() -> None:
    assert [line.pieces[0].change for line in paragraphs("a\nb", "a\nb\nc")] == ["kept", "kept", "added"]
    assert [line.pieces[0].change for line in paragraphs("a\nb\nc", "a\nc")] == ["kept", "removed", "kept"]


words = st.lists(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(" ".join), max_size=6
).map("\n".join)


@given(words, words)
def test_both_texts_can_be_read_out_of_the_difference(before: str, after: str) -> None:
    if before and after:
        assert joined(before, after, without="added").split() == before.split()
        assert joined(before, after, without="removed").split() == after.split()


def test_a_huge_line_takes_no_longer_than_a_page_may() -> None:
    started = time.monotonic()
    (line,) = paragraphs("a b " * 100_000, "b a " * 100_000)
    assert [piece.change for piece in line.pieces] == ["removed", "added"]
    assert time.monotonic() - started < 2
