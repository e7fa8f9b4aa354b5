"""The rules around the routes: limits, proxy, breaker, client keys, translation, address."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import openai, plan, service

from one_adapter.dialect import V0_10
from one_adapter.plan.limits import credential_limit_of, layers_of
from one_adapter.plan.types import (
    BreakerPolicy,
    ClientKeyPolicy,
    CredentialPolicy,
    LayerPolicies,
    LimitPolicy,
    ProxyPolicy,
    ServicePolicy,
    Translation,
)


def policy(config: dict[str, Any], **options: Any) -> ServicePolicy:
    return plan(config, **options).services[0]


def limits(found: ServicePolicy) -> tuple[LimitPolicy | None, ...]:
    return tuple(each.limit for each in found.credentials)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({}, None),
        ({"timeout": 5}, None),
        ({"qps": 0, "qpm": 0}, None),
        ({"qps": 2, "qpm": 3, "rpm": 4, "concurrency": 5}, LimitPolicy(qps=2, wait_seconds=120)),
        ({"qpm": 3, "rpm": 4, "concurrency": 5}, LimitPolicy(qpm=3, wait_seconds=120)),
        ({"rpm": 4, "concurrency": 5}, LimitPolicy(qpm=4, wait_seconds=120)),
        ({"concurrency": 5}, LimitPolicy(concurrency=5, wait_seconds=120)),
        ({"qps": 0, "concurrency": 5, "timeout": 7}, LimitPolicy(concurrency=5, wait_seconds=7)),
        ({"rpm": 0.5}, LimitPolicy(qpm=0.5, wait_seconds=120)),
    ],
)
def test_in_0_10_the_first_limit_above_zero_counts(
    limit: dict[str, float], expected: LimitPolicy | None
) -> None:
    assert policy(openai(service("m", limit=limit)), gateway=V0_10).limit == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({}, None),
        ({"timeout": 5}, None),
        ({"qps": 0, "tpm": 0}, None),
        ({"qps": 2, "qpm": 3, "rpm": 4, "concurrency": 5}, LimitPolicy(2, 3, 0, 5, 120)),
        ({"qpm": 4, "rpm": 3}, LimitPolicy(qpm=3, wait_seconds=120)),
        ({"rpm": 0.5, "tpm": 9000}, LimitPolicy(qpm=0.5, tpm=9000, wait_seconds=120)),
        ({"concurrency": 5, "timeout": 7}, LimitPolicy(concurrency=5, wait_seconds=7)),
    ],
)
def test_every_number_above_zero_counts_and_of_two_minutes_the_smaller(
    limit: dict[str, float], expected: LimitPolicy | None
) -> None:
    assert policy(openai(service("m", limit=limit))).limit == expected


def test_limits_by_model_are_kept_by_the_name_without_blanks_around_it() -> None:
    found = policy(openai(service("m", model_limits={" m ": {"tpm": 9}, "": {"qps": 1}, "n": {"qps": 0}})))
    assert found.model_limits == {"m": LimitPolicy(tpm=9)}


def test_a_key_has_its_id_its_state_and_limits_beside_those_of_the_service() -> None:
    keys = [{"id": "main", "name": "Main", "limit": {"qps": 1, "tpm": 5, "timeout": 2}}, {"enabled": False}]
    keys[1]["model_limits"] = {"m": {"rpm": 3}}
    found = policy(openai(service("m", credential_list=keys, limit={"rpm": 9})))
    assert found.limit == LimitPolicy(qpm=9, wait_seconds=120)
    assert found.credentials == (
        CredentialPolicy("main", "Main", True, LimitPolicy(qps=1, tpm=5, wait_seconds=2)),
        CredentialPolicy("key-2", "Key 2", False, None, {"m": LimitPolicy(qpm=3)}),
    )
    assert found.pooled
    assert not policy(openai(service("m"))).pooled


def test_layers_are_those_of_one_key_and_of_its_service() -> None:
    keys = [{"limit": {"qps": 1}}, {"model_limits": {"m": {"tpm": 2}}}]
    found = policy(openai(service("m", credential_list=keys, limit={"rpm": 3}, embedding_limit={"rpm": 4})))
    assert layers_of(found, 0) == LayerPolicies(
        credential=LimitPolicy(qps=1),
        service=LimitPolicy(qpm=3, wait_seconds=120),
        embeddings=LimitPolicy(qpm=4, wait_seconds=30),
    )
    assert layers_of(found, 1).credential_models == {"m": LimitPolicy(tpm=2)}
    assert layers_of(found, 1).credential is None


def test_an_embedding_limit_waits_thirty_seconds() -> None:
    found = policy(openai(service("m", embedding_limit={"rpm": 4})))
    assert found.embedding_limit == LimitPolicy(qpm=4, wait_seconds=30)
    assert policy(
        openai(service("m", embedding_limit={"rpm": 4, "timeout": 9}))
    ).embedding_limit == LimitPolicy(qpm=4, wait_seconds=9)


def test_in_0_10_credentials_have_limits_of_their_own() -> None:
    keys = [{"limit": {"rpm": 6}}, {"api_key": "k"}, {"limit": {"concurrency": 2, "timeout": 3}}]
    found = policy(openai(service("m", credential_list=keys)), gateway=V0_10)
    assert limits(found) == (
        LimitPolicy(qpm=6, wait_seconds=120),
        None,
        LimitPolicy(concurrency=2, wait_seconds=3),
    )
    single = openai(service("m", credentials={"limit": {"qps": 1}}))
    assert limits(policy(single, gateway=V0_10)) == (LimitPolicy(qps=1, wait_seconds=120),)


def test_in_0_10_a_services_limit_voids_those_of_its_credentials() -> None:
    config = openai(service("m", credentials={"limit": {"qps": 1}}, limit={"rpm": 9}))
    found = policy(config, gateway=V0_10)
    assert (found.limit, limits(found)) == (LimitPolicy(qpm=9, wait_seconds=120), (None,))


@pytest.mark.parametrize(
    "limit",
    [
        None,
        5,
        "6",
        [],
        {"rpm": "6"},
        {"rpm": True},
        {"rpm": None},
        {"RPM": 6},
        {"rpm": -6},
        {"rpm": float("inf")},
    ],
)
def test_a_credentials_limit_that_is_no_number_above_zero_is_none(limit: object) -> None:
    assert credential_limit_of({"limit": limit}) is None


def test_a_credentials_wait_that_is_no_number_is_the_default() -> None:
    assert credential_limit_of({"limit": {"rpm": 6, "timeout": "9"}}) == LimitPolicy(qpm=6, wait_seconds=120)


def test_a_services_timeout_is_thirty_seconds_unless_given() -> None:
    assert policy(openai(service("m"))).timeout == 30
    assert policy(openai(service("m", timeout=7))).timeout == 7


def test_only_services_that_are_on_have_a_policy() -> None:
    assert [each.id for each in plan(openai(service("m", enabled=False), service("m"))).services] == [
        "openai-2"
    ]


@pytest.mark.parametrize(
    ("strategy", "through"),
    [
        ("disabled", {True: False, False: False, None: False}),
        ("default", {True: True, False: False, None: False}),
        ("all", {True: True, False: False, None: True}),
        ("force_all", {True: True, False: True, None: True}),
    ],
)
def test_strategy_and_use_proxy_decide_together(strategy: str, through: dict[bool | None, bool]) -> None:
    proxy = {"strategy": strategy, "type": "http", "http_proxy": "http://p"}
    for use_proxy, expected in through.items():
        found = policy(openai(service("m", use_proxy=use_proxy), proxy=proxy))
        assert (found.proxy is not None) is expected


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ({"type": "http", "http_proxy": "http://p"}, ProxyPolicy(http=True)),
        ({"type": "http", "https_proxy": "http://p"}, ProxyPolicy(https=True)),
        (
            {"type": "HTTP", "http_proxy": "http://p", "https_proxy": "http://q"},
            ProxyPolicy(http=True, https=True),
        ),
        ({"type": "socks5", "socks5_proxy": "p:1", "http_proxy": "http://p"}, ProxyPolicy(socks5=True)),
    ],
)
def test_the_type_of_proxy_decides_which_addresses_count(
    proxy: dict[str, str], expected: ProxyPolicy
) -> None:
    config = openai(service("m"), proxy={"strategy": "force_all", **proxy})
    assert policy(config).proxy == expected


def test_the_breaker_is_on_unless_switched_off() -> None:
    assert plan({}).breaker == BreakerPolicy(5, 30, 1)
    given = {"failure_threshold": 2, "recovery_timeout_seconds": 3, "half_open_max_requests": 4}
    assert plan({"circuit_breaker": given}).breaker == BreakerPolicy(2, 3, 4)
    assert plan({"circuit_breaker": {"enabled": False, **given}}).breaker is None


def key(value: str, *models: str, under: str = "openai") -> dict[str, Any]:
    return {"api_key": value, "supported_models": {under: list(models)}}


EVERYTHING = ("*",)


@pytest.mark.parametrize(
    ("config", "is_open", "keys"),
    [
        ({}, True, []),
        ({"api_key": "  "}, True, []),
        ({"api_key": "k"}, False, [(None, EVERYTHING)]),
        ({"api_keys": [key("a", "m"), key("b", "*")]}, False, [(0, ("m",)), (1, EVERYTHING)]),
        ({"api_keys": [{"api_key": "a"}]}, False, [(0, ())]),
        ({"api_keys": [key("a", "m", "n", "m")]}, False, [(0, ("m", "n"))]),
        ({"api_keys": [key("a", "m", "*")]}, False, [(0, EVERYTHING)]),
        ({"api_keys": [key("a", "m*")]}, False, [(0, ("m*",))]),
        ({"api_key": "a", "api_keys": [key("a", "m"), key("b", "n")]}, False, [(None, ("m",))]),
        ({"api_key": " a ", "api_keys": [key("a", "m")]}, False, [(None, ("m",))]),
        ({"api_key": "z", "api_keys": [key("a", "m")]}, False, [(None, ())]),
        ({"api_keys": []}, True, []),
    ],
)
def test_who_may_call_what(
    config: dict[str, Any], is_open: bool, keys: list[tuple[int | None, tuple[str, ...]]]
) -> None:
    found = plan(config).access
    assert found.open is is_open
    assert found.keys == tuple(ClientKeyPolicy(index, models) for index, models in keys)


def test_models_of_a_key_are_gathered_from_all_services() -> None:
    supported = {"openai": ["a"], "whatever": ["b", "a"]}
    (found,) = plan({"api_keys": [{"api_key": "k", "supported_models": supported}]}).access.keys
    assert found.models == ("a", "b")


def test_translation_works_whether_or_not_it_is_switched_on() -> None:
    given = {"enable": False, "promptTemplate": "t", "retry": 2, "concurrency": 3}
    assert plan({"translation": given}).translation == Translation("t", 2, 3)
    assert plan({}).translation == Translation("", 0, 0)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (None, ("", 9090)),
        ("", ("", 9090)),
        (":8080", ("", 8080)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_the_address_to_listen_on(port: str | None, expected: tuple[str, int]) -> None:
    decided = plan({"server_port": port})
    assert (decided.host, decided.port) == expected


@pytest.mark.parametrize(
    ("config", "level"),
    [
        ({}, ""),
        ({"debug": True}, "debug"),
        ({"log_level": "WARN"}, "warn"),
        ({"debug": True, "log_level": "error"}, "error"),
    ],
)
def test_a_log_level_wins_over_debug(config: dict[str, Any], level: str) -> None:
    assert plan(config).log_level == level
