"""Work that LiteLLM does on every request and that here leads to nothing, left out.

These are patches, so each is small, stands in only where `facts` has a row for it and its names are there,
and asks on each request whether what it leaves out would be heard: as soon as a database, a
callback or a cache is configured, LiteLLM's own code runs again. docs/performance.md has a row for each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Set
from typing import Any

from one_adapter.runtime.entry.request import current

#: Fields of a chat that may cost something beside tokens.
TOOLS = frozenset(("tools", "functions", "web_search_options"))
#: What LiteLLM notes of an answer that cost nothing.
NOTHING = dict.fromkeys(
    (
        "input_cost",
        "output_cost",
        "total_cost",
        "cost_for_built_in_tools_cost_usd_dollar",
        "original_cost",
        "discount_percent",
        "discount_amount",
        "margin_percent",
        "margin_fixed_amount",
        "margin_total_amount",
    ),
    0.0,
)


def install(choices: Set[str]) -> None:
    """Put the chosen shortcuts in LiteLLM's place."""
    from litellm import utils
    from litellm.litellm_core_utils.litellm_logging import Logging
    from litellm.proxy.auth.route_checks import RouteChecks

    if "routes" in choices:
        replace(RouteChecks, "_route_matches_pattern", remembered)
    if "usage" in choices:
        from litellm.router import Router

        replace(Router, "_increment_deployment_usage", unlimited)
    if "prices" in choices:
        replace(Logging, "response_cost_calculator", free)
    if "describe" in choices:
        replace(utils, "_client_async_logging_helper", unheard)
        replace(Logging, "_async_success_handler_body", untold)


def replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Wrap a function of LiteLLM's."""
    setattr(owner, name, wrap(getattr(owner, name)))


def remembered(matches: Any) -> Any:
    """Match a path with a route's pattern once."""
    return staticmethod(functools.lru_cache(8192)(matches))


def unlimited(count: Any) -> Any:
    """Count a deployment's usage only until LiteLLM itself has found that it has no limit to count for."""
    known: dict[str, object] = {}

    @functools.wraps(count)
    async def counted(self: Any, **named: Any) -> Any:
        identity = named.get("deployment_id")
        place = self.model_id_to_deployment_index_map.get(identity)
        deployment = self.model_list[place] if place is not None and place < len(self.model_list) else None
        if deployment is not None and known.get(str(identity)) is deployment:
            return None
        found = await count(self, **named)
        if found is None and deployment is not None and named.get("rpm_increment", 0) > 0:
            known[str(identity)] = deployment
        return found

    return counted


def free(price: Any) -> Any:
    """Price an answer at once when its deployment is priced at nothing and nobody wants the details."""

    @functools.wraps(price)
    def priced(self: Any, result: Any, *positional: Any, **named: Any) -> Any:
        if _costs_nothing() and not is_heard(self):
            self.set_cost_breakdown(**NOTHING)  # some of LiteLLM's response headers come from it
            return 0.0
        return price(self, result, *positional, **named)

    return priced


def unheard(log: Any) -> Any:
    """Describe an answer to the callbacks only when there are any that listen."""

    @functools.wraps(log)
    async def logged(logging_obj: Any, *positional: Any, **named: Any) -> None:
        if current.get() is not None and not is_heard(logging_obj):
            logging_obj._restore_correlation_context()
            return
        await log(logging_obj, *positional, **named)

    return logged


def untold(tell: Any) -> Any:
    """Tell the callbacks of a whole stream only when there are any that listen."""

    @functools.wraps(tell)
    async def told(self: Any, *positional: Any, **named: Any) -> None:
        if current.get() is None or is_heard(self):
            await tell(self, *positional, **named)

    return told


def _costs_nothing() -> bool:
    request = current.get()
    if request is None or request.kind != "chat" or not request.policy.free:
        return False
    return not TOOLS & request.body.fields.keys() and "search" not in request.policy.upstream_model


def is_heard(logging: Any) -> bool:
    """Whether anybody would hear of this answer: the operator's callbacks, a cache, the database."""
    import litellm

    from one_adapter.runtime.host.circumstances import listening, present

    at = present()
    several = ("dynamic_success_callbacks", "dynamic_async_success_callbacks")
    own = [name for one in several for name in listening(getattr(logging, one, None) or ())]
    costs = litellm.cost_discount_config or litellm.cost_margin_config
    return bool(at.database or at.listeners or at.cache or at.budget or own or costs)
