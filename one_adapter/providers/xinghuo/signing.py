"""The signed URL of iFlytek's websocket services: HMAC-SHA256 over host, date and request line."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit


def rfc1123(moment: datetime) -> str:
    """An aware moment as the service wants it.

    >>> rfc1123(datetime(2023, 5, 5, 10, 43, 39, tzinfo=timezone.utc))
    'Fri, 05 May 2023 10:43:39 GMT'
    """
    return format_datetime(moment.astimezone(timezone.utc), usegmt=True)


def text_to_sign(host: str, date: str, path: str) -> str:
    """The three lines that are signed; `host` with its port if the URL has one, `path` without query."""
    return f"host: {host}\ndate: {date}\nGET {path} HTTP/1.1"


def signature(text: str, api_secret: str) -> str:
    """Base64 of the HMAC; the secret is used as text even though it looks like base64."""
    digest = hmac.new(api_secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed_url(url: str, api_key: str, api_secret: str, moment: datetime) -> str:
    """The URL to dial. It opens the service for 300 s, so it is as secret as the key: never log it."""
    parts = urlsplit(url)
    date = rfc1123(moment)
    sign = signature(text_to_sign(parts.netloc, date, parts.path), api_secret)
    plain = (
        f'api_key="{api_key}", algorithm="hmac-sha256", headers="host date request-line", signature="{sign}"'
    )
    authorization = base64.b64encode(plain.encode()).decode()
    query = urlencode({"authorization": authorization, "date": date, "host": parts.netloc})
    return f"{url}{'&' if parts.query else '?'}{query}"
