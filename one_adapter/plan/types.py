"""The plan: which name leads where, and under which rules. Neutral words, no file format, no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from one_adapter.dialect import Dialect, Order

Kind = Literal["chat", "embedding", "both"]
Verdict = Literal["mapped", "emulated", "approximated", "inert", "dropped"]
Level = Literal["error", "warning", "info"]

VERDICTS: tuple[Verdict, ...] = ("mapped", "emulated", "approximated", "inert", "dropped")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret a deployment needs, by where it stands and not by what it says.

    `field` is its name in the service's credentials. `successor` marks one the
    user has yet to create, because the vendor ended what the old one opened.
    """

    service: str
    credential: int
    field: str
    successor: bool = False


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a service sends a model.

    `provider` is LiteLLM's word; `url` the base address without the endpoint's own
    path; `model` what the vendor is told (empty where the address decides); `label`
    the provider's model name in LiteLLM where it is another. `query` goes on every
    call. `parameters` are provider settings that are no secret. `keys` are
    (parameter, secret) pairs; `by_reference` are secrets an adapter of ours reads
    from the environment by itself.
    """

    provider: str
    url: str
    model: str
    label: str = ""
    query: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    keys: tuple[tuple[str, SecretRef], ...] = ()
    by_reference: tuple[SecretRef, ...] = ()
    guards: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model's name in LiteLLM, without the provider's prefix."""
        return self.label or self.model


@dataclass(frozen=True, slots=True)
class Target:
    """One upstream a name may be sent to.

    `turns` is how many consecutive turns the service has when services take turns. `key` is the id of
    the credential where keys stand in for each other, and `places` are the positions in the service's
    whole list whose turns it takes: its own, and those of keys before it that are switched off. `names`
    are what the limit of a model is looked up under, in that order.
    """

    share: Fraction
    service: str
    credential: int
    upstream: Upstream
    turns: int = 1
    flatten: bool = False
    key: str = ""
    places: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def spare(self) -> bool:
        """Whether it answers only while the ones before it cannot."""
        return self.share == 0

    @property
    def pool(self) -> tuple[str, tuple[str, ...]]:
        """What it has in common with those that are tried in its place when it fails."""
        return self.service, self.names


@dataclass(frozen=True, slots=True)
class Route:
    """What a client's model name leads to.

    `embedding_targets` differ from `targets` only where the gateway sends the two
    kinds of call to different places, or in other shares; None: the same. `alias_of` names the group a
    global redirect points at. `notes` say what a share cannot: on what else it depends. `off` is the first
    service of a name whose services all have their keys switched off, and which therefore leads nowhere.
    `key_order` is how the keys of a pool are drawn, where that is another order than the services'.
    """

    name: str
    listed: bool
    kind: Kind
    order: Order
    targets: tuple[Target, ...]
    embedding_targets: tuple[Target, ...] | None = None
    alias_of: str | None = None
    notes: tuple[str, ...] = ()
    off: str = ""
    key_order: Order | None = None


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """A waiting limit: calls a second, a minute, estimated tokens a minute, calls at once. 0: not limited.

    `wait_seconds` is how long a call waits for its turn; 0: as long as its kind does without a word.
    """

    qps: float = 0
    qpm: float = 0
    tpm: float = 0
    concurrency: float = 0
    wait_seconds: int = 0

    @property
    def numbers(self) -> dict[str, float]:
        """What it says, by the names of the exported file."""
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) > 0}


Limits = Mapping[str, LimitPolicy]


@dataclass(frozen=True, slots=True)
class LayerPolicies:
    """Every limit that binds the calls of one key, from the key outwards; those of models by name."""

    credential: LimitPolicy | None = None
    credential_models: Limits = field(default_factory=dict)
    service_models: Limits = field(default_factory=dict)
    service: LimitPolicy | None = None
    embeddings: LimitPolicy | None = None


@dataclass(frozen=True, slots=True)
class CredentialPolicy:
    """One key of a service, switched off or not, and the limits of its own."""

    key: str
    name: str
    enabled: bool
    limit: LimitPolicy | None = None
    model_limits: Limits = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProxyPolicy:
    """Through which proxy a service's calls go; addresses stay in the source (they may hold passwords)."""

    http: bool = False
    https: bool = False
    socks5: bool = False


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a service is left alone: consecutive failures, seconds, probes at once."""

    failures: int
    recovery_seconds: int
    probes: int


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """The rules of one service; `credentials` as they are listed, `model_limits` by model.

    `pooled`: its credentials are keys that stand in for each other. `owner` is whose its models are in
    `/v1/models`; empty where the gateway does not tell. `protocol` is what its chats are asked in; auto: what
    its type speaks. `named`: its id is the owner's own, and not its place in the file.
    """

    id: str
    type: str
    pointer: str
    timeout: int
    limit: LimitPolicy | None
    credentials: tuple[CredentialPolicy, ...]
    embedding_limit: LimitPolicy | None
    proxy: ProxyPolicy | None
    model_limits: Limits = field(default_factory=dict)
    pooled: bool = False
    owner: str = ""
    protocol: str = "auto"
    named: bool = False

    @property
    def limits(self) -> Iterator[LimitPolicy]:
        """Every limit of the service, its models and its credentials."""
        yield from filter(None, (self.limit, self.embedding_limit))
        yield from self.model_limits.values()
        for credential in self.credentials:
            yield from filter(None, (credential.limit,))
            yield from credential.model_limits.values()


@dataclass(frozen=True, slots=True)
class ClientKeyPolicy:
    """A key clients use and the client models it may call ("*": all).

    `index` counts in api_keys; None stands for the master key `api_key`.
    """

    index: int | None
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call; `open` means anyone."""

    open: bool
    keys: tuple[ClientKeyPolicy, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation endpoint: template (empty: the built-in one), retries, texts at once (0: no bound)."""

    prompt_template: str
    retry: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one leaf of the source."""

    pointer: str
    verdict: Verdict
    target: str
    note: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something only a person can do, or should know, before clients are moved over."""

    level: Level
    code: str
    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything the gateway would do with a configuration.

    `any` answers every name when a global redirect `all` is set.
    """

    any: Route | None
    routes: tuple[Route, ...]
    access: Access
    services: tuple[ServicePolicy, ...]
    breaker: BreakerPolicy | None
    translation: Translation
    host: str
    port: int
    log_level: str
    dialect: Dialect

    def route(self, name: str) -> Route | None:
        """The route a client's name takes; None when the gateway would not know it.

        Chat calls under a global `all` go to `any` instead, whatever their name.
        """
        return next((route for route in self.routes if route.name == name), None)


@dataclass(frozen=True, slots=True)
class Plan(Decisions):
    """What is decided on a configuration, what is left to do by hand, and what became of each leaf."""

    tasks: tuple[Task, ...]
    ledger: tuple[Row, ...]
