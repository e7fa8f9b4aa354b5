"""Volcengine's request signature: HMAC-SHA256 over a canonical request, as its SDKs make it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit

SERVICE = "ark"
_ALGORITHM = "HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AccessKey:
    """AK/SK, with the session token that a temporary pair has."""

    access_key: str
    secret_key: str
    session_token: str = ""


def signed_headers(
    url: str,
    body: bytes,
    key: AccessKey,
    region: str,
    moment: datetime,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers to POST `body` with. `more`: further headers to be signed. Valid for about 15 minutes."""
    parts = urlsplit(url)
    stamp = moment.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Host": host(url),
        "X-Date": stamp,
        "X-Content-Sha256": digest,
        **(more or {}),
    }
    if key.session_token:
        headers["X-Security-Token"] = key.session_token
    lowered = {name.lower(): value for name, value in headers.items()}
    names = ";".join(sorted(lowered))
    block = "".join(f"{name}:{lowered[name]}\n" for name in sorted(lowered))
    canonical = "\n".join(["POST", parts.path or "/", canonical_query(parts.query), block, names, digest])
    scope = f"{stamp[:8]}/{region}/{SERVICE}/request"
    text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    sign = hmac.new(signing_key(key.secret_key, stamp[:8], region), text.encode(), hashlib.sha256).hexdigest()
    credential = f"{key.access_key}/{scope}"
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={sign}"
    )
    return headers


def signing_key(secret_key: str, day: str, region: str) -> bytes:
    """The key for one day (`YYYYMMDD`); unlike AWS nothing is put before the secret."""
    key = secret_key.encode()
    for part in (day, region, SERVICE, "request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def canonical_query(query: str) -> str:
    """The query sorted and percent-encoded.

    >>> canonical_query("b=2&a=1 x")
    'a=1%20x&b=2'
    """
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)


def host(url: str) -> str:
    """The Host header: the port only where it is not the scheme's own.

    >>> host("https://open.volcengineapi.com:443/"), host("http://127.0.0.1:8080/")
    ('open.volcengineapi.com', '127.0.0.1:8080')
    """
    parts = urlsplit(url)
    name = parts.netloc.rpartition("@")[2]
    return name.removesuffix(f":{_DEFAULT_PORTS.get(parts.scheme)}")
