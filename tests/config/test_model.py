"""What a configuration says, normalised as the gateway normalises it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from configurations import FEWER, gateway, only, written
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config import defaults
from one_adapter.config.document import parse
from one_adapter.config.model import Breaker, Limit, Proxy, Service, Translation
from one_adapter.config.reading import read_gateway, trim


def service(**fields: Any) -> Service:
    return gateway({"services": {"openai": [fields]}}).services[0]


def test_an_empty_configuration_has_the_gateways_defaults() -> None:
    found = gateway({})
    assert (found.server_port, found.debug, found.log_level, found.api_key) == ("", False, "", "")
    assert (found.load_balancing, found.enable_web, found.services, found.api_keys) == (
        "random",
        False,
        (),
        (),
    )
    assert found.proxy == Proxy("/proxy", "disabled", "", "", "", "", 30)
    assert found.circuit_breaker == Breaker("/circuit_breaker", True, 5, 30, 1)
    assert found.translation == Translation("/translation", False, "", 0, 0)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "5", '"x"', "{", '{"services": 5}', '{"services": {"openai": 1}}']
)
def test_what_is_no_configuration_has_no_services(text: str) -> None:
    assert read_gateway(parse(text.encode(), "c.json")).services == ()


def test_null_everywhere_is_the_same_as_nothing() -> None:
    names = ["server_port", "debug", "log_level", "proxy", "api_key", "load_balancing", "circuit_breaker"]
    names += ["multi_content_models", "model_redirect", "params_range", "services", "translation", "api_keys"]
    assert gateway(dict.fromkeys(names)) == gateway({})


def test_a_null_service_is_an_entry_that_is_switched_off() -> None:
    found = gateway({"services": {"openai": [None, {"models": ["a"], "enabled": True}]}}).services
    assert [(each.id, each.enabled, each.models) for each in found] == [
        ("openai-1", False, ()),
        ("openai-2", True, ("a",)),
    ]


def test_an_empty_entry_of_a_yaml_list_is_left_out() -> None:
    text = "services: {openai: [~, {models: [a], enabled: true}]}"
    found = read_gateway(parse(text.encode(), "config.yaml")).services
    assert [(each.id, each.index, each.pointer) for each in found] == [("openai-1", 1, "/services/openai/1")]


def test_strings_are_trimmed_and_choices_lower_cased() -> None:
    found = gateway(
        {
            "server_port": " :80 ",
            "log_level": " ERROR ",
            "load_balancing": " RR ",
            "proxy": {"strategy": " All ", "type": "SOCKS5\t", "socks5_proxy": " p:1 "},
            "api_key": " sk ",
            "api_keys": [{"api_key": " one\u3000"}],
            "translation": {"promptTemplate": " keep "},
        }
    )
    assert (found.server_port, found.log_level, found.load_balancing) == (":80", "error", "rr")
    assert (found.proxy.strategy, found.proxy.type, found.proxy.socks5_proxy) == ("all", "socks5", "p:1")
    assert found.api_keys[0].api_key == " one\u3000", "keys are compared as they stand"
    assert found.api_key == " sk "
    assert found.translation.prompt_template == " keep "


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2003", "\x85", "\v\f\r\n\t "])
def test_any_white_space_of_unicode_is_trimmed(blank: str) -> None:
    assert trim(f"{blank}a b{blank}") == "a b"


@pytest.mark.parametrize("kept", ["\u200b", "\ufeff", "\x1c", "\x1f"])
def test_what_go_does_not_call_white_space_stays(kept: str) -> None:
    assert trim(f"{kept}a{kept}") == f"{kept}a{kept}"


def test_model_names_are_trimmed_freed_of_blanks_and_repeats_in_order() -> None:
    found = service(models=[" b ", "", "a", None, "b", "  ", "A"], embedding_models=["e", " e"])
    assert found.models == ("b", "a", "A")
    assert found.embedding_models == ("e",)


def test_redirects_and_maps_are_taken_as_they_stand() -> None:
    found = service(
        model_redirect={" a ": " b ", "c": None}, model_map={"": "x"}, reasoning_models={"m": "r1"}
    )
    assert found.model_redirect == {" a ": " b ", "c": ""}
    assert found.model_map == {"": "x"}
    assert found.reasoning_models == {"m": "r1"}


def test_ids_are_made_of_type_and_place() -> None:
    config = {"services": {"openai": [{"id": " mine "}, {"id": "  "}, {}], "zhipu": [{}]}}
    assert [each.id for each in gateway(config).services] == ["mine", "openai-2", "openai-3", "zhipu-1"]


def test_services_stand_in_the_order_of_the_file_with_their_pointers() -> None:
    config = {"SERVICES": {"zhipu": [{}], "a/b": [{}, {}]}}
    assert [(each.pointer, each.type, each.index) for each in gateway(config).services] == [
        ("/SERVICES/zhipu/0", "zhipu", 0),
        ("/SERVICES/a~1b/0", "a/b", 0),
        ("/SERVICES/a~1b/1", "a/b", 1),
    ]


def test_pointers_have_the_keys_as_written() -> None:
    found = gateway(
        {"Proxy": {}, "API_keys": [{}], "services": {"openai": [{"Limit": {}, "EMBEDDING_limit": None}]}}
    )
    assert found.proxy.pointer == "/Proxy"
    assert found.api_keys[0].pointer == "/API_keys/0"
    assert found.services[0].limit.pointer == "/services/openai/0/Limit"
    assert found.services[0].embedding_limit.pointer == "/services/openai/0/EMBEDDING_limit"


@pytest.mark.parametrize("kind", defaults.SERVICE_TYPES)
def test_an_enabled_service_without_models_has_its_types_default_models(kind: str) -> None:
    expected = defaults.DEFAULT_MODELS.get(kind, ())
    found = gateway(only(kind, models=["", " "], embedding_models=["e"])).services[0]
    assert found.models == expected
    assert found.default_models == bool(expected)


def test_default_models_are_for_services_that_are_on_and_list_none() -> None:
    assert gateway({"services": {"zhipu": [{}]}}).services[0].models == ()
    assert gateway(only("zhipu", models=["glm-x"])).services[0].models == ("glm-x",)


def test_limits_are_read_as_numbers() -> None:
    found = service(limit={"qps": 0.5, "rpm": 60, "timeout": 7, "QPM": 3}, embedding_limit={"concurrency": 2})
    assert found.limit == Limit("/services/openai/0/limit", qps=0.5, qpm=3, rpm=60, timeout=7)
    assert found.embedding_limit.concurrency == 2
    assert service().limit == Limit("/services/openai/0/limit")


@pytest.mark.parametrize(("given_value", "seconds"), [(None, 30), (0, 30), (7, 7), ("7", 30)])
def test_a_service_without_timeout_has_thirty_seconds(given_value: object, seconds: int) -> None:
    assert service(timeout=given_value).timeout == seconds


@pytest.mark.parametrize(("given_value", "seconds"), [(None, 30), (0, 30), (-5, 30), (9, 9)])
def test_a_proxy_timeout_that_is_not_above_zero_is_thirty_seconds(given_value: object, seconds: int) -> None:
    assert gateway({"proxy": {"timeout": given_value}}).proxy.timeout == seconds


def test_zero_in_the_circuit_breaker_is_the_default() -> None:
    zeros = {"failure_threshold": 0, "recovery_timeout_seconds": 0, "half_open_max_requests": 0}
    assert gateway({"circuit_breaker": zeros}).circuit_breaker == gateway({}).circuit_breaker
    given_all = {
        "enabled": False,
        "failure_threshold": 2,
        "recovery_timeout_seconds": 3,
        "half_open_max_requests": 4,
    }
    assert gateway({"circuit_breaker": given_all}).circuit_breaker == Breaker(
        "/circuit_breaker", False, 2, 3, 4
    )


def test_a_credential_list_stands_instead_of_the_credentials() -> None:
    one, two = {"api_key": "1"}, {"api_key": "2"}
    assert service(credentials=one).each_credential == (one,)
    assert service(credentials=one, credential_list=[]).each_credential == (one,)
    assert service(credentials=one, credential_list=[two, None]).each_credential == (two, {})
    assert service().each_credential == ({},)
    assert service(credentials="sk").each_credential == ({},)


@pytest.mark.parametrize("given_value", [True, False, None])
def test_use_proxy_may_be_left_open(given_value: bool | None) -> None:
    assert service(use_proxy=given_value).use_proxy is given_value


def test_client_keys_list_their_models_under_any_service() -> None:
    config = {"api_keys": [{"api_key": "k", "supported_models": {"s": [" a ", "a", ""], "t": None}}, None]}
    found = gateway(config).api_keys
    assert [(each.api_key, each.supported_models) for each in found] == [
        ("k", {"s": ("a",), "t": ()}),
        ("", {}),
    ]


def test_yaml_means_the_same_as_json() -> None:
    text = """
services:
  openai:
    - models: [1, true, gpt-4o]
      enabled: on
      use_proxy: no
      timeout: 7.0
      credentials: {api_key: 12345}
translation: {prompt_template: x, retry: 1}
api_key: 0x10
"""
    found = read_gateway(parse(text.encode(), "c.yaml"))
    one = found.services[0]
    assert (one.models, one.enabled, one.use_proxy, one.timeout) == (("1", "true", "gpt-4o"), True, False, 7)
    assert one.credentials == {"api_key": 12345}
    assert (found.translation.prompt_template, found.translation.retry) == ("x", 1)
    assert found.api_key == "0x10"


def test_yaml_keys_in_another_case_mean_nothing() -> None:
    assert read_gateway(parse(b"Services: {openai: [{enabled: true}]}", "c.yaml")).services == ()


@FEWER
@given(written())
def test_any_configuration_the_gateway_accepts_is_read(file: tuple[bytes, str]) -> None:
    found = read_gateway(parse(*file))
    for each in found.services:
        assert all(model == trim(model) != "" for model in (*each.models, *each.embedding_models))
        assert each.id
        assert each.timeout > 0


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "", "openai", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "services",
                    "openai",
                    "models",
                    "limit",
                    "proxy",
                    "api_keys",
                    "supported_models",
                    "model_redirect",
                    "credentials",
                    "credential_list",
                    "translation",
                    "circuit_breaker",
                    "timeout",
                    "qps",
                    "enabled",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(LOOSE)
def test_values_of_the_wrong_type_count_as_absent(tree: object) -> None:
    root = {"services": {"openai": [tree, tree]}, "proxy": tree, "api_keys": [tree], "model_redirect": tree}
    for config in (tree, root):
        found = read_gateway(parse(json.dumps(config).encode(), "c.json"))
        assert all(isinstance(each.models, tuple) for each in found.services)
