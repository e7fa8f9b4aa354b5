"""What the exported YAML says to the runtime, read once and typed.

`Settings` is `general_settings.one_adapter`: who may call, what is listed, what answers unknown
names. `Policy` is `model_info.one_adapter` of one deployment: order, limits, timeout, breaker,
proxy, guards. The owner of the YAML may edit both; a wrongly typed value is an error that names
the place, never a silent default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from one_adapter.contract import GUARDS, LIMIT_KINDS, LIMIT_SCOPES, ORDERS, SECTION, VERSION
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.paths import Route, read_opened


@dataclass(frozen=True)
class Limit:
    """A waiting limit: `per_window` starts a second (qps), a minute (qpm) or at once (concurrency)."""

    kind: str
    per_window: float
    wait_seconds: float
    scope: str = "service"


@dataclass(frozen=True)
class BreakerRule:
    """After `failures` in a row closed for `recovery_seconds`, then `probes` calls may try."""

    failures: int
    recovery_seconds: float
    probes: int


@dataclass(frozen=True)
class ProxyRule:
    """Names of the environment variables that hold the URLs of the proxy."""

    http_env: str = ""
    https_env: str = ""
    socks5_env: str = ""


@dataclass(frozen=True)
class Policy:
    """Everything about one deployment that LiteLLM has no key for."""

    id: str = ""
    service: str = ""
    credential: int = 0
    order: str = "random"
    turns: int = 1
    weight: float = 1.0
    mode: str = "chat"
    provider: str = "openai"
    upstream_model: str = ""
    embedding_model: str = ""
    embeddings: bool = True
    chat: bool = True
    limit: Limit | None = None
    embedding_limit: Limit | None = None
    timeout: float = 0.0
    breaker: BreakerRule | None = None
    proxy: ProxyRule | None = None
    guards: tuple[str, ...] = ()
    flatten_parts: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    #: The hosts its calls go to; empty where LiteLLM finds them by itself.
    hosts: frozenset[str] = frozenset()

    def model_for(self, kind: str) -> str:
        """Return the upstream's name of the model for a kind of request."""
        return (kind == "embeddings" and self.embedding_model) or self.upstream_model


@dataclass(frozen=True)
class KeyRule:
    """One client key: the variable that holds it and the client models it opens (`*`: all)."""

    env: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class TranslationRule:
    """How `/translate` asks: model, prompt template, how many texts at once (0: the default)."""

    model: str = "random"
    prompt_template: str = ""
    concurrency: int = 0
    retry: int = 0


@dataclass(frozen=True)
class Settings:
    """The whole proxy's own settings; without any, every client key is refused."""

    open: bool = False
    keys: tuple[KeyRule, ...] = ()
    catch_all: str | None = None
    unlisted: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    routes: frozenset[Route] = frozenset()
    translation: TranslationRule = TranslationRule()
    relay: bool = False


class _Reader:
    """Typed access to one mapping; every complaint names the place."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise OneAdapterError(f"{place} must be a mapping, not {type(value).__name__}.", 1)
        self.value: Mapping[str, Any] = value
        self.place = place

    def get(self, key: str, kinds: type | tuple[type, ...], default: Any) -> Any:
        found = self.value.get(key)
        if found is None:
            return default
        allowed = kinds if isinstance(kinds, tuple) else (kinds,)
        if not isinstance(found, allowed) or (isinstance(found, bool) and bool not in allowed):
            wanted = " or ".join(kind.__name__ for kind in allowed)
            raise OneAdapterError(f"{self.place}.{key} must be {wanted}, not {found!r}.", 1)
        return found

    def number(self, key: str, default: float) -> float:
        return float(self.get(key, (int, float), default))

    def count(self, key: str, default: int) -> int:
        return int(self.get(key, int, default))

    def text(self, key: str, default: str = "") -> str:
        return str(self.get(key, str, default))

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        found = self.text(key, default)
        if found not in allowed:
            raise OneAdapterError(
                f"{self.place}.{key} must be one of {', '.join(allowed)}, not {found!r}.", 1
            )
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.get(key, list, [])
        if not all(isinstance(item, str) for item in found):
            raise OneAdapterError(f"{self.place}.{key} must be a list of texts.", 1)
        return tuple(found)

    def part(self, key: str) -> _Reader | None:
        found = self.value.get(key)
        return None if found is None else _Reader(found, f"{self.place}.{key}")


def read_settings(value: object) -> Settings:
    """Read `general_settings.one_adapter`; None or absent gives settings that refuse every key.

    >>> read_settings({"access": {"open": True}, "unlisted": ["a"]}).open
    True
    """
    if value is None:
        return Settings()
    reader = _Reader(value, "general_settings.one_adapter")
    if reader.count("version", VERSION) != VERSION:
        raise OneAdapterError("general_settings.one_adapter.version must be 1.", 1)
    access = reader.part("access") or _Reader({}, "access")
    keys = []
    for index, item in enumerate(access.get("keys", list, [])):
        key = _Reader(item, f"{access.place}.keys[{index}]")
        keys.append(KeyRule(key.text("env"), key.texts("models")))
    catch_all = reader.get("catch_all", str, None)
    ways = reader.part("translation")
    translation = TranslationRule()
    if ways is not None:
        translation = TranslationRule(
            ways.text("model", "random"),
            ways.text("prompt_template"),
            ways.count("concurrency", 0),
            ways.count("retry", 0),
        )
    try:
        routes = read_opened(reader.texts("routes"))
    except ValueError as entry:
        told = f"{reader.place}.routes must hold paths, with a method before them or without, not {entry}."
        raise OneAdapterError(told, 1) from None
    return Settings(
        open=bool(access.get("open", bool, False)),
        keys=tuple(keys),
        catch_all=catch_all,
        unlisted=frozenset(reader.texts("unlisted")),
        aliases=frozenset(reader.texts("aliases")),
        routes=routes,
        translation=translation,
        relay=bool(reader.get("relay", bool, False)),
    )


def read_policy(deployment: Mapping[str, Any]) -> Policy:
    """Read the policy of one entry of LiteLLM's model list; total over entries without one."""
    info = deployment.get("model_info") or {}
    params = deployment.get("litellm_params") or {}
    identity = str(info.get("id") or "")
    reader = _Reader(info.get(SECTION) or {}, f"model_info.one_adapter of {identity or '?'}")
    provider, _, name = str(params.get("model") or "").partition("/")
    weight = params.get("weight")
    known = (reader.choice("order", ORDERS, "random"), reader.texts("guards"))
    for guard in known[1]:
        if guard not in GUARDS:
            raise OneAdapterError(f"{reader.place}.guards knows {', '.join(GUARDS)}, not {guard!r}.", 1)
    query = reader.get("query", Mapping, {})
    return Policy(
        id=identity,
        service=reader.text("service", identity),
        credential=reader.count("credential", 0),
        order=known[0],
        turns=max(1, reader.count("turns", 1)),
        weight=1.0 if weight is None else float(weight),
        mode=str(info.get("mode") or "chat"),
        provider=provider,
        upstream_model=reader.text("upstream_model", name),
        embedding_model=reader.text("embedding_model"),
        embeddings=bool(reader.get("embeddings", bool, True)),
        chat=bool(reader.get("chat", bool, True)),
        limit=_limit(reader.part("limit")),
        embedding_limit=_limit(reader.part("embedding_limit")),
        timeout=reader.number("timeout", 0.0),
        breaker=_breaker(reader.part("breaker")),
        proxy=_proxy(reader.part("proxy")),
        guards=known[1],
        flatten_parts=bool(reader.get("flatten_parts", bool, False)),
        query={str(key): str(value) for key, value in query.items()},
        free=_is_free(info, params),
        hosts=_hosts(params),
    )


def _hosts(params: Mapping[str, Any]) -> frozenset[str]:
    """Return the hosts of a deployment's addresses; without an address of its own, none is known."""
    addresses = [str(params.get(name) or "") for name in ("api_base", "openapi_base")]
    if not addresses[0]:
        return frozenset()
    names = (urlsplit(address).hostname or "" for address in addresses)
    return frozenset(name if name.isascii() else name.encode("idna").decode() for name in names if name)


def _is_free(*places: Mapping[str, Any]) -> bool:
    """Tell whether tokens are priced at nothing and no other price is named."""
    prices = {name: value for place in places for name, value in place.items() if "cost" in name}
    both = ("input_cost_per_token", "output_cost_per_token")
    return all(name in prices for name in both) and not any(prices.values())


def _limit(reader: _Reader | None) -> Limit | None:
    if reader is None:
        return None
    return Limit(
        reader.choice("kind", LIMIT_KINDS, "qps"),
        reader.number("per_window", 0.0),
        reader.number("wait_seconds", 120.0),
        reader.choice("scope", LIMIT_SCOPES, "service"),
    )


def _breaker(reader: _Reader | None) -> BreakerRule | None:
    if reader is None:
        return None
    return BreakerRule(
        max(1, reader.count("failures", 5)),
        reader.number("recovery_seconds", 30.0),
        max(1, reader.count("probes", 1)),
    )


def _proxy(reader: _Reader | None) -> ProxyRule | None:
    if reader is None:
        return None
    return ProxyRule(reader.text("http_env"), reader.text("https_env"), reader.text("socks5_env"))
