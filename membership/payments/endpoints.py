"""Where providers call: no sign-in, the bytes as they came, and an answer at once."""

from flask import Blueprint, Response, request

from commons import limits, web
from membership.payments import events

machine = Blueprint("payments_machine", __name__)


@machine.post("/webhooks/<provider>")
def webhook(provider: str) -> Response:
    """Store what a provider says, once. 400 for what is not genuine, 200 for what is not meant for us."""
    request.max_content_length = limits.WEBHOOK_BODY
    events.accept(web.session(), provider, request.get_data(cache=False), dict(request.headers))
    return Response(status=200)
