"""What a configuration leaves to the next: requests that hold it, numbers of limits, what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from one_adapter.dialect import V0_10
from one_adapter.runtime.gateway.config import Config, Uses, read_config
from one_adapter.runtime.gateway.layers import layers_of, numbers_of
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.pools import pools_of
from one_adapter.runtime.gateway.settings import BreakerRule, Limit, LimitRules, Policy

NUMBERS = Limit(concurrency=2)
RULES = LimitRules(
    credential=NUMBERS,
    credential_models={"m": NUMBERS},
    service_models={"m": NUMBERS},
    service=NUMBERS,
    embeddings=NUMBERS,
)


class TestUses:
    """How many requests hold a configuration."""

    def test_what_is_to_be_done_waits_for_the_last(self) -> None:
        uses, done = Uses(), list[str]()
        uses.count += 2
        uses.once_free(lambda: done.append("done"))
        uses.end()
        assert done == []
        uses.end()
        assert done == ["done"]

    def test_without_any_it_is_done_at_once(self) -> None:
        done: list[str] = []
        Uses().once_free(lambda: done.append("done"))
        assert done == ["done"]

    def test_where_nothing_is_to_be_done_an_end_does_nothing(self) -> None:
        uses = Uses()
        uses.count += 1
        uses.end()
        assert uses.count == 0


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
@pytest.mark.parametrize("dialect", [Config.empty().settings.dialect, V0_10])
def test_every_limit_that_a_request_has_is_among_those_that_are_renewed(kind: str, dialect: Any) -> None:
    policy = Policy("1", "s", upstream_model="up", key="k", limits=RULES)
    renewed = {layer.name: layer for layer in numbers_of(policy, dialect, 7)}
    asked = layers_of(policy, kind, "m", "m", dialect, 7)
    assert asked
    for layer in asked:
        assert renewed[layer.name]._replace(patience=layer.patience) == layer
        assert layer.generation == 7


def test_a_deployment_without_limits_renews_none() -> None:
    assert [*numbers_of(Policy("1", "s"), Config.empty().settings.dialect, 1)] == []


def test_what_is_remembered_of_services_that_are_gone_is_dropped_and_the_rest_stays() -> None:
    memory, rule = Memory(), BreakerRule(1, 60.0, 1)
    for owner in ("gone", "stays"):
        memory.breakers.failure((owner, "m"), rule, False, 0.0)
    policies = [
        Policy(str(n), service, credential=n, order="rr") for service in ("gone", "stays") for n in (0, 1)
    ]
    pools = pools_of(policies)
    for pool in pools:
        memory.rotation.order(pool)
    for group in ("old", "m"):
        memory.rotation.draw(group, pools)
    memory.forget({"m"}, {"stays"})
    assert memory.breakers.opened() == [("stays", "m")]
    assert [memory.rotation.order(pool)[0].credential for pool in pools] == [0, 1]
    assert [memory.rotation.draw(group, pools).service for group in ("old", "m")] == ["gone", "stays"]


def test_deployments_of_one_key_have_one_identity() -> None:
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}", "api_base": "https://a/v1", "api_key": "k"},
            "model_info": {"id": name, "one_adapter": {"service": "openai-1"}},
        }
        for name in ("m", "n")
    ]
    config = read_config(models, {"counted": ["openai-1"]}, None, {}, 3, "f00")
    first, second = config.policies.values()
    assert (first.owner, first.key_owner) == (second.owner, second.key_owner)
    assert (config.number, config.fingerprint) == (3, "f00")
