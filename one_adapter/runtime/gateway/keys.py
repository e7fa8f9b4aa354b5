"""Who calls: a client key opens the LLM routes for its models, the master key opens everything.

Keys come from environment variables named in the YAML. They are compared in constant time, every
key each time, and a refusal never says whether a key was near.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from one_adapter.contract import MASTER_KEY
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.gateway.settings import Settings

SCHEMES = (b"bearer", b"deepl-auth-key")
#: Headers that may hold a key: after a scheme, or alone.
KEY_HEADERS = frozenset((b"authorization", b"x-api-key", b"x-litellm-api-key"))
#: Hexadecimal digits of a key's fingerprint.
FINGERPRINT_DIGITS = 12


@dataclass(frozen=True)
class Client:
    """Somebody with a right to call; `name` is fit for logs, and so is the `fingerprint` of the key."""

    name: str
    models: frozenset[str]
    admin: bool = False
    fingerprint: str = ""

    def may(self, model: str) -> bool:
        """Whether this client may ask for `model`, by the name it sends.

        >>> Client("k", frozenset({"a"})).may("a"), Client("k", frozenset({"*"})).may("b")
        (True, True)
        """
        return "*" in self.models or model in self.models


class Keys:
    """The keys of one process.

    >>> from one_adapter.runtime.gateway.settings import KeyRule
    >>> rules = Settings(keys=(KeyRule("K", ("*",)),))
    >>> Keys(rules, {"K": "secret"}).identify([(b"authorization", b"Bearer secret")]).name
    'K'
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        """Look the keys up; a variable that is unset or blank opens nothing."""
        self._open = settings.open
        self._keys: list[tuple[bytes, Client]] = []
        for rule in settings.keys:
            value = _bytes(environment.get(rule.env, ""))
            if value:
                client = Client(rule.env, frozenset(rule.models), fingerprint=fingerprint(value))
                self._keys.append((value, client))
        master = _bytes(environment.get(MASTER_KEY, ""))
        if master:
            client = Client("master key", frozenset({"*"}), admin=True, fingerprint=fingerprint(master))
            self._keys.append((master, client))

    def identify(self, headers: Iterable[tuple[bytes, bytes]]) -> Client | None:
        """Who sent these (lower-case) headers, or None for a wrong or missing key."""
        found: list[Client] = []
        for name, value in headers:
            if name not in KEY_HEADERS:
                continue
            if name == b"authorization":
                scheme, _, value = value.partition(b" ")
                if scheme.lower() not in SCHEMES:
                    continue
            given = value.strip()
            for key, client in self._keys if given else ():
                if hmac.compare_digest(key, given):
                    found.append(client)
        for client in found:
            if client.admin:
                return client
        if self._open:
            return Client("anybody", frozenset({"*"}))
        if len(found) < 2:
            return found[0] if found else None
        models = frozenset().union(*(client.models for client in found))
        return Client(found[0].name, models, fingerprint=found[0].fingerprint)

    def admit(self, headers: Iterable[tuple[bytes, bytes]]) -> Client:
        """The caller; raises `Refusal` (401)."""
        client = self.identify(headers)
        if client is None:
            raise Refusal(401, "Invalid or missing API key.", "invalid_api_key")
        return client


def fingerprint(key: bytes) -> str:
    """By what a key is known where it must not be told.

    >>> fingerprint(b"sk-my-clients-key")
    'fcbd5fa622e5'
    """
    return hashlib.sha256(key).hexdigest()[:FINGERPRINT_DIGITS]


def _bytes(value: str) -> bytes:
    """A variable's value as a header carries it: bytes, without the blanks that ASCII knows around it.

    What else Unicode calls a blank may be half of a letter there: `à` ends in the byte A0.
    """
    return value.encode("utf-8", "surrogateescape").strip()
