"""The plan: which name leads where, and under which rules. Neutral words, no file format, no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["chat", "embedding", "both"]
Order = Literal["random", "rr", "first"]
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

    `turns` is how many consecutive turns the service has when services take turns;
    `spare` marks one that answers only while the ones before it are out of order.
    """

    share: Fraction
    service: str
    credential: int
    upstream: Upstream
    turns: int = 1
    spare: bool = False
    flatten: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """What a client's model name leads to.

    `embedding_targets` differ from `targets` only where the gateway sends the two
    kinds of call to different places; None: the same. `alias_of` names the group a
    global redirect points at.
    """

    name: str
    listed: bool
    kind: Kind
    order: Order
    targets: tuple[Target, ...]
    embedding_targets: tuple[Target, ...] | None = None
    alias_of: str | None = None


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """A waiting limit: how many (`per_window`) of what (`kind`), and how long a call waits for its turn."""

    kind: Literal["qps", "qpm", "concurrency"]
    per_window: float
    wait_seconds: int


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
    """The rules of one service. `credential_limits` counts only where `limit` is None."""

    id: str
    type: str
    pointer: str
    timeout: int
    limit: LimitPolicy | None
    credential_limits: tuple[LimitPolicy | None, ...]
    embedding_limit: LimitPolicy | None
    proxy: ProxyPolicy | None


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
class Plan:
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
    tasks: tuple[Task, ...]
    ledger: tuple[Row, ...] = ()

    def route(self, name: str) -> Route | None:
        """The route a client's name takes; None when the gateway would not know it.

        Chat calls under a global `all` go to `any` instead, whatever their name.
        """
        return next((route for route in self.routes if route.name == name), None)
