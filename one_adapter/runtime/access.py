"""Who calls: a client key opens the LLM routes for its models, the master key opens everything.

Keys come from environment variables named in the YAML. They are compared in constant time, every
key each time, and a refusal never says whether a key was near.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from one_adapter.runtime.settings import Settings

if TYPE_CHECKING:
    from fastapi import Request
    from litellm.proxy._types import UserAPIKeyAuth

SCHEMES = (b"bearer ", b"deepl-auth-key ")


@dataclass(frozen=True)
class Client:
    """Somebody with a right to call; `name` is fit for logs."""

    name: str
    models: frozenset[str]
    admin: bool = False

    def may(self, model: str) -> bool:
        """Tell whether this client may ask for `model`, by the name it sends.

        >>> Client("k", frozenset({"a"})).may("a"), Client("k", frozenset({"*"})).may("b")
        (True, True)
        """
        return "*" in self.models or model in self.models


class Keys:
    """The keys of one process.

    >>> from one_adapter.runtime.settings import KeyRule
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
                self._keys.append((value, Client(rule.env, frozenset(rule.models))))
        master = _bytes(environment.get("LITELLM_MASTER_KEY", ""))
        if master:
            self._keys.append((master, Client("master key", frozenset({"*"}), admin=True)))

    def identify(self, headers: Iterable[tuple[bytes, bytes]]) -> Client | None:
        """Return who sent these (lower-case) headers, or None for a wrong or missing key."""
        found: list[Client] = []
        for given in _given(headers):
            found += [client for key, client in self._keys if hmac.compare_digest(key, given)]
        if any(client.admin for client in found):
            return next(client for client in found if client.admin)
        if self._open:
            return Client("anybody", frozenset({"*"}))
        if not found:
            return None
        return Client(found[0].name, frozenset().union(*(client.models for client in found)))


def _bytes(value: str) -> bytes:
    """Return a variable's value as a header carries it: bytes, without the blanks that ASCII knows around it.

    What else Unicode calls a blank may be half of a letter there: `à` ends in the byte A0.
    """
    return value.encode("utf-8", "surrogateescape").strip()


def _given(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    given = []
    for name, value in headers:
        if name == b"authorization":
            start = value[:16].lower()
            given += [value[len(scheme) :].strip() for scheme in SCHEMES if start.startswith(scheme)]
        elif name in (b"x-api-key", b"x-litellm-api-key"):
            given.append(value.strip())
    return [value for value in given if value]


async def authenticate(request: Request, api_key: str) -> UserAPIKeyAuth:
    """Answer LiteLLM's `custom_auth`: the same decision as at the door, for every other route too.

    Raises LiteLLM's ProxyException: 401 without a valid key, 403 for a route that client keys
    do not open.
    """
    from litellm.proxy._types import ProxyException

    from one_adapter.runtime import live
    from one_adapter.runtime.request import current

    del api_key  # read from the headers, where LiteLLM found it too
    coming = current.get()
    state = live.state()
    client = coming.client if coming is not None else state.keys.identify(request.scope["headers"])
    if client is None:
        raise ProxyException("Invalid or missing API key.", "authentication_error", None, 401)
    method, path = request.scope.get("method", ""), request.scope.get("path", "")
    if not client.admin and not state.opens(client, method, path):
        raise ProxyException("This key opens the LLM routes only.", "permission_error", None, 403)
    return identity(client)


def identity(client: Client) -> UserAPIKeyAuth:
    """Return a client as LiteLLM knows its callers."""
    from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth

    if client.admin:
        return UserAPIKeyAuth(api_key="master", user_role=LitellmUserRoles.PROXY_ADMIN)
    return UserAPIKeyAuth(api_key=client.name, key_alias=client.name)
