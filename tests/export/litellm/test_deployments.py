"""The exported deployments: read back from the YAML, they are the plan again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from configurations import FEWER, gateway, only, openai, plan, service, written
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import V0_10, V0_12
from one_adapter.export.litellm.deployments import quote_name, weights
from one_adapter.export.litellm.groups import groups_of
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decisions_on
from one_adapter.plan.types import Plan
from one_adapter.plan.understanding import Understanding
from one_adapter.plan.vendors import Options

ROOT = Path(__file__).resolve().parents[3]


def exported(config: dict[str, Any], *, pure: bool = False, **options: Any) -> dict[str, Any]:
    decided = plan(config, **options)
    loaded: dict[str, Any] = yaml.safe_load(proxy_config(decided, secrets_of(gateway(config), decided), pure))
    return loaded


def deployments(config: dict[str, Any], name: str, **options: Any) -> list[dict[str, Any]]:
    return [each for each in exported(config, **options)["model_list"] or [] if each["model_name"] == name]


def ours(config: dict[str, Any], name: str = "m") -> dict[str, Any]:
    (one,) = deployments(config, name)
    found: dict[str, Any] = one["model_info"]["one_adapter"]
    return found


Shares = dict[tuple[str, str, str, int, str], float]


def kind(entry: dict[str, Any]) -> str:
    """What a deployment is for; LiteLLM answers chats through the responses route too."""
    mode: str = entry["model_info"].get("mode", "chat")
    return "chat" if mode == "responses" else mode


def read_back(entries: list[dict[str, Any]]) -> Shares:
    """(name, mode, service, credential, upstream name) -> share, from the exported file alone."""
    totals: Counter[tuple[str, str]] = Counter()
    for each in entries:
        totals[each["model_name"], kind(each)] += each["litellm_params"].get("weight", 1)
    found: Counter[tuple[str, str, str, int, str]] = Counter()
    for each in entries:
        info = each["model_info"]
        model = each["litellm_params"]["model"].partition("/")[2]
        name = info["one_adapter"].get("upstream_model", model.removeprefix("responses/"))
        share = each["litellm_params"].get("weight", 1) / totals[each["model_name"], kind(each)]
        place = (info["one_adapter"]["service"], info["one_adapter"]["credential"])
        found[(each["model_name"], kind(each), *place, name)] += share
    return dict(found)


def planned(decided: Plan) -> Shares:
    found: Counter[tuple[str, str, str, int, str]] = Counter()
    for group in groups_of(decided):
        for each in group.targets:
            name = each.upstream.name.removeprefix("responses/")
            found[group.name, group.mode, each.service, each.credential, name] += float(each.share)
    return dict(found)


@FEWER
@given(written(), st.sampled_from(["smart", "literal"]), st.sampled_from(["websocket", "http"]))
def test_the_deployments_read_back_give_the_plans_shares_again(
    file: tuple[bytes, str], redirects: str, spark: str
) -> None:
    config = read_gateway(parse(*file))
    decided = decisions_on(Understanding(config, Options(redirects, spark)))
    text = proxy_config(decided, secrets_of(config, decided))
    entries = yaml.safe_load(text)["model_list"] or []
    assert read_back(entries) == pytest.approx(planned(decided), abs=1e-6)
    ids = [each["model_info"]["id"] for each in entries]
    assert len(set(ids)) == len(ids)
    for each in entries:
        parameters = each["litellm_params"]
        assert parameters["model"].isascii()
        assert each["model_info"]["id"].isascii()
        assert "*" not in each["model_name"]
        assert "*" not in parameters["model"]
    assert text == proxy_config(
        decisions_on(Understanding(config, Options(redirects, spark))), secrets_of(config, decided)
    )


@FEWER
@given(written())
def test_what_stock_litellm_gets_holds_nothing_of_ours(file: tuple[bytes, str]) -> None:
    config = read_gateway(parse(*file))
    decided = decisions_on(Understanding(config, Options()))
    text = proxy_config(decided, secrets_of(config, decided), pure=True)
    settings = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert "one_adapter." not in settings
    assert "one_adapter:" not in settings
    assert "custom_provider_map" not in settings


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (["1/2", "1/2"], [1, 1]),
        (["3/4", "1/4"], [3, 1]),
        (["1/3", "1/6", "1/2"], [2, 1, 3]),
        (["1", "0"], [1, 0]),
        (["1/1000003", "1000002/1000003"], [0.000001, 0.999999]),
    ],
)
def test_weights_are_small_whole_numbers_where_they_can_be(shares: list[str], expected: list[float]) -> None:
    found = weights([Fraction(share) for share in shares])
    assert found == pytest.approx(expected, rel=1e-4)
    assert [type(one) for one in found] == [type(one) for one in expected]


def test_a_spare_has_no_weight_and_says_its_order() -> None:
    found = deployments(openai(service("m"), service("m"), load_balancing="first"), "m")
    assert [each["litellm_params"]["weight"] for each in found] == [1, 0]
    assert [each["model_info"]["one_adapter"]["order"] for each in found] == ["first", "first"]


def test_a_rotation_says_how_many_turns_a_service_has() -> None:
    config = openai(
        service("u1", "x", model_redirect={"nick": "u1"}),
        service("u2", model_redirect={"nick": "u2"}),
        load_balancing="rr",
    )
    found = deployments(config, "nick")
    assert [each["model_info"]["one_adapter"].get("turns") for each in found] == [2, None]
    assert [each["litellm_params"]["weight"] for each in found] == [2, 1]


def test_a_single_deployment_has_neither_weight_nor_order() -> None:
    (found,) = deployments(openai(service("m")), "m")
    assert "weight" not in found["litellm_params"]
    assert "order" not in found["model_info"]["one_adapter"]


def test_a_global_redirect_takes_the_turns_of_the_name_it_leads_to() -> None:
    config = openai(service("m"), service("m"), model_redirect={"far": "m"})
    for word, expected in (("rr", "m"), ("hash", "m"), ("random", None), ("first", None)):
        (found, *_) = deployments({**config, "load_balancing": word}, "far")
        assert found["model_info"]["one_adapter"].get("alias_of") == expected
        (found, *_) = deployments({**config, "load_balancing": word}, "m")
        assert "alias_of" not in found["model_info"]["one_adapter"]


def test_keys_take_their_turns_under_the_model_random_too() -> None:
    config = openai(service("m", credential_list=[{"api_key": "a"}, {"api_key": "b"}]), load_balancing="rr")
    for version, expected in ((V0_12, "rr"), (V0_10, None)):
        (found, _) = deployments(config, "random", gateway=version)
        ours = found["model_info"]["one_adapter"]
        assert (ours["order"], ours.get("key_order")) == ("random", expected)
    for word in ("first", "hash", "random"):
        (found, _) = deployments({**config, "load_balancing": word}, "random")
        assert "key_order" not in found["model_info"]["one_adapter"]


def test_keys_say_who_they_are_and_whose_turns_they_take() -> None:
    keys = [{"id": "main"}, {"enabled": False}, {"limit": {"rpm": 4, "qpm": 3, "timeout": 2}}]
    found = [
        each["model_info"]["one_adapter"]
        for each in deployments(openai(service("m", credential_list=keys)), "m")
    ]
    assert [(each["credential"], each["key"], each["places"]) for each in found] == [
        (0, "main", [0]),
        (2, "key-3", [1, 2]),
    ]
    assert [each.get("limits") for each in found] == [None, {"credential": {"qpm": 3, "wait_seconds": 2}}]
    assert "places" not in ours(openai(service("m", credential_list=[{"id": "lone"}])))


@pytest.mark.parametrize(
    ("name", "limits", "redirected"),
    [
        ("m", {"m": {"rpm": 1}}, None),
        ("nick", {"r": {"rpm": 2}}, "r"),
        ("far", {"nick": {"rpm": 3}}, "nick"),
    ],
)
def test_limits_of_a_model_are_those_its_names_find(
    name: str, limits: dict[str, Any], redirected: str | None
) -> None:
    config = openai(
        service("m", "r", model_redirect={"nick": "r"}, model_map={"r": "up"}, model_limits=limits),
        model_redirect={"far": "nick"},
    )
    (found,) = deployments(config, name)
    written = found["model_info"]["one_adapter"]
    assert written["limits"] == {
        "service_models": {key: {"qpm": limit["rpm"]} for key, limit in limits.items()}
    }
    assert written.get("redirected") == redirected
    other = ours({**config, "services": {"openai": [service("m", "r", "x", model_limits=limits)]}}, "x")
    assert "limits" not in other


def test_where_any_name_is_answered_all_limits_of_models_are_there() -> None:
    limits = {"m": {"rpm": 1}, "whatever": {"rpm": 2}}
    config = openai(service("m", model_limits=limits), model_redirect={"all": "m"})
    assert set(ours(config)["limits"]["service_models"]) == {"m", "whatever"}


def test_two_limits_that_one_more_name_cannot_find_stand_under_the_groups_name() -> None:
    key = {"api_key": "k", "model_limits": {"nick": {"rpm": 1}}}
    redirects = {"nick": "r"}
    limited = service(
        "m", credentials=key, model_redirect=redirects, model_map={"r": "up"}, model_limits={"r": {"rpm": 2}}
    )
    (found,) = deployments(openai(limited, model_redirect={"far": "nick"}), "far")
    written = found["model_info"]["one_adapter"]
    assert written["redirected"] == "nick"
    assert written["limits"] == {
        "credential_models": {"nick": {"qpm": 1}},
        "service_models": {"far": {"qpm": 2}},
    }


def test_a_keyless_upstream_gets_a_word_instead_of_somebody_elses_key() -> None:
    (found,) = deployments(openai(service("m", credentials={})), "m")
    assert found["litellm_params"]["api_key"] == "none"
    (found,) = deployments(only("ollama", models=["m"]), "m")
    assert "api_key" not in found["litellm_params"]


def test_an_address_with_a_password_is_a_reference() -> None:
    (found,) = deployments(openai(service("m", server_url="http://me:pw@h.example/v1")), "m")
    assert found["litellm_params"]["api_base"] == "os.environ/SOA_OPENAI_1_ADDRESS"


def test_an_adapter_is_told_where_its_credentials_and_its_proxy_are() -> None:
    proxy = {"strategy": "force_all", "type": "socks5", "socks5_proxy": "p:1"}
    config = {**only("dify", models=["m"], credentials={"api_key": "k"}), "proxy": proxy}
    (found,) = deployments(config, "m")
    parameters = found["litellm_params"]
    assert (parameters["credential_env"], parameters["proxy_env"]) == ("SOA_DIFY_1", "SOA_PROXY_SOCKS5")
    handlers = exported(config)["litellm_settings"]["custom_provider_map"]
    assert handlers == [{"provider": "dify", "custom_handler": "one_adapter.providers.dify.handler"}]


def test_adapters_are_loaded_only_when_used() -> None:
    assert "custom_provider_map" not in exported(openai(service("m")))["litellm_settings"]


def test_limits_breaker_and_proxy_stand_beside_the_deployment() -> None:
    proxy = {"strategy": "force_all", "type": "http", "http_proxy": "http://p", "https_proxy": "http://q"}
    found = ours(openai(service("m", limit={"rpm": 5}, timeout=9), proxy=proxy))
    assert found["limits"] == {"service": {"qpm": 5, "wait_seconds": 120}}
    assert found["breaker"] == {"failures": 5, "recovery_seconds": 30, "probes": 1}
    assert found["proxy"] == {"http_env": "SOA_PROXY_HTTP", "https_env": "SOA_PROXY_HTTPS"}
    assert found["timeout"] == 9


def test_without_a_breaker_there_is_none() -> None:
    assert "breaker" not in ours(openai(service("m"), circuit_breaker={"enabled": False}))


def test_a_credentials_own_limit_stands_at_its_deployment_alone() -> None:
    keys = [{"api_key": "a", "limit": {"qps": 2}}, {"api_key": "b"}]
    found = deployments(openai(service("m", credential_list=keys)), "m")
    limits = [each["model_info"]["one_adapter"].get("limits") for each in found]
    assert limits == [{"credential": {"qps": 2}}, None]


@pytest.mark.parametrize(("kind", "there"), [("openai", True), ("claude", False)])
def test_an_embedding_limit_is_for_types_that_embed(kind: str, there: bool) -> None:
    config = only(kind, models=["m"], embedding_limit={"rpm": 5}, server_url="https://v.example/v1")
    assert ("embeddings" in ours(config).get("limits", {})) is there


def test_query_guards_and_flattening_are_told() -> None:
    found = ours(only("groq", models=["m"], server_url="https://v.example/v1?tenant=7"))
    assert (found["query"], found["guards"], found["flatten_parts"]) == ({"tenant": "7"}, ["groq"], True)


def test_embeddings_that_ask_for_another_model_say_which() -> None:
    assert ours(openai(service("m", model_map={"m": "mapped"})))["embedding_model"] == "m"
    assert "embedding_model" not in ours(openai(service("m")))


def test_a_name_that_cannot_embed_says_so() -> None:
    assert ours(only("claude", models=["m"]))["embeddings"] is False
    assert "embeddings" not in ours(openai(service("m")))


def test_of_several_services_under_a_name_only_some_may_embed() -> None:
    config = openai(service("m"))
    config["services"]["claude"] = [service("m")]
    found = {
        each["model_info"]["one_adapter"]["service"]: each["model_info"]["one_adapter"]
        for each in deployments(config, "m")
    }
    assert "embeddings" not in found["openai-1"]
    assert found["claude-1"]["embeddings"] is False


def test_embeddings_that_go_elsewhere_have_deployments_of_their_own() -> None:
    found = deployments(only("openai", models=["glm-4"], credentials={"api_key": "k"}), "glm-4")
    assert [(each["model_info"]["mode"], each["litellm_params"]["api_base"]) for each in found] == [
        ("chat", "https://open.bigmodel.cn/api/paas/v4"),
        ("embedding", "https://api.openai.com/v1"),
    ]


@pytest.mark.parametrize("name", ["文心一言", "smile 🙂", "tab\there", "a*b"])
def test_an_upstream_name_litellm_cannot_carry_is_quoted_and_told_in_full(name: str) -> None:
    (found,) = deployments(openai(service("m", model_redirect={"m": name})), "m")
    assert found["litellm_params"]["model"] == f"openai/{quote_name(name)}"
    assert found["model_info"]["one_adapter"]["upstream_model"] == name
    assert unquote(quote_name(name)) == name


def test_names_with_an_asterisk_are_left_out() -> None:
    config = openai(service("gpt-*", "m", model_redirect={"*": "m"}))
    names = {each["model_name"] for each in exported(config)["model_list"]}
    assert names == {"m", "random"}
    assert "gpt-*" not in str(exported(config)["general_settings"])


def test_policies_that_are_the_same_stand_once() -> None:
    config = openai(service(*[f"m{number}" for number in range(9)]))
    decided = plan(config)
    text = proxy_config(decided, secrets_of(gateway(config), decided))
    assert text.count("*openai-1\n") == 8
    entries = yaml.safe_load(text)["model_list"]
    assert (
        len({str(each["model_info"]["one_adapter"]) for each in entries if each["model_name"] != "random"})
        == 1
    )


def test_services_whose_ids_differ_in_a_dot_have_anchors_of_their_own() -> None:
    found = exported(openai(service("m", id="a.b", timeout=1), service("n", id="a_b", timeout=2)))[
        "model_list"
    ]
    assert {each["model_name"]: each["model_info"]["one_adapter"]["timeout"] for each in found[:2]} == {
        "m": 1,
        "n": 2,
    }


def test_an_anchor_with_a_number_is_not_taken_for_another_services() -> None:
    config = openai(
        service("m", id="a-2", timeout=1),
        service("n", id="a", timeout=2),
        service("o", "n", id="a-3", timeout=3),
    )
    found = {
        (each["model_name"], each["model_info"]["one_adapter"]["service"]): each["model_info"]["one_adapter"][
            "timeout"
        ]
        for each in exported(config)["model_list"]
    }
    assert all(seconds == {"a-2": 1, "a": 2, "a-3": 3}[name] for (_, name), seconds in found.items())
    assert ("n", "a") in found
    assert ("n", "a-3") in found


def test_the_pure_file_leaves_out_what_needs_an_adapter() -> None:
    config = {"services": {"dify": [service("d")], "openai": [service("gpt-4o")]}}
    names = [each["model_name"] for each in exported(config, pure=True)["model_list"]]
    assert "d" not in names
    assert "gpt-4o" in names


def test_the_pure_file_has_litellms_cooldown_for_the_breaker() -> None:
    config = openai(service("m"), circuit_breaker={"failure_threshold": 4, "recovery_timeout_seconds": 9})
    router = exported(config, pure=True)["router_settings"]
    assert (router["allowed_fails"], router["cooldown_time"]) == (3, 9)
    off = openai(service("m"), circuit_breaker={"enabled": False})
    assert exported(off, pure=True)["router_settings"]["disable_cooldowns"] is True


def test_settings_for_the_whole_proxy() -> None:
    config = openai(
        service("m", embedding_models=["e"]),
        api_keys=[{"api_key": "a", "supported_models": {"x": ["m"]}}],
        model_redirect={"all": "m"},
        translation={"promptTemplate": "t", "retry": 1, "concurrency": 2},
    )
    found = exported(config)
    assert found["general_settings"]["one_adapter"] == {
        "version": 2,
        "gateway": "0.12",
        "relay": True,
        "catch_all": "m",
        "unlisted": ["e", "random"],
        "access": {"open": False, "keys": [{"env": "SOA_CLIENT_KEY_1", "models": ["m"]}]},
        "translation": {"model": "random", "prompt_template": "t", "retry": 1, "concurrency": 2},
    }
    assert found["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    assert found["router_settings"]["num_retries"] == found["litellm_settings"]["num_retries"] == 0


def test_names_whose_keys_are_all_off_are_written_with_whose_they_are() -> None:
    config = openai(
        service(
            "m",
            "n",
            provider="acme",
            credential_list=[{"enabled": False}],
            model_redirect={"short": "m", "*": "m"},
        ),
        service("n"),
        model_redirect={"alias": "m"},
    )
    found = exported(config)["general_settings"]["one_adapter"]
    assert found["keys_off"] == {"m": "acme", "short": "acme", "alias": "acme"}
    assert found["unlisted"] == ["m", "random", "alias"]
    assert found["aliases"] == ["alias"]


def test_all_to_nothing_makes_every_name_unknown() -> None:
    config = openai(service("m"), model_redirect={"all": "gone"})
    assert exported(config)["general_settings"]["one_adapter"]["catch_all"] == ""


def test_nothing_configured_is_an_empty_list_of_models() -> None:
    found = exported({})
    assert found["model_list"] == []
    assert found["general_settings"]["one_adapter"]["access"] == {"open": True, "keys": []}


@pytest.mark.slow
def test_every_process_writes_the_same_bytes() -> None:
    code = (
        "import sys\n"
        "from one_adapter.config.document import load\n"
        "from one_adapter.config.reading import read_gateway\n"
        "from one_adapter.export.explain.as_text import explain_json\n"
        "from one_adapter.export.litellm.proxy_config import proxy_config\n"
        "from one_adapter.export.secrets.variables import dotenv, secrets_of\n"
        "from one_adapter.plan.build import decide\n"
        "for path in sys.argv[1:]:\n"
        "    source = load(path)\n"
        "    plan = decide(source)\n"
        "    secrets = secrets_of(read_gateway(source), plan)\n"
        "    print(proxy_config(plan, secrets), dotenv(secrets.values))\n"
        "    print(explain_json(plan, []))\n"
    )
    sources = sorted(str(path) for path in (ROOT / "tests" / "golden").glob("*.json"))
    told = {
        subprocess.run(
            [sys.executable, "-c", code, *sources],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "PATH": ""},
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(told) == 1
    assert len(told.pop()) > 10_000


def test_gemini_models_take_the_systems_words_apart_but_for_gemma() -> None:
    config = only("gemini", models=["gemini-2.0-flash", "gemma-3-27b-it"], credentials={"api_key": "k"})
    flags = {
        one["model_name"]: one["model_info"].get("supports_system_messages")
        for one in exported(config)["model_list"]
        if one["model_name"] != "random"
    }
    assert flags == {"gemini-2.0-flash": True, "gemma-3-27b-it": None}


def test_a_name_without_an_address_for_chats_is_there_for_embeddings_alone() -> None:
    config = only("openai", models=["mystery"], credentials={"api_key": "k"})
    (found,) = [one for one in exported(config)["model_list"] if one["model_name"] == "mystery"]
    assert (found["model_info"]["mode"], found["model_info"]["one_adapter"]["chat"]) == ("embedding", False)


def test_a_service_asked_by_the_responses_api_says_so_in_the_models_name_alone() -> None:
    made = service("m", upstream_protocol="responses", server_url="https://v.example/v1/responses")
    (found,) = deployments({"services": {"gemini": [made]}}, "m")
    assert found["litellm_params"]["model"] == "openai/responses/m"
    assert found["litellm_params"]["api_base"] == "https://v.example/v1"
    assert "use_chat_completions_api" not in found["litellm_params"]
    assert "mode" not in found["model_info"]


def test_embeddings_of_a_service_with_a_protocol_of_its_own_have_a_deployment_of_their_own() -> None:
    made = service("通", upstream_protocol="responses", server_url="https://v.example/v1")
    chat, embedding = deployments({"services": {"openai": [made]}}, "通")
    assert chat["litellm_params"]["model"] == "openai/responses/%E9%80%9A"
    assert chat["model_info"]["one_adapter"]["upstream_model"] == "通"
    assert embedding["litellm_params"]["model"] == "openai/%E9%80%9A"
    assert (embedding["model_info"]["mode"], embedding["model_info"]["one_adapter"]["chat"]) == (
        "embedding",
        False,
    )


def test_an_address_of_anthropics_protocol_is_asked_exactly_as_it_stands() -> None:
    bases = []
    for url in ("https://v.example/anthropic/v1/messages", "https://v.example/own"):
        made = service("m", upstream_protocol="anthropic_messages", server_url=url)
        (found,) = deployments({"services": {"zhipu": [made]}}, "m")
        bases.append((found["litellm_params"]["model"], found["litellm_params"]["api_base"]))
    assert bases == [
        ("anthropic/m", "https://v.example/anthropic"),
        ("anthropic/m", "https://v.example/own#/v1/messages"),
    ]
