"""How Go's standard library reads addresses: what url.Parse, SplitHostPort and Atoi accept.

The gateway accepts an address exactly when Go parses it, which is neither what
RFC 3986 nor what Python's urllib says; the rules here are those of Go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from one_adapter.language import tr

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_PORT = re.compile(r"(?::[0-9]*)?")
_HOST = re.compile(r"""(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"]|%25|%[89A-Fa-f][0-9A-Fa-f]|[^\x00-\x7f])*""")
_ZONE = re.compile(r"""(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*""")
_INTEGER = re.compile(r"[+-]?[0-9]+")


class Address(NamedTuple):
    """An address as Go splits it; `host` keeps the port."""

    scheme: str
    host: str


def parse_url(text: str) -> Address | str:
    """Scheme and host of an address, or the reason why Go does not parse it.

    >>> parse_url("https://api.openai.com/v1")
    Address(scheme='https', host='api.openai.com')
    >>> parse_url("http://a b/")
    "there is a ' ' in the host"
    """
    text, _, fragment = text.partition("#")
    if _CONTROL.search(text):
        return tr("there is a control character in it")
    scheme, rest = "", text
    named = _SCHEME.match(text)
    if named:
        scheme, rest = named.group()[:-1].lower(), text[named.end() :]
    elif text.startswith(":"):
        return tr("nothing stands before the first colon")
    rest = rest.partition("?")[0]
    host, path = "", rest
    if not rest.startswith("/"):
        if scheme:
            path = ""  # what follows a scheme without a slash is kept as it is
        elif ":" in rest.partition("/")[0]:
            return tr("the part before the first slash has a colon but is no scheme")
    elif rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, _, path = rest[2:].partition("/")
        host, problem = _authority(authority)
        if problem:
            return problem
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        return tr("a percent sign must be followed by two hexadecimal digits")
    return Address(scheme, host)


def _authority(text: str) -> tuple[str, str]:
    """The host of an authority and, when there is one, the reason it is refused."""
    userinfo, at, host = text.rpartition("@")
    problem = _host_problem(host)
    if problem:
        return "", problem
    if at and not _USERINFO.fullmatch(userinfo):
        return "", tr("there is a character in the user name or password that must be percent-encoded")
    if at and _BAD_ESCAPE.search(userinfo):
        return "", tr("a percent sign must be followed by two hexadecimal digits")
    return host, ""


def _host_problem(host: str) -> str:
    opening = host.rfind("[")
    if opening > 0:
        return tr("a square bracket stands in the middle of the host")
    if opening == 0:
        return _literal_problem(host)
    _, colon, port = host.rpartition(":")
    if colon and not _PORT.fullmatch(colon + port):
        return tr("what stands after the colon of the host is no port")
    good = _HOST.match(host)
    if good and good.end() < len(host):
        return _bad_host_character(host[good.end() :])
    return ""


def _bad_host_character(rest: str) -> str:
    if rest.startswith("%"):
        return tr("the host has a percent sign in it")
    return tr("there is a {sign!r} in the host", sign=rest[0])


def _literal_problem(host: str) -> str:
    closing = host.rfind("]")
    if closing < 0:
        return tr("the closing bracket of the host is missing")
    if not _PORT.fullmatch(host[closing + 1 :]):
        return tr("what stands after the colon of the host is no port")
    name, percent, zone = host[1:closing].partition("%25")
    if not _HOST.fullmatch(name) or (percent and not _ZONE.fullmatch(zone)):
        return tr("the host between brackets is no IPv6 address")
    from ipaddress import IPv6Address  # bracketed hosts are rare; importing this is not free

    try:
        IPv6Address(name)
    except ValueError:
        return tr("the host between brackets is no IPv6 address")
    return tr("the zone of the IPv6 address is empty") if percent and not zone else ""


def listening_port(text: str) -> int | None:
    """The port of a `host:port` as Go's SplitHostPort and Atoi read it; None where they do not.

    >>> listening_port(":9090"), listening_port("9090"), listening_port("[::1]:80"), listening_port("::1:80")
    (9090, None, 80, None)
    """
    colon = text.rfind(":")
    if colon < 0:
        return None
    host = text[:colon]
    if host.startswith("["):
        if host.find("]") != len(host) - 1:
            return None
        host = host[1:-1]
    elif ":" in host:
        return None
    if "[" in host or "]" in host:
        return None
    digits = text[colon + 1 :]
    return int(digits) if _INTEGER.fullmatch(digits) and len(digits) < 100 else None
