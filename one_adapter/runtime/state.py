"""What one proxy process knows and remembers: settings, keys, names, rotations, limits, breakers.

There is one `State` a process, made from what LiteLLM has loaded when the first request comes, and
made anew when LiteLLM has loaded another configuration.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from one_adapter.runtime.access import Client, Keys
from one_adapter.runtime.answers import Refusal, model_not_found
from one_adapter.runtime.breaker import Breakers, is_failure
from one_adapter.runtime.limits import Full, Limits
from one_adapter.runtime.order import Order
from one_adapter.runtime.paths import kind_of, opens
from one_adapter.runtime.reached import is_answer
from one_adapter.runtime.request import Request
from one_adapter.runtime.settings import Policy, Settings, read_policy, read_settings
from one_adapter.runtime.shapes import check_tools

#: The gateway's model name that draws one at random; it has no breaker of its own.
RANDOM = "random"


@dataclass
class State:
    """The memory of one proxy process."""

    settings: Settings
    keys: Keys
    groups: Mapping[str, tuple[Policy, ...]]
    aliases: Mapping[str, str]
    order: Order = field(default_factory=lambda: Order(random.random))
    breakers: Breakers = field(default_factory=Breakers)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Index the policies by deployment."""
        self.policies = {one.id: one for group in self.groups.values() for one in group}

    def resolve(self, model: str) -> str:
        """Return the group that answers a client's model name; raises `Refusal` for an unknown one.

        A name that answers everything wins over all others, then an alias, then a group.
        """
        catch_all = self.settings.catch_all
        if catch_all is not None:
            if catch_all in self.groups:
                return catch_all
            raise model_not_found(model)
        group = self.aliases.get(model, model)
        if group not in self.groups:
            raise model_not_found(model)
        return group

    def opens(self, client: Client, method: str, path: str) -> bool:
        """Tell whether a client that is no admin may make a request of LiteLLM.

        What the owner has opened beside the LLM routes names its model in ways of its own, so it is for keys
        that may ask for every model.
        """
        if not opens(method, path, self.settings.routes):
            return False
        return bool(kind_of(path)) or "*" in client.models

    def check_tools(self, request: Request) -> None:
        """Refuse tools that nobody here would run: raises `Refusal` (400).

        On chats an OpenAI-shaped upstream gets them as they are; on responses those of other types are left
        out, as the gateway leaves them out.
        """
        tools = request.body.get("tools") or []
        relayed = all(one.provider == "openai" for one in self.groups[request.group])
        if request.kind == "embeddings" or (request.kind == "chat" and relayed):
            return
        if request.kind == "responses":
            tools = [tool for tool in tools if tool.get("type") == "function"]
        check_tools(tools, request.kind)

    def listed(self) -> list[str]:
        """Return the names that `/v1/models` shows; `random` only beside others."""
        names = [name for name in self.groups if name not in self.settings.unlisted and name != RANDOM]
        return [*names, RANDOM] if names and RANDOM in self.groups else names

    def choose(self, request: Request, now: float) -> Policy:
        """Pick the deployment for a request; raises `Refusal` when none can be called now."""
        policies: Sequence[Policy] = self.groups[request.group]
        if request.kind == "embeddings":
            policies = [one for one in policies if one.embeddings]
            if not policies:
                raise Refusal(400, f"The model {request.client_model!r} has no embeddings.", "", "model")
        mode = "embedding" if request.kind == "embeddings" else "chat"
        policies = [one for one in policies if one.mode == mode] or policies
        if request.client_model != RANDOM:
            policies = [one for one in policies if self._closed(one, request, now)]
        if not policies:
            problem = f"No service for the model {request.client_model!r} is healthy at present."
            raise Refusal(503, problem, "service_unavailable", retry_after=1.0)
        chosen = self.order.choose(request.group, policies)
        request.policy = chosen
        if chosen.breaker is not None and request.client_model != RANDOM:
            request.probe = self.breakers.begin(self._key(chosen, request))
        return chosen

    def _closed(self, policy: Policy, request: Request, now: float) -> bool:
        key = self._key(policy, request)
        return policy.breaker is None or self.breakers.allows(key, policy.breaker, now)

    def _key(self, policy: Policy, request: Request) -> tuple[str, str]:
        """Return a request's breaker: there is one for each name of the configuration, whatever clients send.

        Where a name answers everything, all that are written nowhere share its breaker.
        """
        name = request.client_model
        known = name in self.groups or name in self.aliases
        return policy.service, name if known else request.group

    async def admit(self, request: Request, policy: Policy, now: float) -> None:
        """Wait for the deployment's limit; raises `Refusal` (429) when the wait is too long."""
        if request.admitted:
            return
        request.admitted = True
        embeddings = request.kind == "embeddings"
        limit = policy.embedding_limit if embeddings else policy.limit
        if limit is None:
            return
        name = policy.service
        if embeddings:
            name = f"{name} embeddings {policy.embedding_model or policy.upstream_model}"
        elif limit.scope == "credential":
            name = f"{name} credential {policy.credential}"
        wait = limit.wait_seconds
        if policy.timeout > 0:
            wait = min(wait, request.started + policy.timeout - now)
        try:
            request.releases.append(await self.limits.named(name, limit).acquire(wait))
        except Full as full:
            if embeddings:
                return
            request.refused = True
            request.retry_after = full.retry_after
            problem = f"Too many requests for the service {policy.service}: try again later."
            raise Refusal(429, problem, "rate_limit_exceeded", retry_after=full.retry_after) from None

    def finish(self, request: Request, now: float) -> None:
        """Book the outcome of a request with the breaker and give its places back.

        A failure is the upstream's only where the upstream was called and has not answered well
        (`reached.py`): what LiteLLM refuses or falls over by itself says something of the request alone.
        """
        request.close()
        policy = request.policy
        if policy is None or policy.breaker is None or request.client_model == RANDOM:
            return
        key = self._key(policy, request)
        failed = request.expired or (request.failed_midway and not request.left)
        if not failed and (request.refused or request.left or not request.status):
            self.breakers.abandon(key, request.probe)
        elif not failed and not is_failure(request.status):
            self.breakers.success(key, request.probe)
        elif request.reached and not is_answer(request.answer):
            self.breakers.failure(key, policy.breaker, request.probe, now)
        else:
            self.breakers.abandon(key, request.probe)


def build(
    model_list: Sequence[Mapping[str, Any]],
    own_settings: object,
    aliases: Mapping[str, Any] | None,
    environment: Mapping[str, str] | None = None,
) -> State:
    """Make the state for what LiteLLM has loaded."""
    settings = read_settings(own_settings)
    groups: dict[str, list[Policy]] = {}
    for deployment in model_list:
        groups.setdefault(str(deployment["model_name"]), []).append(read_policy(deployment))
    targets = {
        name: str(target["model"] if isinstance(target, Mapping) else target)
        for name, target in (aliases or {}).items()
    }
    keys = Keys(settings, os.environ if environment is None else environment)
    return State(settings, keys, {name: tuple(ones) for name, ones in groups.items()}, targets)
