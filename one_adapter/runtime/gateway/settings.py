"""What the exported YAML says to the runtime, read once and typed.

`Settings` is `general_settings.one_adapter`: who may call, what is listed, what answers unknown
names. `Policy` is `model_info.one_adapter` of one deployment: order, limits, timeout, breaker,
proxy, guards. The owner of the YAML may edit both; a wrongly typed value is an error that names
the place, never a silent default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from one_adapter.contract import GUARDS, LIMIT_KINDS, ORDERS, RESPONSES, SECTION, VERSION
from one_adapter.dialect import CURRENT, DIALECTS, Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.gateway.mapping import Reader
from one_adapter.runtime.gateway.parameters import hosts_of, is_free
from one_adapter.runtime.gateway.paths import Route, read_opened
from one_adapter.runtime.gateway.sharing import Sharing, read_sharing
from one_adapter.runtime.gateway.translation import TranslationRule, read_translation


@dataclass(frozen=True)
class Limit:
    """A waiting limit, 0 for none of a kind: all kinds hold at once.

    Starts a second (`qps`), starts and tokens in any 60 seconds (`qpm`, `tpm`), requests at once
    (`concurrency`); who has waited `wait_seconds` for all of them is refused, 0 for as long as is usual.
    """

    qps: float = 0.0
    qpm: float = 0.0
    tpm: float = 0.0
    concurrency: float = 0.0
    wait_seconds: float = 0.0


@dataclass(frozen=True)
class LimitRules:
    """The limits around one deployment: its key's, its service's, and those of models at either.

    `embeddings` is the service's limit for embeddings. Those of models stand under names of the
    configuration; which of them a request has is for `layers.py` to find.
    """

    credential: Limit | None = None
    credential_models: Mapping[str, Limit] = field(default_factory=dict)
    service_models: Mapping[str, Limit] = field(default_factory=dict)
    service: Limit | None = None
    embeddings: Limit | None = None


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
    """Everything about one deployment that LiteLLM has no key for.

    `key` names the key in its service's pool, "" where there is none; `places` are the positions in
    the pool whose turns it takes; `redirected` is the model's name behind a redirect of the service.
    `identity` and `key_identity` are what the service and its key are remembered by where that is not their
    names, which another may have in the next configuration.
    """

    id: str = ""
    service: str = ""
    credential: int = 0
    key: str = ""
    identity: str = ""
    key_identity: str = ""
    places: tuple[int, ...] = ()
    owned_by: str = "openai"
    order: str = "random"
    key_order: str = ""
    turns: int = 1
    alias_of: str = ""
    weight: float = 1.0
    mode: str = "chat"
    provider: str = "openai"
    by_responses: bool = False
    upstream_model: str = ""
    embedding_model: str = ""
    redirected: str = ""
    embeddings: bool = True
    chat: bool = True
    limits: LimitRules | None = None
    timeout: float = 0.0
    breaker: BreakerRule | None = None
    proxy: ProxyRule | None = None
    guards: tuple[str, ...] = ()
    flatten_parts: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    #: The hosts its calls go to; empty where LiteLLM finds them by itself.
    hosts: frozenset[str] = frozenset()

    @property
    def owner(self) -> str:
        """What the memory of its service is kept under."""
        return self.identity or self.service

    @property
    def key_owner(self) -> str:
        """What the memory of its key is kept under, within the service's."""
        return self.key_identity or self.key or str(self.credential)

    @property
    def protocol(self) -> str:
        """The protocol in which its upstream is asked: `responses`, or the provider's own.

        Empty for another vendor's form of the responses API.
        """
        if not self.by_responses:
            return self.provider
        return "responses" if self.provider == "openai" else ""

    def model_for(self, kind: str) -> str:
        """The upstream's name of the model for a kind of request."""
        return (kind == "embeddings" and self.embedding_model) or self.upstream_model


@dataclass(frozen=True)
class KeyRule:
    """One client key: the variable that holds it and the client models it opens (`*`: all)."""

    env: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """The whole proxy's own settings; without any, every client key is refused.

    `dialect` is the version of the gateway whose decisions the file holds to. `keys_off` are names without a
    deployment, because every key of theirs is switched off, with whose models they are. `counted` are the
    services whose names are their places in the old file, so that another may have one after a change;
    `watch`: the file itself is looked at for changes.
    """

    dialect: Dialect = CURRENT
    open: bool = False
    keys: tuple[KeyRule, ...] = ()
    catch_all: str | None = None
    keys_off: Mapping[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    routes: frozenset[Route] = frozenset()
    translation: TranslationRule = field(default_factory=TranslationRule)
    relay: bool = False
    redis: Sharing | None = None
    access_log: str = ""
    metrics: bool = False
    metrics_port: int = 0
    counted: frozenset[str] | None = None
    watch: bool = False


def read_settings(value: object) -> Settings:
    """Read `general_settings.one_adapter`; None or absent gives settings that refuse every key.

    >>> read_settings({"access": {"open": True}, "unlisted": ["a"]}).open
    True
    """
    if value is None:
        return Settings()
    reader = Reader(value, "general_settings.one_adapter")
    version = reader.count("version", VERSION)
    if version != VERSION:
        values = {"place": f"{reader.place}.version", "wanted": VERSION, "found": version}
        told = tr("{place} must be {wanted}, not {found}.", **values)
        if version < VERSION:
            told = tr(
                "{place} must be {wanted}, not {found}: an earlier one-adapter exported this file, so export "
                "it again.",
                **values,
            )
        raise OneAdapterError(told, 1)
    access = reader.part("access") or Reader({}, "access")
    keys = []
    for index, item in enumerate(access.get("keys", list, [])):
        key = Reader(item, f"{access.place}.keys[{index}]")
        keys.append(KeyRule(key.text("env"), key.texts("models")))
    catch_all = reader.get("catch_all", str, None)
    return Settings(
        dialect=DIALECTS[reader.choice("gateway", tuple(DIALECTS), CURRENT.version)],
        open=bool(access.get("open", bool, False)),
        keys=tuple(keys),
        catch_all=catch_all,
        keys_off=reader.texts_by_name("keys_off"),
        unlisted=frozenset(reader.texts("unlisted")),
        aliases=frozenset(reader.texts("aliases")),
        routes=read_opened(reader.texts("routes"), f"{reader.place}.routes"),
        translation=read_translation(reader.part("translation")),
        relay=bool(reader.get("relay", bool, False)),
        redis=read_sharing(reader),
        access_log=reader.text("access_log"),
        metrics=bool(reader.get("metrics", bool, False)),
        metrics_port=reader.count("metrics_port", 0),
        counted=None if reader.get("counted", list, None) is None else frozenset(reader.texts("counted")),
        watch=bool(reader.get("watch", bool, False)),
    )


def read_policy(deployment: Mapping[str, Any]) -> Policy:
    """Read the policy of one entry of LiteLLM's model list; total over entries without one."""
    info = deployment.get("model_info") or {}
    params = deployment.get("litellm_params") or {}
    identity = str(info.get("id") or "")
    reader = Reader(info.get(SECTION) or {}, f"model_info.one_adapter of {identity or '?'}")
    provider, _, name = str(params.get("model") or "").partition("/")
    mode = info.get("mode")
    by_responses = mode == "responses" or (mode is None and name.startswith(RESPONSES))
    weight = params.get("weight")
    query = reader.get("query", Mapping, {})
    return Policy(
        id=identity,
        service=reader.text("service", identity),
        credential=reader.count("credential", 0),
        key=reader.text("key"),
        owned_by=reader.text("owned_by", "openai"),
        places=reader.counts("places"),
        order=reader.choice("order", ORDERS, "random"),
        key_order=reader.choice("key_order", ORDERS, reader.choice("order", ORDERS, "random")),
        turns=max(1, reader.count("turns", 1)),
        alias_of=reader.text("alias_of"),
        weight=1.0 if weight is None else float(weight),
        mode="chat" if by_responses else str(mode or "chat"),
        provider=provider,
        by_responses=by_responses,
        upstream_model=reader.text("upstream_model", name.removeprefix(RESPONSES) if by_responses else name),
        embedding_model=reader.text("embedding_model"),
        redirected=reader.text("redirected"),
        embeddings=bool(reader.get("embeddings", bool, True)),
        chat=bool(reader.get("chat", bool, True)),
        limits=_limits(reader.part("limits")),
        timeout=reader.number("timeout", 0.0),
        breaker=_breaker(reader.part("breaker")),
        proxy=_proxy(reader.part("proxy")),
        guards=_guards(reader),
        flatten_parts=bool(reader.get("flatten_parts", bool, False)),
        query={str(key): str(value) for key, value in query.items()},
        free=is_free(info, params),
        hosts=hosts_of(params),
    )


def _guards(reader: Reader) -> tuple[str, ...]:
    found = reader.texts("guards")
    for guard in found:
        if guard not in GUARDS:
            values = {"place": f"{reader.place}.guards", "known": ", ".join(GUARDS), "guard": guard}
            raise OneAdapterError(tr("{place} knows {known}, not {guard!r}.", **values), 1)
    return found


def _limits(reader: Reader | None) -> LimitRules | None:
    if reader is None:
        return None
    found = LimitRules(
        credential=_limit(reader.part("credential")),
        credential_models=_limits_of_models(reader, "credential_models"),
        service_models=_limits_of_models(reader, "service_models"),
        service=_limit(reader.part("service")),
        embeddings=_limit(reader.part("embeddings")),
    )
    return None if found == LimitRules() else found


def _limits_of_models(reader: Reader, key: str) -> dict[str, Limit]:
    limits = {name: _limit(part) for name, part in reader.parts(key).items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _limit(reader: Reader | None) -> Limit | None:
    if reader is None:
        return None
    numbers = {name: reader.number(name, 0.0) for name in LIMIT_KINDS}
    for name, number in numbers.items():
        if not 0 <= number < inf:
            values = {"place": f"{reader.place}.{name}", "number": number}
            raise OneAdapterError(tr("{place} must be 0 or more, not {number}.", **values), 1)
    if not any(numbers.values()):
        return None
    return Limit(**numbers, wait_seconds=reader.number("wait_seconds", 0.0))


def _breaker(reader: Reader | None) -> BreakerRule | None:
    if reader is None:
        return None
    return BreakerRule(
        max(1, reader.count("failures", 5)),
        reader.number("recovery_seconds", 30.0),
        max(1, reader.count("probes", 1)),
    )


def _proxy(reader: Reader | None) -> ProxyRule | None:
    if reader is None:
        return None
    return ProxyRule(reader.text("http_env"), reader.text("https_env"), reader.text("socks5_env"))
