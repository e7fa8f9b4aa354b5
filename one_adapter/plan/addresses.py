"""Server addresses as people write them, made into the base address LiteLLM wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote

#: Characters of a path that stay as they are; `%` because what is escaped already must not be escaped again.
_KEPT = "/%:@!$&'()*+,;=~-._"
#: Appendix B of RFC 3986. It splits any text at all, where urllib raises over hosts that Go takes.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?\Z", re.DOTALL)
_HOST_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)
#: No name in the DNS is longer.
_LONGEST_HOST = 253
#: Query parameters whose values tell a vendor what is wanted and not who asks. Any other may be a secret.
_HARMLESS = re.compile(
    "alt|api-?version|deployment|format|lang|language|locale|location|mode|model|preview|project|region|stream"
    "|tenant|v|ver|version|zone"
)
#: A part of a path that is a key by its look: the prefixes vendors give theirs, and no ordinary word.
KEY_IN_PATH = re.compile(r"(?<=/)(?:sk|pk|gsk|nvapi|xai|bce-v3|AKID|AKLT|AIza)[-_]?(?=[^/]*[0-9])[^/]{8,}")
HIDDEN = "•••"
#: The endpoint of Anthropic's protocol.
MESSAGES = "/v1/messages"


class Parts(NamedTuple):
    """An address in the parts it is made of, as written; `netloc` has user, password, host and port."""

    scheme: str
    netloc: str
    path: str
    query: str

    @property
    def userinfo(self) -> str:
        """What stands before the last @ of `netloc`."""
        return self.netloc.rpartition("@")[0]

    @property
    def host(self) -> str:
        """The host name, lower case, without port and brackets."""
        host = self.netloc.rpartition("@")[2]
        bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return bare.lower()


@lru_cache(maxsize=256)  # asked again for each model of a service
def split_url(url: str) -> Parts:
    """Any text as the parts of an address; unlike urllib's function it never raises.

    >>> split_url("http://me:pw@[::1/v1?a=b#c")
    Parts(scheme='http', netloc='me:pw@[::1', path='/v1', query='a=b')
    """
    found = _PARTS.match(url)
    assert found is not None, "the pattern fits every text"
    return Parts(*(part or "" for part in found.groups()))


@dataclass(frozen=True, slots=True)
class Address:
    """A base address without query and trailing slash, and the query's parameters in order."""

    url: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        """The host name, lower case, without port."""
        return split_url(self.url).host


@lru_cache(maxsize=256)  # asked again for each model of a service
def base_address(server_url: str, *endpoints: str) -> Address:
    """`server_url` without the endpoint's path it may end in, a trailing slash, or its query.

    >>> base_address("https://api.deepseek.com/v1/chat/completions", "/chat/completions").url
    'https://api.deepseek.com/v1'
    >>> base_address("http://h/v1/?tenant=7", "/chat/completions")
    Address(url='http://h/v1', query=(('tenant', '7'),))
    """
    parts = split_url(server_url)
    path = parts.path.rstrip("/")
    for endpoint in endpoints:
        if path.endswith(endpoint):
            path = path[: -len(endpoint)].rstrip("/")
            break
    return _address(parts, path)


def messages_address(server_url: str) -> Address:
    """The address at which exactly `server_url` is asked by Anthropic's protocol.

    LiteLLM puts the usual endpoint after every other path; it leaves an address alone that ends so, and what
    stands behind a `#` is never sent.

    >>> messages_address("https://h/anthropic/v1/messages").url, messages_address("https://h/v1/?a=b")
    ('https://h/anthropic', Address(url='https://h/v1/#/v1/messages', query=(('a', 'b'),)))
    """
    parts = split_url(server_url)
    if parts.path.endswith(MESSAGES):
        return _address(parts, parts.path.removesuffix(MESSAGES))
    exact = _address(parts, parts.path)
    return Address(f"{exact.url}#{MESSAGES}", exact.query)


def _address(parts: Parts, path: str) -> Address:
    origin = f"{parts.scheme.lower()}://{_ascii_host(parts.netloc)}" if parts.netloc else ""
    url = origin + quote(path, safe=_KEPT, errors="replace")
    return Address(url, tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _ascii_host(netloc: str) -> str:
    """`netloc` with an international host name as it stands in the DNS, and in a header."""
    if netloc.isascii():
        return netloc
    user, at, host = netloc.rpartition("@")
    name, colon, port = host.partition(":")
    user = quote(user, safe=":%", errors="replace")
    return f"{user}{at}{_dns_name(name)}{colon}{quote(port, safe='[]:%', errors='replace')}"


def _dns_name(name: str) -> str:
    """A host name in ASCII; escaped where the DNS knows no such name, so that it leads to no other host."""
    found = b""
    if len(name) <= _LONGEST_HOST:
        try:
            found = name.encode("idna")
        except UnicodeError:
            found = b""
    # Normalising makes a slash of some characters, and what follows would be a path.
    if _HOST_NAME.fullmatch(found.decode("ascii", "replace")):
        return found.decode("ascii")
    return quote(name, safe="[]:%", errors="replace")


def is_secret_parameter(name: str) -> bool:
    """Whether a query parameter's value may be a secret: always, but for names known to be harmless.

    >>> is_secret_parameter("api-key"), is_secret_parameter("t"), is_secret_parameter("api-version")
    (True, True, False)
    """
    return not _HARMLESS.fullmatch(name.lower().replace("_", "-"))


def without_password(url: str) -> str:
    """`url` fit to be shown: a user name or password in it is left out, a key in its path is hidden.

    >>> without_password("http://me:pw@h:1/v1")
    'http://h:1/v1'
    """
    url = url.partition("#")[0]
    parts = split_url(url)
    start = len(parts.scheme) + 3 if parts.netloc and parts.scheme else 0
    secret = len(parts.userinfo) + 1 if "@" in parts.netloc else 0
    return KEY_IN_PATH.sub(HIDDEN, url[:start] + url[start + secret :])


def has_password(url: str) -> bool:
    """Whether an address carries a user name, a password, or a key in its path."""
    parts = split_url(url)
    return "@" in parts.netloc or bool(KEY_IN_PATH.search(parts.path))


def deployment_of(server_url: str) -> str:
    """The deployment an Azure address names in its path; empty when it names none.

    >>> deployment_of("https://r.openai.azure.com/openai/deployments/gpt%204/chat/completions")
    'gpt 4'
    """
    _, found, rest = split_url(server_url).path.partition("/openai/deployments/")
    return unquote(rest.split("/")[0]) if found else ""
