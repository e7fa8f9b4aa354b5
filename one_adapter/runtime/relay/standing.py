"""When the relay stands aside: a table of what LiteLLM may have to do, and the reason in words.

Everything the table looks at is listed as what is known to be of no account; whatever is on no list is
LiteLLM's business, and the request goes its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from one_adapter.language import tr
from one_adapter.runtime.entry.asgi import Headers
from one_adapter.runtime.gateway.circumstances import Circumstances
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.upstream.endpoint import PATHS

#: What a deployment may say (LiteLLM's `litellm_params`) that the relay knows how to do.
KNOWN_PARAMETERS = frozenset(
    (
        "model",
        "api_base",
        "api_key",
        "api_version",
        "organization",
        "timeout",
        "max_retries",
        "weight",
        "use_chat_completions_api",
        "drop_params",
        "input_cost_per_token",
        "output_cost_per_token",
        "cache_creation_input_token_cost",
        "cache_read_input_token_cost",
    )
)
#: How headers begin by which a client tells LiteLLM something; its key is none of them.
ORDERS, KEY_HEADER = (b"x-litellm-", b"litellm-", b"langfuse"), b"x-litellm-api-key"


@dataclass(frozen=True)
class Case:
    """One deployment asked for one kind of request; `orders` are the headers that tell LiteLLM something."""

    at: Circumstances
    switched_on: bool
    policy: Policy
    kind: str
    parameters: Mapping[str, Any]
    orders: Sequence[bytes] = ()


def _foreign(case: Case) -> list[str]:
    return sorted(name for name, value in case.parameters.items() if value and name not in KNOWN_PARAMETERS)


#: Name of a reason -> (when it holds, the sentence with what it is about).
REASONS: Mapping[str, tuple[Callable[[Case], object], Callable[[str], str]]] = {
    "off": (lambda case: not case.switched_on, lambda _: tr("the relay is switched off")),
    "protocol": (
        lambda case: case.kind not in PATHS.get(case.policy.protocol, {}),
        lambda _: tr("the vendor does not speak the client's protocol"),
    ),
    "parameters": (
        _foreign,
        lambda names: tr("the deployment has parameters that are LiteLLM's business: {names}", names=names),
    ),
    "database": (lambda case: case.at.database, lambda _: tr("a database is connected")),
    "listeners": (
        lambda case: case.at.listeners,
        lambda names: tr("callbacks listen to every answer: {names}", names=names),
    ),
    "cache": (lambda case: case.at.cache, lambda _: tr("a cache is configured")),
    "budget": (lambda case: case.at.budget, lambda _: tr("a budget is configured")),
    "log": (lambda case: case.at.logged, lambda _: tr("LiteLLM's log of every request is on")),
    "command line": (
        lambda case: case.at.ordered,
        lambda _: tr("LiteLLM's command line says something of every call"),
    ),
    "settings": (
        lambda case: case.at.settings,
        lambda names: tr("settings that are LiteLLM's business: {names}", names=names),
    ),
    "headers": (
        lambda case: case.orders,
        lambda names: tr("the request has orders for LiteLLM: {names}", names=names),
    ),
}


def orders(headers: Headers) -> list[bytes]:
    """The names of a request's headers that tell LiteLLM something.

    >>> orders([(b"x-litellm-tags", b"a"), (b"x-litellm-api-key", b"k"), (b"host", b"h")])
    [b'x-litellm-tags']
    """
    found = []
    for name, _ in headers:
        if name.startswith(ORDERS) and name != KEY_HEADER:
            found.append(name)
    return found


def reason(case: Case) -> str:
    """Why the relay stands aside, "" when it need not.

    >>> reason(Case(Circumstances(), True, Policy(), "chat", {"model": "openai/m"}))
    ''
    >>> reason(Case(Circumstances(listeners=["langfuse"]), True, Policy(), "chat", {}))
    'callbacks listen to every answer: langfuse'
    """
    for holds, sentence in REASONS.values():
        found = holds(case)
        if found:
            named = (
                [one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in found]
                if isinstance(found, Sequence)
                else ()
            )
            return sentence(", ".join(named))
    return ""


def aside(config: Config) -> dict[str, list[str]]:
    """Why groups go LiteLLM's way whatever else is switched on: reason -> the names of the groups.

    A group is looked at for the kind of request its deployments are for, chat or embeddings.
    """
    found: dict[str, list[str]] = {}
    for name, policies in config.groups.items():
        for policy in policies:
            why = _why(config, policy, "embeddings" if policy.mode == "embedding" else "chat")
            if why:
                found.setdefault(why, []).append(name)
                break
    return found


def relayed(config: Config, kind: str) -> list[str]:
    """The names whose every deployment but those for embeddings is relayed to clients of one kind."""
    return [
        name
        for name, policies in config.groups.items()
        if {_why(config, one, kind) for one in policies if one.mode != "embedding"} == {""}
    ]


def _why(config: Config, policy: Policy, kind: str) -> str:
    """Why a deployment goes LiteLLM's way whatever else is switched on."""
    parameters = config.parameters.get(policy.id, {})
    return reason(Case(Circumstances(), config.settings.relay, policy, kind, parameters))
