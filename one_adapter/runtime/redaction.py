"""The secrets this process knows, taken out of whatever leaves it: answers, headers, the log, the terminal.

Only exact values are taken out, in every encoding an upstream may repeat them in, so that nothing a model
writes is damaged. A secret shorter than `SHORTEST_SECRET` characters is not looked for: it could be a word.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

#: Characters that a secret has at least, to be looked for.
SHORTEST_SECRET = 8
MASK = "***"
#: Bytes of each secret's beginning that are looked for first, which is quicker than looking for all of it.
HINT_BYTES = 12
#: How many of the keys that vendors lend for a time are known at once.
MOST_LENT_KEYS = 64
REFERENCE = "os.environ/"
#: Parameters of an address's query that are no secret.
PUBLIC_PARAMETERS = frozenset(("api-version", "version"))
#: Members of a key file that are secret.
KEY_FILE = re.compile(r"private_key|secret|token", re.IGNORECASE)
#: Keys of a configuration that name a variable, and those that name the beginning of several.
NAMING = ("env", "http_env", "https_env", "socks5_env", "proxy_env")
PREFIX = "credential_env"
#: Arguments of a deployment that hold a secret once LiteLLM has looked their references up.
HOLDING = ("api_key", "api_base", "vertex_credentials", "aws_secret_access_key", "client_secret")


class Known:
    """The known secrets."""

    def __init__(self) -> None:
        """Know none."""
        self._values: set[str] = set()
        self._lent: deque[str] = deque(maxlen=MOST_LENT_KEYS)
        self._changes = self._compiled = 0
        self._lock = threading.Lock()
        self._text: re.Pattern[str] | None = None
        self._bytes: re.Pattern[bytes] | None = None
        self._hint: re.Pattern[bytes] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Know these values too: keys, addresses with passwords or queries, key files.

        Many take long the first time; it may be done off the loop.

        >>> known = Known(); known.learn(["sk-a-long-secret", "short"])
        >>> known.clean("Bearer sk-a-long-secret is no short key")
        'Bearer *** is no short key'
        """
        every = {part for value in values for part in parts(value)}
        with self._lock:
            found = every - self._values
            self._values |= found
            is_late = self._compiled < self._changes  # another thread is about to know them
        if found or is_late:
            self.renew()

    def forget(self, values: Iterable[str], kept: Iterable[str]) -> None:
        """Know these no more, as no call is made with them and none will be, but for what is `kept` too.

        >>> known = Known(); known.learn(["https://a:password@old/", "sk-a-long-secret"])
        >>> known.forget(["https://a:password@old/", "sk-a-long-secret"], kept=["https://b:password@new/"])
        >>> known.clean("password of sk-a-long-secret")
        '*** of sk-a-long-secret'
        """
        if self.discard(values, kept):
            self.renew()

    def discard(self, values: Iterable[str], kept: Iterable[str]) -> bool:
        """Forget them with the next `renew`, which takes long where many are known; tell if it is due."""
        still = {part for value in kept for part in parts(value)}
        every = {part for value in values for part in parts(value)} - still
        with self._lock:
            gone = every & self._values
            self._values -= gone
        return bool(gone)

    def lend(self, value: str) -> None:
        """Know a value that a call is made with for a time; only the last `MOST_LENT_KEYS` are kept."""
        with self._lock:
            new = len(value) >= SHORTEST_SECRET and value not in self._values and value not in self._lent
            if new:
                self._lent.append(value)
        if new:
            self.renew()

    def renew(self) -> None:
        """Make the patterns of what is known now; may be called off the loop."""
        with self._lock:
            self._changes += 1
            number, every = self._changes, {*self._values, *self._lent}
        shown = sorted({form for one in every for form in forms(one)}, key=len, reverse=True)
        raw = [one.encode("utf-8", "surrogatepass") for one in shown]
        text = re.compile("|".join(map(re.escape, shown)))
        these = re.compile(b"|".join(map(re.escape, raw)))
        hint = re.compile(_tree({one[:HINT_BYTES] for one in raw}))
        with self._lock:
            if number > self._compiled:  # another thread may have made newer ones meanwhile
                self._compiled, self._text, self._bytes, self._hint = number, text, these, hint

    def clean(self, text: str) -> str:
        """The text without the secrets."""
        return self._text.sub(MASK, text) if self._text is not None else text

    def clean_bytes(self, raw: bytes) -> bytes:
        """Bytes without the secrets."""
        return (
            self._bytes.sub(MASK.encode(), raw) if self._bytes is not None and self._may_be_in(raw) else raw
        )

    def blot(self, raw: bytes) -> bytes:
        """Bytes of the same length, without the secrets."""
        return self._bytes.sub(_stars, raw) if self._bytes is not None and self._may_be_in(raw) else raw

    def is_in(self, raw: bytes) -> bool:
        """Whether a secret is among these bytes."""
        return self._bytes is not None and self._may_be_in(raw) and self._bytes.search(raw) is not None

    def _may_be_in(self, raw: bytes) -> bool:
        return self._hint is not None and self._hint.search(raw) is not None


def _tree(beginnings: set[bytes]) -> bytes:
    """A pattern for any of these, that tries each byte once however many there are."""
    if b"" in beginnings:
        return b""
    firsts: dict[bytes, set[bytes]] = {}
    for one in beginnings:
        firsts.setdefault(one[:1], set()).add(one[1:])
    branches = [re.escape(first) + _tree(rest) for first, rest in sorted(firsts.items())]
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


def _stars(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])


#: What this process knows.
known = Known()


def parts(value: str) -> Iterator[str]:
    """What is secret of a value: a key, an address's password and query, the lines of a key file.

    >>> sorted(parts("http://user:password1@host/v1?api-version=2024-10-21&code=12345678"))
    ['12345678', 'password1', 'user:password1']
    """
    value = value.strip()
    if value.startswith("{"):
        yield from filter(_is_long, _of_key_file(value))
    elif "://" in value:
        yield from filter(_is_long, _of_address(value))
    else:
        yield from filter(_is_long, map(str.strip, value.splitlines()))


def _is_long(value: str) -> bool:
    return len(value) >= SHORTEST_SECRET


def _of_address(address: str) -> Iterator[str]:
    try:
        split = urlsplit(address)
    except ValueError:
        yield address
        return
    user, colon, password = split.netloc.rpartition("@")[0].partition(":")
    if colon and password:
        yield f"{unquote(user)}:{unquote(password)}"
    yield unquote(password)
    for name, value in parse_qsl(split.query):
        if name.lower() not in PUBLIC_PARAMETERS:
            yield value


def _of_key_file(text: str) -> Iterator[str]:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        yield text
        return
    for name, value in members.items():
        if isinstance(value, str) and KEY_FILE.search(str(name)) and "://" not in value:
            lines = map(str.strip, value.splitlines())
            yield from (line for line in lines if not line.startswith("-----"))


def forms(secret: str) -> Iterator[str]:
    """A secret as it is, as JSON and HTML write it, as an address does, and as base64.

    >>> [form for form in forms("pass&word") if form != "pass&word"][:3]
    ['pass\\\\u0026word', 'pass\\\\u0026word', 'pass%26word']
    """
    yield secret
    for plain in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield plain
        yield plain.replace("/", "\\/")
        yield "".join(f"\\u{ord(one):04x}" if one in "&<>+'=" else one for one in plain)
        yield json.dumps(plain)[1:-1]
    for quoted in (quote(secret, "", errors="replace"), quote(secret, errors="replace")):
        yield quoted
        yield quoted.replace("%20", "+")
        yield re.sub("%..", lambda found: found[0].lower(), quoted)
    yield html.escape(secret)
    yield base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def named(configuration: object, environment: Mapping[str, str]) -> Iterator[str]:
    """The values of all variables that a configuration names, and secrets that stand in it themselves.

    >>> list(named({"a": ["os.environ/K"], "proxy": {"http_env": "P"}}, {"K": "key", "P": "http://x"}))
    ['key', 'http://x']
    """
    if isinstance(configuration, Mapping):
        for name, value in configuration.items():
            if isinstance(value, str) and name == PREFIX:
                yield from (found for one, found in environment.items() if one.startswith(f"{value}_"))
            elif isinstance(value, str) and name in NAMING:
                yield environment.get(value, "")
            elif isinstance(value, str) and name in HOLDING and not value.startswith(REFERENCE):
                yield value
            else:
                yield from named(value, environment)
    elif isinstance(configuration, (list, tuple)):
        for one in configuration:
            yield from named(one, environment)
    elif isinstance(configuration, str) and configuration.startswith(REFERENCE):
        yield environment.get(configuration.removeprefix(REFERENCE), "")


def of_environment(environment: Mapping[str, str]) -> list[str]:
    """The values under names that one-adapter gives, and the proxy's own master key."""
    own = ("SOA_", "LITELLM_MASTER_KEY")
    return [value for name, value in environment.items() if name.startswith(own)]


class CleanStream:
    """A text stream that takes the known secrets out of what is written to it."""

    def __init__(self, stream: Any, clean: Callable[[str], str]) -> None:
        """Write to `stream` what `clean` makes of it."""
        self._stream = stream
        self._clean = clean
        self._begins = True
        self.mark = ""

    def __getattr__(self, name: str) -> Any:
        """Be the stream itself in everything else."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write clean text, each line with the `mark` before it; the number of characters given."""
        clean = self._clean(text)
        if self.mark and clean:
            first = self.mark if self._begins else ""
            self._begins = clean.endswith("\n")
            clean = first + clean[:-1].replace("\n", f"\n{self.mark}") + clean[-1]
        self._stream.write(clean)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several."""
        for line in lines:
            self.write(line)
