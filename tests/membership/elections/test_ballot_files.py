"""Election files that programs write are read; hostile and broken ones get one clear sentence."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons import limits
from commons.refusal import Refused
from membership.elections.ballot_files import (
    lines,
    read_abif,
    read_blt,
    read_file,
    write_abif,
    write_blt,
)
from membership.elections.tally import Election, count
from tests.membership.elections.cases import CASES, FOLDER

PARSER = sorted((FOLDER / "parser").iterdir())
ACCEPTED = {
    "accept_ballot_ids.blt": (("Ada", "Ben", "Cho"), 1, {b"\1\2": 1, b"\3": 1}, "ballot ids"),
    "accept_bom_comments.blt": (("Ada", "Ben", "Cho"), 2, {b"\1\2": 4, b"\3": 2}, "BOM and comments"),
    "accept_one_line.blt": (("Ada", "Ben", "Cho"), 2, {b"\1\2": 4, b"\3": 2}, "free-form whitespace"),
    "accept_unicode.blt": (("Åda O'Neill", "Pøl Łuk", "陳大文"), 2, {b"\1\2": 4, b"\3": 2}, "Ünïcode"),
}
REFUSED = {
    "reject_duplicate_preference.blt": "Line 2: Candidate 1 is ranked twice",
    "reject_equal_ranks_in_strict_rule.blt": "ranks two candidates equally",
    "reject_missing_names.blt": "come 4 quoted texts, .* here are 2",
    "reject_missing_terminator.blt": "Line 4: The 0 after the last ballot is missing",
    "reject_negative_count.blt": "Line 2: .*a ballot counts a positive number of times",
    "reject_out_of_range.blt": "Line 2: There is no candidate 4",
    "reject_zero_seats.blt": "Line 1: .* between 1 and 255 seats",
}


@pytest.mark.parametrize("file", PARSER, ids=lambda file: file.stem)
def test_every_parser_file_is_accepted_or_refused_as_its_name_says(file: Path) -> None:
    if file.name in ACCEPTED:
        names, seats, papers, title = ACCEPTED[file.name]
        assert read_file(file) == Election(names, seats, papers, title=title)
        return
    with pytest.raises(Refused, match=REFUSED[file.name]):
        count(read_file(file), "scottish-stv", "seed")


def test_the_parser_files_are_all_known() -> None:
    assert {file.name for file in PARSER} == ACCEPTED.keys() | REFUSED.keys()


def test_equal_ranks_are_refused_by_strict_rules_only() -> None:
    election = read_file(FOLDER / "parser" / "reject_equal_ranks_in_strict_rule.blt")
    assert election.papers == {(b"\1\2", b"\3"): 4}
    assert count(election, "approval", "").stages[0].totals == {1: 4, 2: 4, 3: 4}
    assert (count(election, "schulze-winning-votes", "").pairwise or {})[1, 3] == 4


# --- BLT -------------------------------------------------------------------------------------


NAMES = '"A"\n"B"\n"C"\n"title"\n'


def blt_of(ballots: str, head: str = "3 1", names: str = NAMES) -> Election:
    return read_blt(f"{head}\n{ballots}\n{names}".splitlines(keepends=True))


@pytest.mark.parametrize(
    "ballots",
    [
        "2 1 2 0\n3 3 0\n0",
        "2 1\n2 0 3 3 0\n0",
        "1 1 2 0\n1 1 2 0\n3 3 0\n0",
        "2 1 2 0 3 3 0 0",
        "(x y) 2 1 2 0\n3 3 0\n0",
    ],
)
def test_white_space_and_grouping_mean_nothing(ballots: str) -> None:
    assert blt_of(ballots).papers == {b"\1\2": 2, b"\3": 3}


@pytest.mark.parametrize("withdrawals", ["-2\n-3\n", "-2 -3\n", "-2\n\n# gone\n-3\n"])
def test_withdrawals_stand_on_lines_of_their_own(withdrawals: str) -> None:
    assert blt_of(f"{withdrawals}1 1 0\n0").withdrawn == {2, 3}


def test_a_withdrawal_may_stand_in_a_file_of_one_line() -> None:
    election = read_blt(['3 1 -2 4 1 3 0 0 "A" "B" "C" "title"'])
    assert (election.withdrawn, election.papers) == ({2}, {b"\1\3": 4})


def test_blank_papers_comments_and_marks_in_names_are_read() -> None:
    election = blt_of("5 0 # blank\n1 1 0\n0", names='"A #1" # first\n"B (x)"\n"C"\n""\n')
    assert election.papers == {b"": 5, b"\1": 1}
    assert (election.candidates, election.title) == (("A #1", "B (x)", "C"), "")


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("", "ends before the 0"),
        ("# nothing but a comment", "ends before the 0"),
        ("3", "ends before the 0"),
        ("three 1", "Line 1: A whole number"),
        ("3 1\n1 1 0", "ends before the 0"),
        ("3 1\n1 1 2", "ends before the 0"),
        ("0 1\n0", "between 1 and 255 candidates"),
        ("256 1\n0", "between 1 and 255 candidates"),
        ("999999999 1\n0", "between 1 and 255 candidates"),
        ("3 -1\n0", "between 1 and 255 seats"),
        ("99999999999999999999 1", "at most 9 digits"),
        ("3 1\n1234567890 1 0\n0", "Line 2: A whole number of at most 9 digits"),
        ("3 1\n1 1 ٢ 0\n0", "Line 2: A whole number"),
        ("3 1\n٢ 1 0\n0", "Line 2: A whole number"),
        ("3 1\n1 1 -2 0\n0", "Line 2: There is no candidate -2"),
        ("3 1\n1.5 1 0\n0", "Line 2: A whole number"),
        ("3 1\n1 1= 0\n0", "Line 2: A whole number"),
        ("3 1\n1 1=1 0\n0", "Candidate 1 is ranked twice"),
        ("3 1\n1 - 2 0\n0", "Line 2: A whole number"),
        ("3 1\n-4\n1 1 0\n0", "Line 2: A minus sign"),
        ("3 1\n-0\n1 1 0\n0", "Line 2: A minus sign"),
        ("3 1\n-2 1 1 0\n0", "Line 2: A ballot cannot count a negative number"),
        ("3 1\n1 1 0\n-2\n0", "Line 3: A minus sign"),
        ("3 1\n1 1 (x) 0\n0", "Line 2: A whole number"),
        ("3 1\n1 1 0\n0\nAda", "Line 4: After the ballots"),
        ('3 1\n1 1 0\n0\n"Ada', "Line 4: A quotation mark"),
        ("3 1\n(x 1 1 0\n0", "Line 2: A quotation mark or a parenthesis"),
        ('3 1\n1 1 0\n0\n"A" "B" "C"', "come 4 quoted texts, .* here are 3"),
        ('3 1\n1 1 0\n0\n"A" "B" "C" "t" "u"', "come 4 quoted texts, .* here are 5"),
        ('3 1\n1 1 0\n0\n"A" "B" "A" "t"', "two candidates|Two candidates"),
        ('3 1\n1 1 0\n0\n"A" "B" " " "t"', "needs a name"),
        ('3 1\n-1 -2 -3\n1 1 0\n0\n"A" "B" "C" "t"', "All candidates are withdrawn"),
        ('3 1\n1 1 0\n0\n"A\x1b[2J" "B" "C" "t"', "Line 4: A name or title holds a control character"),
        ('3 1\n1 1 0\n0\n"A\u202eB" "B" "C" "t"', "Line 4: A name or title holds a control character"),
        (f'3 1\n1 1 0\n0\n"{"A" * 201}" "B" "C" "t"', "Line 4: A name or title has more than 200"),
    ],
)
def test_a_broken_blt_file_is_refused_with_its_line(file: str, fault: str) -> None:
    with pytest.raises(Refused, match=fault):
        read_blt(file.splitlines(keepends=True))


# --- ABIF ------------------------------------------------------------------------------------


def test_abif_is_read_with_its_ranks_names_and_comments() -> None:
    election = read_abif(
        [
            "# an election\n",
            '{"title": "Lunch"}\n',
            '{"seats": 2, "note": "any other key is read over"}\n',
            "=So:[Soup of the day]\n",
            '="Br":[Bread]  # fresh\n',
            "=Fig: Figs\n",
            "\n",
            "3:So>Br=Fig\n",
            "2*So > Br = Fig # the same\n",
            "1:[Soup of the day]/5>Br/3\n",
            "4:So,Fig\n",
            "7:\n",
        ]
    )
    assert (election.title, election.seats) == ("Lunch", 2)
    assert election.candidates == ("Soup of the day", "Bread", "Figs")
    assert election.papers == {(b"\1", b"\2\3"): 5, b"\1\2": 1, (b"\1\3",): 4, b"": 7}


def test_undeclared_candidates_are_numbered_by_the_alphabet_not_by_the_ballots() -> None:
    there = read_abif(["1:Cho>Ada", "2:Ben"])
    assert there == read_abif(["2:Ben", "1:Cho>Ada"])
    assert (there.candidates, there.papers) == (("Ada", "Ben", "Cho"), {b"\3\1": 1, b"\2": 2})


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("{", "Line 1: What stands in braces is not JSON"),
        ("{" + '"a":{' * 100_000, "Line 1: What stands in braces is not JSON"),
        ('{"title": 3}', "Line 1: A title is a text"),
        ('{"seats": "3"}', "Line 1: A title is a text"),
        ('{"seats": true}', "Line 1: A title is a text"),
        ('{"seats": 1' + "0" * 5000 + "}", "Line 1: What stands in braces is not JSON"),
        ('{"seats": 1' + "0" * 4000 + "}\n1:A", "between 1 and 255 seats"),
        ('{"seats": 0}\n1:A', "between 1 and 255 seats"),
        ('{"title": "\\u001b[2J"}', "control character"),
        ("=A:[Ada]\n=A:[Ben]", "Line 2: “A” is declared twice"),
        ("=A:[Ada]\n=B:[Ada]", "have the name “Ada”"),
        ("=A[Ada]", "Line 1: A candidate is declared as"),
        ("=A:[Ada]\n1:A>B", "ranks “B”, who is not declared"),
        ("=A:[Ada]\n1:A>A", "Candidate 1 is ranked twice"),
        ("0:A", "Line 1: A ballot is a number"),
        ("-1:A", "Line 1: A ballot is a number"),
        ("1:A\nA>B", "Line 2: A ballot is a number"),
        ("9999999999:A", "Line 1: A ballot is a number"),
        ("1:A>", "Line 1: A ranking reads"),
        ("1:A=", "Line 1: A ranking reads"),
        ("1:A, # and", "Line 1: A ranking reads"),
        ("1:>A", "Line 1: A ranking reads"),
        ("1:A B", "Line 1: A ranking reads"),
        ("1:A>>B", "Line 1: A ranking reads"),
        ("1:[A>B", "Line 1: A ranking reads"),
        ("1:A/3,B/5", "Line 1: Scores and commas"),
        ("1:A>B,C", "Line 1: Scores and commas"),
        ("1:", "between 1 and 255 candidates"),
        ("1:" + ">".join(f"c{n}" for n in range(256)), "between 1 and 255 candidates"),
    ],
)
def test_a_broken_abif_file_is_refused_with_its_line(file: str, fault: str) -> None:
    with pytest.raises(Refused, match=fault):
        read_abif(file.split("\n"))


# --- Files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["\n# comment\n3:A>B\n", '{"title": "x"}\n3:A>B\n', "=A:[A]\n=B:[B]\n3:A>B\n"]
)
def test_the_format_is_told_by_the_first_line_that_says_something(tmp_path: Path, text: str) -> None:
    file = tmp_path / "votes.txt"
    file.write_text(text)
    assert read_file(file).papers == {b"\1\2": 3}
    file.write_text('\ufeff\r\n# comment\r\n2 1\r\n3 1 2 0\r\n0\r\n"A"\r\n"B"\r\n"t"\r\n', newline="")
    assert read_file(file).papers == {b"\1\2": 3}


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "votes.blt"
    file.write_bytes(b'1 1\n1 1 0\n0\n"\xc4da"\n"t"\n')
    with pytest.raises(Refused, match="not UTF-8"):
        read_file(file)


def test_a_line_longer_than_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ELECTION_LINE", 20)
    file = tmp_path / "votes.blt"
    file.write_text('1 1\n1 1 0\n0\n"A"\n"123456789012345678"\n')
    with pytest.raises(Refused, match="a line of more than 20 characters"):
        read_file(file)


def test_a_file_longer_than_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '1 1\n1 1 0\n0\n"A"\n"t"\n'
    file = tmp_path / "votes.blt"
    file.write_text(text)
    monkeypatch.setattr(lines, "ELECTION_FILE", len(text))
    assert read_file(file).candidates == ("A",)
    monkeypatch.setattr(lines, "ELECTION_FILE", len(text) - 1)
    with pytest.raises(Refused, match=f"more than {len(text) - 1} characters"):
        read_file(file)


def test_an_endless_file_is_refused_at_once() -> None:
    with pytest.raises(Refused, match=f"a line of more than {limits.ELECTION_LINE} characters"):
        read_file(Path("/dev/zero"))


# --- Written -----------------------------------------------------------------------------------


def test_blt_is_written_plain_and_sorted_one_line_a_ballot() -> None:
    papers = {b"\2\1": 2, b"": 1, (b"\1\2", b"\3"): 1}
    election = Election(('Ada "A"', "Ben", "Cho"), 2, papers, frozenset({3}), "Board")
    assert write_blt(election) == (
        '3 2\n-3\n1 0\n1 1=2 3 0\n1 2 1 0\n1 2 1 0\n0\n"Ada \'A\'"\n"Ben"\n"Cho"\n"Board"\n'
    )


def test_abif_is_written_without_the_withdrawn() -> None:
    papers = {b"\2\1": 2, b"\3": 1, (b"\1\2", b"\3"): 1}
    election = Election(("Ada [A]", "Ben", "Cho"), 2, papers, frozenset({3}), "Board")
    assert write_abif(election) == (
        '{"title": "Board", "seats": 2}\n=C1:[Ada (A)]\n=C2:[Ben]\n1:C1=C2\n2:C2>C1\n1:\n'
    )


@pytest.mark.parametrize("name", sorted({case["file"] for case in CASES if case["file"].endswith(".blt")}))
def test_known_elections_survive_writing_and_reading(name: str) -> None:
    election = read_file(FOLDER / name)
    assert read_blt(write_blt(election).splitlines(keepends=True)) == election
    if not election.withdrawn:
        assert read_abif(write_abif(election).split("\n")) == election


JUNK = st.lists(st.sampled_from([*'0123 \n"=-(#)>:,{}[]AB', "3 1\n", "1 1 0\n", "0\n", '"A"', "1:A>B\n"]))


@settings(deadline=None)
@given(JUNK)
def test_whatever_a_file_holds_it_is_read_or_refused(junk: list[str]) -> None:
    for read in (read_blt, read_abif):
        try:
            election = read("".join(junk).splitlines(keepends=True))
        except Refused as refused:
            assert str(refused).endswith(".") and "\n" not in str(refused)
        else:
            assert election.candidates
