"""What Flask is told, and under what a visitor is counted. Pure."""

import ipaddress
from datetime import timedelta
from typing import Any

from commons import limits
from commons.config import Config


def flask_settings(config: Config) -> dict[str, Any]:
    """The settings of Flask and of Flask-Compress for ours."""
    return {
        "SERVER_NAME": config.host,
        "PREFERRED_URL_SCHEME": "https" if config.https else "http",
        "MAX_CONTENT_LENGTH": limits.FORM_BODY,
        "MAX_FORM_MEMORY_SIZE": limits.FORM_BODY,
        "MAX_FORM_PARTS": limits.FORM_PARTS,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
        "COMPRESS_REGISTER": False,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/plain",
            "text/javascript",
            "image/svg+xml",
            "application/json",
            "application/activity+json",
            "application/feed+json",
            "application/jrd+json",
            "application/atom+xml",
            "application/xml",
        ],
    }


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(mapped) if mapped.version == 4 else str(ipaddress.ip_network((mapped, 64), strict=False))
