from __future__ import annotations

from typing import Any

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.settings import (
    Limit,
    LimitRules,
    ProxyRule,
    read_policy,
    read_settings,
)


class TestSettings:
    @pytest.mark.parametrize(
        ("value", "place"),
        [
            ("text", "one_adapter must be"),
            ({"version": 3}, "version must be 2, not 3."),
            (
                {"version": 1},
                "version must be 2, not 1: an earlier one-adapter exported this file, so export it again.",
            ),
            ({"gateway": "0.11"}, "gateway must be one of 0.10, 0.12, not '0.11'"),
            ({"access": {"open": "yes"}}, "access.open"),
            ({"access": {"keys": [1]}}, "keys[0] must be"),
            ({"access": {"keys": [{"env": "A", "models": [1]}]}}, "keys[0].models"),
            ({"unlisted": "a"}, "unlisted"),
            ({"keys_off": ["m"]}, "keys_off must be a mapping"),
            ({"keys_off": {"m": 1}}, "keys_off.m"),
            ({"translation": {"concurrency": True}}, "translation.concurrency"),
        ],
    )
    def test_a_wrong_value_is_an_error_that_names_its_place(self, value: Any, place: str) -> None:
        with pytest.raises(OneAdapterError) as problem:
            read_settings(value)
        assert place in str(problem.value)

    @pytest.mark.parametrize(
        ("ours", "place"),
        [
            ({"order": "sideways"}, "order must be one of"),
            ({"guards": ["x"]}, "guards knows"),
            ({"limits": [1]}, "limits must be a mapping"),
            ({"limits": {"service": {"qps": "2"}}}, "limits.service.qps must be"),
            ({"limits": {"service": {"tpm": -1}}}, "limits.service.tpm must be 0 or more"),
            ({"limits": {"credential": {"qpm": float("inf")}}}, "limits.credential.qpm must be 0 or more"),
            ({"limits": {"credential": {"qpm": float("nan")}}}, "limits.credential.qpm must be 0 or more"),
            ({"limits": {"service_models": {"m": 3}}}, "limits.service_models.m must be a mapping"),
            ({"limits": {"credential_models": 3}}, "limits.credential_models must be a mapping"),
            ({"places": "0"}, "places must be list"),
            ({"places": [True]}, "places must be a list of whole numbers"),
            ({"timeout": "30"}, "timeout must be"),
        ],
    )
    def test_a_wrong_policy_names_the_deployment(self, ours: dict[str, Any], place: str) -> None:
        with pytest.raises(OneAdapterError) as problem:
            read_policy({"model_info": {"id": "d1", "one_adapter": ours}})
        assert place in str(problem.value)
        assert "d1" in str(problem.value)

    def test_an_entry_of_the_owners_own_has_a_policy_that_changes_nothing(self) -> None:
        policy = read_policy(
            {"litellm_params": {"model": "openai/m", "weight": 2}, "model_info": {"id": "x"}}
        )
        assert (policy.service, policy.limits, policy.timeout, policy.weight) == ("x", None, 0.0, 2.0)
        assert (policy.key, policy.places, policy.redirected) == ("", (), "")
        assert policy.upstream_model == "m"

    def test_a_policy_is_read_field_by_field(self) -> None:
        ours = {
            "key": "key-1",
            "places": [0, 2],
            "order": "hash",
            "redirected": "r",
            "limits": {
                "credential": {"qps": 0.5, "concurrency": 2},
                "credential_models": {"m": {"tpm": 1000}, "none": {"qps": 0}},
                "service_models": {"n": {"qpm": 3}},
                "service": {"qpm": 15, "wait_seconds": 30},
                "embeddings": {"qpm": 4, "wait_seconds": 9},
            },
            "breaker": {"failures": 5, "recovery_seconds": 30, "probes": 1},
            "proxy": {"http_env": "P"},
            "query": {"tenant": 7},
        }
        policy = read_policy({"model_info": {"id": "x", "one_adapter": ours}})
        assert policy.limits == LimitRules(
            credential=Limit(qps=0.5, concurrency=2),
            credential_models={"m": Limit(tpm=1000)},
            service_models={"n": Limit(qpm=3)},
            service=Limit(qpm=15, wait_seconds=30),
            embeddings=Limit(qpm=4, wait_seconds=9),
        )
        assert (policy.key, policy.places, policy.order, policy.redirected) == ("key-1", (0, 2), "hash", "r")
        assert policy.proxy == ProxyRule(http_env="P")
        assert policy.query == {"tenant": "7"}

    def test_limits_without_a_number_above_0_are_none(self) -> None:
        ours = {"limits": {"service": {"qps": 0, "wait_seconds": 5}, "service_models": {}}}
        assert read_policy({"model_info": {"id": "x", "one_adapter": ours}}).limits is None

    def test_the_gateway_is_todays_unless_the_file_names_another(self) -> None:
        assert [read_settings(value).dialect.version for value in (None, {}, {"gateway": "0.10"})] == [
            "0.12",
            "0.12",
            "0.10",
        ]

    @pytest.mark.parametrize(
        "entry", ["v1/files", "LINK /v1/files", "/v1/files?model=m", "/v1/*", "/v1/{id}", ""]
    )
    def test_a_route_that_is_no_exact_request_is_an_error_that_names_it(self, entry: str) -> None:
        with pytest.raises(OneAdapterError) as problem:
            read_settings({"routes": ["/v1/moderations", entry]})
        assert f"routes must hold paths, with a method before them or without, not {entry}." in str(
            problem.value
        )

    def test_a_route_is_for_post_unless_it_says_otherwise(self) -> None:
        found = read_settings({"routes": ["/v1/moderations", "GET /v1/batches"]})
        assert found.routes == {("POST", "/v1/moderations"), ("GET", "/v1/batches")}

    @pytest.mark.parametrize(
        ("addresses", "hosts"),
        [
            ({}, set()),
            ({"openapi_base": "https://open.example"}, set()),
            ({"api_base": "https://user:pw@API.example:8443/v1"}, {"api.example"}),
            (
                {"api_base": "http://[::1]:1/v1", "openapi_base": "https://open.example"},
                {"::1", "open.example"},
            ),
            ({"api_base": "https://bücher.example/v1"}, {"xn--bcher-kva.example"}),
        ],
    )
    def test_the_hosts_of_a_deployment_are_those_of_its_addresses(
        self, addresses: dict[str, str], hosts: set[str]
    ) -> None:
        policy = read_policy(
            {"litellm_params": {"model": "openai/m", **addresses}, "model_info": {"id": "x"}}
        )
        assert policy.hosts == hosts

    @pytest.mark.parametrize("host", ["[half", "\u00fc" * 70], ids=["half", "too long"])
    def test_an_address_that_is_none_is_one_sentence_that_does_not_tell_it(self, host: str) -> None:
        params = {"model": "openai/m", "api_base": f"http://user:pw@{host}/v1"}
        with pytest.raises(OneAdapterError) as problem:
            read_policy({"litellm_params": params, "model_info": {"id": "x"}})
        assert str(problem.value) == "The api_base of openai/m is no address."

    def test_translation_and_the_rest_are_read(self) -> None:
        found = read_settings({"translation": {"model": "m", "retry": 2}, "aliases": ["a"], "catch_all": ""})
        assert (found.translation.model, found.translation.retry, found.catch_all) == ("m", 2, "")

    def test_the_relay_is_off_where_nothing_is_said_of_it(self) -> None:
        assert [read_settings(value).relay for value in (None, {}, {"relay": False}, {"relay": True})] == [
            False,
            False,
            False,
            True,
        ]
        with pytest.raises(OneAdapterError, match=r"one_adapter\.relay must be bool"):
            read_settings({"relay": "yes"})

    def test_guards_are_kept_in_their_order(self) -> None:
        found = read_policy({"model_info": {"id": "x", "one_adapter": {"guards": ["groq", "glm"]}}})
        assert found.guards == ("groq", "glm")

    def test_of_two_names_for_a_model_the_embeddings_have_theirs(self) -> None:
        ours = {"upstream_model": "chat", "embedding_model": "vectors"}
        policy = read_policy({"model_info": {"id": "x", "one_adapter": ours}})
        assert [policy.model_for(kind) for kind in ("chat", "embeddings", "messages")] == [
            "chat",
            "vectors",
            "chat",
        ]
        assert read_policy({"litellm_params": {"model": "openai/m"}}).model_for("embeddings") == "m"

    @pytest.mark.parametrize(
        ("model", "info", "expected"),
        [
            ("openai/responses/a/b", {}, ("responses", "a/b")),
            ("openai/responses/a", {"mode": "responses"}, ("responses", "a")),
            ("openai/responses/%E9", {"one_adapter": {"upstream_model": "通"}}, ("responses", "通")),
            ("openai/responses/a", {"mode": "chat"}, ("openai", "responses/a")),
            ("openai/a", {"mode": "responses"}, ("responses", "a")),
            ("azure/responses/a", {}, ("", "a")),
        ],
    )
    def test_a_models_name_says_that_it_is_asked_by_the_responses_api(
        self, model: str, info: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        policy = read_policy({"litellm_params": {"model": model}, "model_info": info})
        assert (policy.protocol, policy.upstream_model) == expected
        assert policy.mode == "chat"
