"""What a configuration says, normalised exactly as the gateway normalises it.

Strings are trimmed, lists trimmed and freed of blanks and repeats, words that
are choices lower-cased, missing ids and defaults filled in. Redirect keys and
values, credentials and everything a user invented stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from one_adapter.config import defaults
from one_adapter.dialect import CURRENT, Dialect


@dataclass(frozen=True, slots=True)
class Limit:
    """A waiting limit; numbers per second, per minute, at once; `timeout` in seconds. 0: not given.

    `tpm` counts estimated tokens a minute; only dialects whose limits add up know it.
    """

    pointer: str
    qps: float = 0
    qpm: float = 0
    rpm: float = 0
    concurrency: float = 0
    timeout: int = 0
    tpm: float = 0


@dataclass(frozen=True, slots=True)
class Credential:
    """One of a service's credentials: what is in it, and the rules of its own that the dialect knows.

    `model_limits` are by model name. `enabled` is always true where keys do not stand in for each other.
    """

    pointer: str
    id: str
    name: str
    enabled: bool
    values: Mapping[str, Any]
    limit: Limit
    model_limits: Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy settings; `timeout` in seconds."""

    pointer: str
    strategy: str = "disabled"
    type: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    socks5_proxy: str = ""
    timeout: int = defaults.PROXY_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Breaker:
    """The circuit breaker: consecutive failures, seconds until a probe, probes at once."""

    pointer: str
    enabled: bool = True
    failure_threshold: int = defaults.BREAKER_FAILURES
    recovery_timeout_seconds: int = defaults.BREAKER_RECOVERY_SECONDS
    half_open_max_requests: int = defaults.BREAKER_PROBES


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation endpoint; `prompt_template` empty means the built-in one."""

    pointer: str
    enable: bool = False
    prompt_template: str = ""
    retry: int = 0
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One entry of api_keys. `supported_models` maps a service type (ignored) to client models."""

    pointer: str
    api_key: str
    supported_models: Mapping[str, tuple[str, ...]]


#: Protocol that a service may choose for its upstream -> the type whose rules its chats then follow.
CHAT_TYPES = {"chat_completions": "openai", "responses": "openai", "anthropic_messages": "claude"}


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of a service list; `pointer` leads to it, `index` counts within its type from 0.

    `models` already holds the type's default models where the gateway fills them in. `pool` is what a
    request may draw from, switched off or not: the list, or the single credential when there is no list.
    `named`: the id is the file's own, and not the service's place.
    """

    pointer: str
    type: str
    index: int
    id: str
    provider: str
    enabled: bool
    models: tuple[str, ...]
    embedding_models: tuple[str, ...]
    reasoning_models: Mapping[str, str]
    credentials: Mapping[str, Any]
    credential_list: tuple[Mapping[str, Any], ...]
    pool: tuple[Credential, ...]
    server_url: str
    model_map: Mapping[str, str]
    model_redirect: Mapping[str, str]
    limit: Limit
    embedding_limit: Limit
    use_proxy: bool | None
    timeout: int
    default_models: bool
    upstream_protocol: str = "auto"
    model_limits: Mapping[str, Limit] = field(default_factory=dict)
    named: bool = False

    @property
    def reads_list(self) -> bool:
        """Whether calls are made with what credential_list holds; for Azure they never are."""
        return bool(self.credential_list) and self.chat_type != "azure"

    @property
    def each_credential(self) -> tuple[Mapping[str, Any], ...]:
        """What a call is made with, for each entry of `pool`."""
        return self.credential_list if self.reads_list else (self.credentials,) * len(self.pool)

    @property
    def chat_type(self) -> str:
        """The type by whose rules chats are sent: its own, unless it chooses its upstream's protocol."""
        return CHAT_TYPES.get(self.upstream_protocol, self.type)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A whole configuration."""

    server_port: str
    debug: bool
    log_level: str
    proxy: Proxy
    api_key: str
    api_keys: tuple[ClientKey, ...]
    load_balancing: str
    circuit_breaker: Breaker
    multi_content_models: tuple[str, ...]
    model_redirect: Mapping[str, str]
    translation: Translation
    enable_web: bool
    services: tuple[Service, ...]
    dialect: Dialect = CURRENT
