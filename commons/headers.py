"""What every answer tells browsers to refuse."""

from collections.abc import Mapping

YEAR = 365 * 24 * 3600


def security(
    *, https: bool, media_origin: str | None, private_peers: bool, forms_lead_away: bool
) -> Mapping[str, str]:
    """The security headers of one answer.

    ``forms_lead_away``: the page holds a form whose answer is a redirect to the reader's own
    server, wherever that is. Browsers apply ``form-action`` to redirects as well.
    """
    images = " ".join(filter(None, ["'self'", media_origin]))
    forms = "'self'"
    if forms_lead_away:
        forms += " https: http:" if private_peers else " https:"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src {images}; form-action {forms}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    return headers
