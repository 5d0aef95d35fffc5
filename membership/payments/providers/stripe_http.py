"""The HTTP client that Stripe's SDK is handed: its requests leave by the house's one door."""

from collections.abc import Mapping
from typing import Any, cast

import stripe

from commons import limits, outbound
from commons.outbound.message import Method

# The SDK would tell what machine this is.
UNSENT = {"x-stripe-client-user-agent", "user-agent"}


class Door(stripe.HTTPClient):
    """Sends one request through ``commons.outbound``. Repeating is our jobs' task, not the SDK's."""

    name = "rostra"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        sent = {name: value for name, value in (headers or {}).items() if name.lower() not in UNSENT}
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            request = outbound.prepare(cast(Method, method.upper()), url, sent, body)
            answer = outbound.exchange(request, cap=limits.PROVIDER_ANSWER, seconds=limits.PROVIDER_SECONDS)
        except outbound.Unreachable as error:
            failure: Exception = stripe.APIConnectionError(f"no answer: {error.kind}")  # type: ignore[no-untyped-call]
            raise failure from error
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        outbound.hang_up()
