from __future__ import annotations

from typing import Any

import pytest

from one_adapter.dialect import V0_10, V0_12, Dialect
from one_adapter.runtime.gateway.layers import layers_of
from one_adapter.runtime.gateway.settings import Limit, LimitRules, Policy

ALL = LimitRules(
    credential=Limit(qps=1),
    credential_models={"m": Limit(qps=2)},
    service_models={"m": Limit(qps=3)},
    service=Limit(qps=4),
    embeddings=Limit(qps=5),
)


def policy(limits: LimitRules | None = ALL, **more: Any) -> Policy:
    return Policy(service="s", key="k", upstream_model="up", limits=limits, **more)


def names(one: Policy, kind: str = "chat", dialect: Dialect = V0_12, client: str = "m") -> list[str]:
    return [layer.name for layer in layers_of(one, kind, client, "group", dialect)]


@pytest.mark.parametrize("kind", ["chat", "messages", "responses"])
def test_a_chat_passes_the_limits_of_its_key_of_its_model_and_of_its_service(kind: str) -> None:
    layers = layers_of(policy(), kind, "m", "group", V0_12)
    assert [(layer.limit.qps, layer.of_key, layer.least, layer.refuses) for layer in layers] == [
        (1, True, 1, True),
        (2, True, 1, True),
        (3, False, 1, True),
        (4, False, 1, True),
    ]


def test_embeddings_pass_their_own_limit_in_place_of_the_services() -> None:
    layers = layers_of(policy(), "embeddings", "m", "group", V0_12)
    assert [(layer.limit.qps, layer.refuses) for layer in layers] == [
        (1, True),
        (2, True),
        (3, True),
        (5, True),
    ]


def test_an_earlier_gateway_has_one_layer_for_each_and_that_of_embeddings_only_delays() -> None:
    chats = layers_of(policy(LimitRules(credential=Limit(qps=0.5))), "chat", "m", "group", V0_10)
    assert [(layer.limit.qps, layer.of_key, layer.least) for layer in chats] == [(0.5, True, 0)]
    vectors = layers_of(policy(), "embeddings", "m", "group", V0_10)
    assert [(layer.limit.qps, layer.refuses) for layer in vectors] == [(5, False)]


def test_chats_have_more_patience_than_embeddings() -> None:
    waits = [
        {layer.patience for layer in layers_of(policy(), kind, "m", "m", V0_12)}
        for kind in ("chat", "embeddings")
    ]
    assert waits == [{120.0}, {30.0}]


def test_without_limits_there_are_no_layers() -> None:
    assert names(policy(None)) == []
    assert names(policy(LimitRules(embeddings=Limit(qps=1)))) == []


@pytest.mark.parametrize(
    ("limited", "found"),
    [
        (("client", "group", "redirected", "up"), "client"),
        (("up", "redirected", "group"), "group"),
        (("up", "redirected"), "redirected"),
        (("up",), "up"),
        (("Client", "*", ""), None),
    ],
)
def test_a_models_limit_is_the_first_under_its_names_on_the_way(
    limited: tuple[str, ...], found: str | None
) -> None:
    rules = LimitRules(service_models={name: Limit(qps=number + 1) for number, name in enumerate(limited)})
    one = policy(rules, redirected="redirected")
    layers = layers_of(one, "chat", "client", "group", V0_12)
    assert [layer.limit for layer in layers] == ([rules.service_models[found]] if found else [])


def test_names_that_lead_to_one_entry_share_its_limiter_and_different_entries_do_not() -> None:
    rules = LimitRules(service_models={"up": Limit(qps=1), "other": Limit(qps=1)})
    one, two = policy(rules), Policy(service="s", key="j", upstream_model="up", limits=rules)
    assert names(one, client="a") == names(two, client="b") != names(one, client="other")


def test_limiters_of_a_key_are_its_own_and_those_of_a_service_are_shared() -> None:
    one, two = policy(), Policy(service="s", key="j", limits=ALL)
    shared = set(names(one)) & set(names(two))
    assert shared == set(names(one)[2:])
    assert len({*names(one), *names(one, "embeddings")}) == 5


def test_keys_without_an_id_are_told_apart_by_their_place() -> None:
    ones = [Policy(service="s", credential=place, limits=ALL) for place in (0, 1)]
    assert names(ones[0])[0] != names(ones[1])[0]


def test_no_name_of_a_key_or_model_is_taken_for_another_layer() -> None:
    odd = LimitRules(credential=Limit(qps=1), service_models={"credential": Limit(qps=1)})
    every = [Policy(service="s", key=key, limits=odd) for key in ("service_models", "service", "key")]
    found = [name for one in every for name in names(one, client="credential")]
    assert len(set(found)) == 4  # three keys', and the one of the model that they share


@pytest.mark.parametrize(("dialect", "same"), [(V0_10, False), (V0_12, True)])
def test_embeddings_share_a_limit_in_the_service_or_have_one_for_each_model(
    dialect: Dialect, same: bool
) -> None:
    ones = [Policy(service="s", upstream_model=up, limits=ALL) for up in ("a", "b")]
    first, second = (names(one, "embeddings", dialect, client="x")[-1] for one in ones)
    assert (first == second) is same
