from __future__ import annotations

from typing import Any

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.access import Keys
from one_adapter.runtime.settings import (
    KeyRule,
    Limit,
    ProxyRule,
    Settings,
    read_policy,
    read_settings,
)


class TestKeys:
    def test_a_key_of_two_rules_opens_the_models_of_both(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("a",)), KeyRule("B", ("b",)))), {"A": "k", "B": "k"})
        client = keys.identify([(b"x-api-key", b"k")])
        assert client is not None
        assert client.models == {"a", "b"}

    @pytest.mark.parametrize("value", ["", "  "])
    def test_an_unset_or_blank_variable_opens_nothing(self, value: str) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": value})
        assert keys.identify([(b"authorization", b"Bearer ")]) is None
        assert keys.identify([(b"authorization", b"Basic abc")]) is None

    def test_spaces_around_a_configured_key_do_not_matter(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": " k "})
        assert keys.identify([(b"authorization", b"bearer  k ")]) is not None

    def test_deepls_own_scheme_is_understood(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": "k"})
        assert keys.identify([(b"authorization", b"DeepL-Auth-Key k")]) is not None


class TestSettings:
    @pytest.mark.parametrize(
        ("value", "place"),
        [
            ("text", "one_adapter must be"),
            ({"version": 2}, "version must be 1"),
            ({"access": {"open": "yes"}}, "access.open"),
            ({"access": {"keys": [1]}}, "keys[0] must be"),
            ({"access": {"keys": [{"env": "A", "models": [1]}]}}, "keys[0].models"),
            ({"unlisted": "a"}, "unlisted"),
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
            ({"limit": {"kind": "tpm"}}, "limit.kind"),
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
        assert (policy.service, policy.limit, policy.timeout, policy.weight) == ("x", None, 0.0, 2.0)
        assert policy.upstream_model == "m"

    def test_a_policy_is_read_field_by_field(self) -> None:
        ours = {
            "limit": {"kind": "qpm", "per_window": 15, "wait_seconds": 30},
            "breaker": {"failures": 5, "recovery_seconds": 30, "probes": 1},
            "proxy": {"http_env": "P"},
            "query": {"tenant": 7},
        }
        policy = read_policy({"model_info": {"id": "x", "one_adapter": ours}})
        assert policy.limit == Limit("qpm", 15, 30, "service")
        assert policy.proxy == ProxyRule(http_env="P")
        assert policy.query == {"tenant": "7"}

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

    def test_translation_and_the_rest_are_read(self) -> None:
        found = read_settings({"translation": {"model": "m", "retry": 2}, "aliases": ["a"], "catch_all": ""})
        assert (found.translation.model, found.translation.retry, found.catch_all) == ("m", 2, "")
