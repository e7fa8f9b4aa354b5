"""Server addresses as people write them, made into the base address LiteLLM wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

#: Characters of a path that stay as they are; `%` because what is escaped already must not be escaped again.
_KEPT = "/%:@!$&'()*+,;=~-._"
_SECRET = re.compile(r"key|token|secret|sign|passw|auth|credential|^(?:code|sig|pw)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A base address without query and trailing slash, and the query's parameters in order."""

    url: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        """The host name, lower case, without port."""
        return (urlsplit(self.url).hostname or "").lower()


@lru_cache(maxsize=256)  # asked again for each model of a service
def base_address(server_url: str, *endpoints: str) -> Address:
    """`server_url` without the endpoint's path it may end in, a trailing slash, or its query.

    >>> base_address("https://api.deepseek.com/v1/chat/completions", "/chat/completions").url
    'https://api.deepseek.com/v1'
    >>> base_address("http://h/v1/?tenant=7", "/chat/completions")
    Address(url='http://h/v1', query=(('tenant', '7'),))
    """
    parts = urlsplit(server_url)
    path = parts.path.rstrip("/")
    for endpoint in endpoints:
        if path.endswith(endpoint):
            path = path[: -len(endpoint)].rstrip("/")
            break
    url = urlunsplit((parts.scheme.lower(), _ascii_host(parts.netloc), quote(path, safe=_KEPT), "", ""))
    return Address(url, tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _ascii_host(netloc: str) -> str:
    """`netloc` with an international host name as it stands in the DNS, and in a header."""
    if netloc.isascii():
        return netloc
    user, at, host = netloc.rpartition("@")
    name, colon, port = host.partition(":")
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        name = quote(name)
    return f"{quote(user, safe=':%')}{at}{name}{colon}{port}"


def is_secret_parameter(name: str) -> bool:
    """Whether a query parameter's name says that its value is a secret.

    >>> is_secret_parameter("api-key"), is_secret_parameter("tenant")
    (True, False)
    """
    return bool(_SECRET.search(name))


def without_password(url: str) -> str:
    """`url` fit to be shown: a user name or password in it is left out.

    >>> without_password("http://me:pw@h:1/v1")
    'http://h:1/v1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def has_password(url: str) -> bool:
    """Whether an address carries a user name or password."""
    return "@" in urlsplit(url).netloc


def deployment_of(server_url: str) -> str:
    """The deployment an Azure address names in its path; empty when it names none.

    >>> deployment_of("https://r.openai.azure.com/openai/deployments/gpt%204/chat/completions")
    'gpt 4'
    """
    _, found, rest = urlsplit(server_url).path.partition("/openai/deployments/")
    return unquote(rest.split("/")[0]) if found else ""
