"""What Flask is told, and under what a visitor is counted."""

import ipaddress
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask_limiter import Limiter

from commons import jobs, limits
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


def page_limiter(network: Callable[[], str], enabled: bool) -> Limiter:
    """So many pages for one network; counted in memory while the queue server is away."""
    return Limiter(
        network,
        application_limits=[f"{limits.PAGES_PER_NETWORK} per {limits.PAGES_WINDOW} seconds"],
        storage_uri=jobs.address().replace("unix://", "redis+unix://", 1),
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        in_memory_fallback_enabled=True,
        key_prefix="rostra",
        enabled=enabled,
    )


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(mapped) if mapped.version == 4 else str(ipaddress.ip_network((mapped, 64), strict=False))
