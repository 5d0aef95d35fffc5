"""What each answer to a delivery means, cell by cell."""

import pytest

from commons import limits
from federation import retries

LAST = len(limits.RETRY_DELAYS)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_is_sent(status: int) -> None:
    assert retries.judge(status, 1) == retries.Verdict("sent")


@pytest.mark.parametrize("status", sorted(retries.PERMANENT))
def test_a_permanent_refusal_is_final_at_once(status: int) -> None:
    assert retries.judge(status, 1).state == "failed"


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504])
def test_a_broken_host_is_tried_again_and_counts_for_the_breaker(status: int | None) -> None:
    verdict = retries.judge(status, 1)
    assert verdict.state == "due" and verdict.host_failed
    assert 60 <= verdict.delay <= 72


@pytest.mark.parametrize("status", [408, 429])
def test_a_busy_host_is_tried_again_without_counting_for_the_breaker(status: int) -> None:
    verdict = retries.judge(status, 1)
    assert verdict.state == "due" and not verdict.host_failed


@pytest.mark.parametrize("status", [301, 302, 400, 401, 402, 418])
def test_other_refusals_are_final_after_three_tries(status: int) -> None:
    assert [retries.judge(status, tries).state for tries in (1, 2, 3)] == ["due", "due", "failed"]


def test_delays_follow_the_table_and_then_it_gives_up() -> None:
    for tries, delay in enumerate(limits.RETRY_DELAYS, start=1):
        assert delay <= retries.judge(None, tries).delay <= delay * 1.2
    assert retries.judge(None, LAST + 1).state == "gave_up"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_up_to_a_day(status: int) -> None:
    assert retries.judge(status, 1, 7200).delay == 7200
    assert retries.judge(status, 1, 10**9).delay == limits.RETRY_AFTER_MAX
    assert retries.judge(status, 1, 1).delay >= 60


def test_retry_after_of_other_answers_is_not_believed() -> None:
    assert retries.judge(500, 1, 7200).delay <= 72
