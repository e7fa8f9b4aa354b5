"""The plan's targets as LiteLLM deployments."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import Any
from urllib.parse import quote

from one_adapter.contract import HANDLERS, NO_KEY, REFERENCE, SECTION
from one_adapter.export.litellm.groups import Group, groups_of, is_asked_by_responses, place_of
from one_adapter.export.litellm.limits import Bound, bound_by
from one_adapter.export.litellm.prices import Prices
from one_adapter.export.secrets.variables import Secrets
from one_adapter.export.yaml_writer import Alias, Anchored, Comment, Flow
from one_adapter.language import tr
from one_adapter.plan.limits import layers_of
from one_adapter.plan.types import Plan, ServicePolicy, Target, Upstream
from one_adapter.plan.vendors import known_host

#: Whose a model is in `/v1/models` unless the file says otherwise.
OWNER = "openai"
#: What is written where nobody knows a price: LiteLLM warns of a deployment without the first two at each
#: request, and without the others at its start.
NO_PRICES = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
)
#: Above this the weights of a group are written as shares.
LARGEST_WEIGHT = 1_000_000
#: What our adapters send as the gateway did, so that the vendor sees the same user as before.
ADAPTER_PARAMETERS: dict[str, dict[str, Any]] = {
    "dify": {"drop_params": True, "default_user": "abc-123"},
    "huoshan": {"allowed_openai_params": Flow(["thinking", "reasoning_effort", "user"])},
    "xinghuo": {"drop_params": True, "uid": "12345", "auditing": "default"},
}
#: Providers with a protocol of their own: what it has no word for is left out, as the gateway did.
NATIVE = ("anthropic", "azure", "gemini", "ollama_chat", "vertex_ai")
#: Providers that take the system's words apart from the others'; Gemma models, from the same address, do not.
SYSTEM_APART = ("gemini", "vertex_ai")
#: Providers whose key has another parameter's name or none.
KEYLESS = ("ollama_chat", "vertex_ai", *HANDLERS)


def _model(upstream: Upstream) -> str:
    """The upstream's name of the model as the runtime knows it."""
    return upstream.model if is_asked_by_responses(upstream) else upstream.name


def weights(shares: list[Fraction]) -> list[int | float]:
    """Whole numbers in the proportion of the shares, or the shares where those would be huge.

    >>> weights([Fraction(3, 4), Fraction(1, 4)])
    [3, 1]
    """
    common = lcm(*(share.denominator for share in shares))
    if common > LARGEST_WEIGHT:
        return [round(float(share), 9) for share in shares]
    return [int(share * common) for share in shares]


class Deployments:
    """Writes the model list of a plan; `pure` leaves out what only one-adapter reads.

    `values` are the variables whose values LiteLLM gets in the place of their names.
    """

    def __init__(
        self, plan: Plan, secrets: Secrets, pure: bool, prices: Prices, values: Mapping[str, str]
    ) -> None:
        self.plan = plan
        self.secrets = secrets
        self.pure = pure
        self.prices = prices
        self.values = values
        self.policies = {policy.id: policy for policy in plan.services}
        self.anchors: dict[str, str] = {}
        self.anchor_names: set[str] = set()
        self.anchored: dict[str, int] = {}
        self.introduced: set[str] = set()
        self.number = 0

    def model_list(self) -> list[Any]:
        """The entries of `model_list`, with a comment where a service appears first."""
        entries: list[Any] = []
        for group in groups_of(self.plan):
            sizes = weights([target.share for target in group.targets]) if len(group.targets) > 1 else [None]
            for target, weight in zip(group.targets, sizes, strict=False):
                if self.pure and target.upstream.provider in HANDLERS:
                    continue
                entries += self._introduction(target)
                entries.append(self._deployment(group, target, weight))
        return entries

    def _introduction(self, target: Target) -> list[Comment]:
        if target.service in self.introduced:
            return []
        self.introduced.add(target.service)
        row = known_host(target.upstream.url)
        if row is None:
            return [Comment(tr("service {service}", service=target.service))]
        return [Comment(tr("service {service} ({vendor})", service=target.service, vendor=row.name))]

    def _deployment(self, group: Group, target: Target, weight: int | float | None) -> dict[Any, Any]:
        self.number += 1
        info: dict[Any, Any] = {"id": f"{target.service}.{target.credential}.{self.number}"}
        if not is_asked_by_responses(target.upstream):
            # LiteLLM takes a mode from here before it looks at the name, and for every model of that name.
            info["mode"] = group.mode
        if target.upstream.provider in SYSTEM_APART and not target.upstream.name.startswith("gemma"):
            # or LiteLLM puts the system's words before the user's, for models it does not know
            info["supports_system_messages"] = True
        priced = self.prices.of_target(group, target)
        if priced:
            info["base_model"] = priced
        if not self.pure:
            if not priced:
                info |= dict.fromkeys(NO_PRICES, 0)
            info[SECTION] = self._ours(group, target)
        return {
            "model_name": group.name,
            "litellm_params": self._parameters(target, weight),
            "model_info": info,
        }

    def _parameters(self, target: Target, weight: int | float | None) -> dict[str, Any]:
        upstream = target.upstream
        parameters: dict[str, Any] = {"model": f"{upstream.provider}/{quote_name(upstream.name)}"}
        if upstream.provider != "vertex_ai":
            hidden = self.secrets.addresses.get(upstream.url)
            parameters["api_base"] = self._secret(hidden) if hidden else upstream.url
        for name, ref in upstream.keys:
            parameters[name] = self._secret(self.secrets.names[ref])
        if not upstream.keys and upstream.provider not in KEYLESS:
            parameters["api_key"] = NO_KEY
        if upstream.by_reference:
            parameters["credential_env"] = self.secrets.prefixes[place_of(target)]
        parameters |= dict(upstream.parameters)
        policy = self.policies[target.service]
        parameters["timeout"] = policy.timeout
        if policy.proxy and upstream.provider in HANDLERS:
            kind = next(kind for kind in ("socks5", "https", "http") if getattr(policy.proxy, kind))
            parameters["proxy_env"] = self.secrets.proxies[kind]
        if weight is not None:
            parameters["weight"] = weight
        if upstream.provider == "openai" and not upstream.label:
            parameters["use_chat_completions_api"] = True
        if upstream.provider in NATIVE:
            parameters["drop_params"] = True
        parameters |= ADAPTER_PARAMETERS.get(upstream.provider, {})
        return parameters

    def _secret(self, name: str) -> str:
        """What LiteLLM resolves: a variable's value, or a reference to it. Our own code reads by name."""
        return self.values.get(name, f"{REFERENCE}{name}")

    def _ours(self, group: Group, target: Target) -> Anchored | Alias:
        policy, upstream = self.policies[target.service], target.upstream
        ours: dict[str, Any] = {"service": target.service}
        if policy.owner not in ("", OWNER):
            ours["owned_by"] = policy.owner
        ours["credential"] = target.credential
        if target.key:
            ours["key"] = target.key
        if target.places:
            ours["places"] = Flow(list(target.places))
        if len(group.targets) > 1:
            ours["order"] = group.order
            if group.order in ("rr", "hash") and target.turns != 1:
                ours["turns"] = target.turns
            if group.key_order and target.places:
                ours["key_order"] = group.key_order
            if self.plan.dialect.pools and group.alias_of and group.order in ("rr", "hash"):
                ours["alias_of"] = group.alias_of
        if quote_name(upstream.name) != upstream.name:
            ours["upstream_model"] = _model(upstream)
        bound = self._limits(group, target)
        if bound.redirected:
            ours["redirected"] = bound.redirected
        if group.twins is None and group.mode == "embedding":
            ours["chat"] = False
        if group.twins is not None and group.mode == "chat":
            twin = group.twins.get(place_of(target))
            if twin is None:
                ours["embeddings"] = False
            elif twin.upstream.model != upstream.model:
                ours["embedding_model"] = twin.upstream.model
        ours |= self._policy(policy, bound.layers)
        if upstream.guards:
            ours["guards"] = Flow(list(upstream.guards))
        if target.flatten:
            ours["flatten_parts"] = True
        if upstream.query:
            ours["query"] = Flow(self._query(target))
        return self._anchored(target.service, ours)

    def _query(self, target: Target) -> dict[str, str]:
        found = {}
        for name, value in target.upstream.query:
            hidden = self.secrets.queries.get((target.service, name, value))
            found[name] = f"{REFERENCE}{hidden}" if hidden else value
        return found

    def _limits(self, group: Group, target: Target) -> Bound:
        everything = self.plan.any is not None and self.plan.any.alias_of == group.name
        twin = (group.twins or {}).get(place_of(target))
        chains = (target.names, *((twin.names,) if twin else ()))
        found = layers_of(self.policies[target.service], target.credential)
        return bound_by(found, (group.name, _model(target.upstream)), chains, everything)

    def _policy(self, policy: ServicePolicy, limits: dict[str, Any]) -> dict[str, Any]:
        ours: dict[str, Any] = {"timeout": policy.timeout}
        if limits:
            ours["limits"] = limits
        if self.plan.breaker:
            breaker = self.plan.breaker
            ours["breaker"] = Flow(
                {
                    "failures": breaker.failures,
                    "recovery_seconds": breaker.recovery_seconds,
                    "probes": breaker.probes,
                }
            )
        if policy.proxy:
            kinds = [kind for kind in ("http", "https", "socks5") if getattr(policy.proxy, kind)]
            ours["proxy"] = Flow({f"{kind}_env": self.secrets.proxies[kind] for kind in kinds})
        return ours

    def _anchored(self, service: str, ours: dict[str, Any]) -> Anchored | Alias:
        """The policies in full the first time, and by their name from then on."""
        content = repr(ours)
        if content in self.anchors:
            return Alias(self.anchors[content])
        base = service.replace(".", "_")
        number = self.anchored[base] = self.anchored.get(base, 0) + 1
        name = base if number == 1 else f"{base}-{number}"
        while name in self.anchor_names:
            number = self.anchored[base] = number + 1
            name = f"{base}-{number}"
        self.anchor_names.add(name)
        self.anchors[content] = name
        return Anchored(name, ours)


def quote_name(name: str) -> str:
    """A model's name as the ASCII text LiteLLM can put into a header and takes for no pattern.

    >>> quote_name("@cf/meta/llama:3"), quote_name("文心 4"), quote_name("")
    ('@cf/meta/llama:3', '%E6%96%87%E5%BF%83 4', 'unnamed')
    """
    if name.isascii() and name.isprintable() and "*" not in name:
        return name or "unnamed"
    return quote(name, safe="/:@ ")
