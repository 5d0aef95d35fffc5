"""Amounts are whole minor units of a known currency, and stay so from form to provider and back."""

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from commons.language import speak
from commons.refusal import Refused
from membership.money import currencies
from membership.money.currencies import Money, from_provider, parse, show, split, to_provider
from membership.money.ledger import Line, check_lines

pytestmark = pytest.mark.usefixtures("settings")
NO_INTS = st.one_of(
    st.floats(), st.booleans(), st.decimals(), st.text(), st.none(), st.binary(), st.complex_numbers()
)


@pytest.fixture(params=["en", "de"])
def spoken(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@given(NO_INTS)
def test_no_amount_is_made_of_what_is_not_an_int(value: object) -> None:
    with pytest.raises(TypeError):
        Money(value, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10.5, "1e2", float("nan"), True, None])
def test_every_door_refuses_what_is_not_an_int(value: object) -> None:
    with pytest.raises(TypeError):
        from_provider(value, "EUR", "stripe")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        split(value, [1], 0)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        split(1, [value], 0)  # type: ignore[list-item]


@pytest.mark.parametrize("amount", [2**63, -(2**63) - 1, 10**30])
def test_an_amount_beyond_64_bits_is_refused(amount: int) -> None:
    with pytest.raises(Refused):
        Money(amount, "EUR")
    with pytest.raises(Refused):
        Money(2**63 - 1, "EUR") + Money(1, "EUR")


@pytest.mark.parametrize("amount", [0, -1, -(10**9)])
def test_nothing_and_less_are_refused_where_they_make_no_sense(amount: int) -> None:
    with pytest.raises(Refused):
        currencies.positive(Money(amount, "EUR"))
    assert currencies.positive(Money(1, "EUR")) == Money(1, "EUR")


@pytest.mark.parametrize("currency", ["", "EURO", "eur", "XXX", "BTC", None, 7])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(Refused):
        Money(1, currency)


def test_currencies_do_not_mix() -> None:
    euros, francs = Money(100, "EUR"), Money(100, "CHF")
    assert euros != francs
    for mix in (
        lambda: euros + francs,
        lambda: euros - francs,
        lambda: euros < francs,
        lambda: euros <= francs,
    ):
        with pytest.raises(ValueError, match="do not mix"):
            mix()
    with pytest.raises(TypeError):
        euros + 100  # type: ignore[operator]
    assert (euros + Money(5, "EUR"), euros - Money(5, "EUR"), -euros) == (
        Money(105, "EUR"),
        Money(95, "EUR"),
        Money(-100, "EUR"),
    )


# Exponents

TABLE = [
    # Currency, decimals, minor units that all can express, the same at Stripe.
    ("EUR", 2, 1234, 1234),
    ("USD", 2, 1, 1),
    ("CHF", 2, 5, 5),
    ("JPY", 0, 500, 500),
    ("KRW", 0, 1000, 1000),
    ("XOF", 0, 655, 655),
    ("MGA", 2, 50_000, 500),
    ("KWD", 3, 1_230, 1_230),
    ("BHD", 3, 10, 10),
    ("ISK", 0, 5, 500),
    ("UGX", 0, 7, 700),
    ("HUF", 2, 1_200, 1_200),
    ("TWD", 2, 900, 900),
    ("CLP", 0, 990, 990),
]


@pytest.mark.parametrize(("currency", "decimals", "amount", "at_stripe"), TABLE)
def test_amounts_go_to_the_provider_and_come_back(
    currency: str, decimals: int, amount: int, at_stripe: int
) -> None:
    money = Money(amount, currency)
    assert currencies.exponent(currency) == decimals
    assert to_provider(money, "stripe") == at_stripe
    assert from_provider(at_stripe, currency.lower(), "stripe") == money
    assert from_provider(to_provider(money, "bank"), currency, "bank") == money


@pytest.mark.parametrize(
    ("amount", "currency"), [(1_234, "HUF"), (150, "TWD"), (1_234, "KWD"), (1_001, "JOD"), (150, "MGA")]
)
def test_what_the_provider_cannot_express_is_refused_and_not_rounded(amount: int, currency: str) -> None:
    with pytest.raises(Refused):
        to_provider(Money(amount, currency), "stripe")


def test_a_provider_amount_finer_than_the_currency_is_refused() -> None:
    with pytest.raises(Refused):
        from_provider(550, "ISK", "stripe")


def test_our_table_differs_from_the_library_where_we_know_it_does() -> None:
    differing = {
        code: (decimals, get_currency_precision(code))
        for code, decimals in currencies.EXPONENTS.items()
        if get_currency_precision(code) != decimals
    }
    assert differing["MGA"] == (2, 0)
    assert sorted(differing) == [
        "AFN",
        "ALL",
        "IQD",
        "IRR",
        "KPW",
        "LAK",
        "LBP",
        "MGA",
        "MMK",
        "RSD",
        "SOS",
        "SYP",
        "YER",
    ]
    assert not {"EUR", "USD", "CHF", "GBP", "JPY", "KWD"} & differing.keys()


# Reading and writing


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        ("en", "12", 1200),
        ("en", " 12.50 ", 1250),
        ("en", "12.5", 1250),
        ("en", "12,50", 1250),
        ("en", "1,234.50", 123450),
        ("en", "1,234", 123400),
        ("en", "0.01", 1),
        ("en", "0", 0),
        ("de", "12,50", 1250),
        ("de", "12.50", 1250),
        ("de", "1.234,50", 123450),
        ("de", "1.234", 123400),
        ("de", "1.234.567", 123456700),
    ],
)
def test_people_write_amounts_as_their_language_does(language: str, text: str, amount: int) -> None:
    speak(language)
    assert parse(text, "EUR") == Money(amount, "EUR")
    speak(None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(
            (language, text)
            for language in ("en", "de")
            for text in (
                "",
                " ",
                "-1",
                "+1",
                "1e2",
                "NaN",
                "inf",
                "12,",
                "12.",
                ".",
                ",",
                ",5",
                "1.2.3",
                "1,2,3",
                "0x10",
                "12 50",
                "1,23,456",
                "12.345,6789",
                "١٢",
                "１２",
                "12\x00",
                "€12",
                "1" * 30,
                "1_000",
                "--1",
            )
        ),
        ("en", "1.234"),
        ("de", "1,234"),
        ("en", "12.505"),
        ("en", "1.234,50"),
        ("de", "1,234.50"),
        ("en", "1234,567.00"),
    ],
)
def test_what_is_no_amount_is_refused(language: str, text: str) -> None:
    speak(language)
    with pytest.raises(Refused):
        parse(text, "EUR")
    speak(None)


def test_a_refusal_says_what_is_wrong_with_an_amount() -> None:
    for text, said in (
        (" ", "Write an amount"),
        ("9" * 20, "too large"),
        ("5e3", "not an amount of money: 5e3"),
    ):
        with pytest.raises(Refused, match=said):
            parse(text, "EUR")


def test_decimals_are_those_of_the_currency() -> None:
    assert parse("500", "JPY") == Money(500, "JPY")
    assert parse("1.234", "KWD") == Money(1234, "KWD")
    for text in ("500.5", "500.00", "5,50"):
        with pytest.raises(Refused):
            parse(text, "JPY")


@pytest.mark.parametrize(
    ("language", "money", "text"),
    [
        ("en", Money(123450, "EUR"), "€1,234.50"),
        ("de", Money(123450, "EUR"), "1.234,50\xa0€"),
        ("en", Money(-5, "EUR"), "-€0.05"),
        ("en", Money(500, "JPY"), "JP¥500"),
        ("en", Money(50_000, "MGA"), "MGA500.00"),
        ("en", Money(2**63 - 1, "EUR"), "€92,233,720,368,547,758.07"),
    ],
)
def test_amounts_are_shown_as_the_language_writes_them(language: str, money: Money, text: str) -> None:
    speak(language)
    assert show(money) == text
    speak(None)


@given(st.integers(0, 10**15), st.sampled_from(["EUR", "JPY", "KWD", "MGA"]))
def test_what_is_written_for_programs_is_read_back(amount: int, currency: str) -> None:
    speak("en")
    text = currencies.decimal_text(Money(amount, currency))
    assert parse(text, currency) == Money(amount, currency)


# Shares


@given(
    st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.integers(0, 10**6)
)
def test_a_split_sums_to_the_whole_and_is_fair(total: int, weights: list[int], turn: int) -> None:
    if sum(weights) == 0:
        if total:
            with pytest.raises(Refused):
                split(total, weights, turn)
        return
    parts = split(total, weights, turn)
    assert sum(parts) == total
    assert split(total, weights, turn) == parts
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight
        assert exact // sum(weights) <= part <= -(-exact // sum(weights))


def test_the_odd_cent_goes_round() -> None:
    assert [split(100, [1, 1, 1], turn) for turn in range(3)] == [[34, 33, 33], [33, 34, 33], [33, 33, 34]]
    assert split(100, [1, 0, 1, 1], 1) == [33, 0, 34, 33]
    with pytest.raises(TypeError):
        split(-1, [1], 0)


def test_a_posting_refuses_lines_that_do_not_sum_to_zero_in_each_currency() -> None:
    mixed = [Line("assets:bank", Money(100, "EUR")), Line("income:pledges", Money(-100, "CHF"))]
    with pytest.raises(Refused):
        check_lines(mixed)
