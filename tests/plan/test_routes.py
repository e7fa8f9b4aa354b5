"""Where every name leads, and with what share, as the gateway works it out."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from configurations import FEWER, configurations, document, openai, plan, service, shares, target, written
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import V0_10, V0_12, Dialect
from one_adapter.plan.build import decisions_on
from one_adapter.plan.routes import order_of
from one_adapter.plan.types import Route, Target
from one_adapter.plan.understanding import Understanding
from one_adapter.plan.vendors import Options

KEYS = [{"api_key": f"sk-{number}"} for number in range(3)]


def upstreams(config: dict[str, Any], name: str) -> dict[str, float]:
    """service:upstream model -> share of a name."""
    route = plan(config).route(name)
    assert route is not None
    found: Counter[str] = Counter()
    for each in route.targets:
        found[f"{each.service}:{each.upstream.model}"] += each.share  # type: ignore[assignment]
    return {key: float(value) for key, value in found.items()}


def names(config: dict[str, Any], *, listed: bool = True, **options: Any) -> list[str]:
    """The names that are shown, or those that are not, without `random`."""
    routes = [route for route in plan(config, **options).routes if route.name != "random"]
    return [route.name for route in routes if route.listed is listed]


@pytest.mark.parametrize(
    ("word", "order"),
    [
        ("", "random"),
        ("random", "random"),
        ("rand", "random"),
        ("hash", "random"),
        ("round_robin", "random"),
        ("rr", "rr"),
        (" RR ", "rr"),
        ("first", "first"),
    ],
)
def test_in_0_10_only_rr_rotates_and_round_robin_and_hash_are_random(word: str, order: str) -> None:
    config = openai(service("m"), service("m"), load_balancing=word)
    assert order_of(read_gateway(document(config), V0_10)) == order
    route = plan(config, gateway=V0_10).route("m")
    assert route is not None
    assert route.order == order


@pytest.mark.parametrize(
    ("word", "order"),
    [
        ("", "random"),
        ("rand", "random"),
        ("hash", "hash"),
        ("round_robin", "rr"),
        (" RR ", "rr"),
        ("first", "first"),
    ],
)
def test_every_word_does_what_it_says(word: str, order: str) -> None:
    config = openai(service("m"), service("m"), load_balancing=word)
    route = plan(config).route("m")
    assert route is not None
    assert route.order == order


@pytest.mark.parametrize("word", ["random", "rr"])
def test_services_under_one_name_have_equal_shares(word: str) -> None:
    config = openai(service("m"), service("m", "n"), service("m"), load_balancing=word)
    assert shares(config, "m") == {"openai-1/0": 1 / 3, "openai-2/0": 1 / 3, "openai-3/0": 1 / 3}
    assert shares(config, "n") == {"openai-2/0": 1.0}


def test_a_redirect_key_counts_once_for_every_listed_model() -> None:
    config = openai(
        service("u1", "x", "y", model_redirect={"nick": "u1"}), service("u2", model_redirect={"nick": "u2"})
    )
    assert shares(config, "nick") == {"openai-1/0": 0.75, "openai-2/0": 0.25}
    assert upstreams(config, "nick") == {"openai-1:u1": 0.75, "openai-2:u2": 0.25}


def test_a_redirect_key_that_is_listed_too_counts_for_both() -> None:
    config = openai(service("m", "n", model_redirect={"m": "n"}), service("m"))
    assert shares(config, "m") == {"openai-1/0": 0.75, "openai-2/0": 0.25}


def test_embedding_models_multiply_a_redirect_key_as_models_do() -> None:
    config = openai(
        service("u", embedding_models=["e"], model_redirect={"nick": "u"}),
        service("v", model_redirect={"nick": "v"}),
    )
    assert shares(config, "nick") == {"openai-1/0": 2 / 3, "openai-2/0": 1 / 3}


def test_turns_in_a_rotation_are_what_the_redirects_multiply() -> None:
    config = openai(
        service("u1", "x", "y", model_redirect={"nick": "u1"}),
        service("u2", model_redirect={"nick": "u2"}),
        load_balancing="rr",
    )
    route = plan(config).route("nick")
    assert route is not None
    assert [(each.service, each.turns) for each in route.targets] == [("openai-1", 3), ("openai-2", 1)]


def test_a_credential_list_is_drawn_from_evenly_within_its_service() -> None:
    config = openai(service("m", credential_list=KEYS), service("m"))
    assert shares(config, "m") == {
        "openai-1/0": 1 / 6,
        "openai-1/1": 1 / 6,
        "openai-1/2": 1 / 6,
        "openai-2/0": 0.5,
    }


def test_an_empty_credential_list_leaves_the_credentials() -> None:
    assert shares(openai(service("m", credential_list=[])), "m") == {"openai-1/0": 1.0}


def test_first_takes_the_first_service_and_its_first_credential() -> None:
    config = openai(service("m", credential_list=KEYS), service("m"), load_balancing="first")
    assert shares(config, "m") == {"openai-1/0": 1.0}


def test_under_first_the_others_are_spare_for_an_open_breaker() -> None:
    config = openai(service("m"), service("m"), service("m"), load_balancing="first")
    route = plan(config).route("m")
    assert route is not None
    assert [(each.service, each.share, each.spare) for each in route.targets] == [
        ("openai-1", 1, False),
        ("openai-2", 0, True),
        ("openai-3", 0, True),
    ]
    route = plan({**config, "circuit_breaker": {"enabled": False}}).route("m")
    assert route is not None
    assert [each.service for each in route.targets] == ["openai-1"]


def test_redirect_then_map_each_followed_once() -> None:
    chain = openai(service("c", model_redirect={"a": "b", "b": "c"}))
    assert [target(chain, name).upstream.model for name in "abc"] == ["b", "c", "c"]
    both = openai(
        service("m", model_redirect={"nick": "m"}, model_map={"m": "ep-1", "ep-1": "ep-2", "nick": "x"})
    )
    assert target(both, "nick").upstream.model == "ep-1"
    assert target(both, "m").upstream.model == "ep-1"


def test_two_models_may_be_redirected_to_each_other() -> None:
    config = openai(service("m1", "m2", model_redirect={"m1": "m2", "m2": "m1"}))
    assert target(config, "m1").upstream.model == "m2"
    assert target(config, "m2").upstream.model == "m1"


def test_a_redirect_to_nothing_asks_for_no_model() -> None:
    assert target(openai(service("m", model_redirect={"a": ""})), "a").upstream.model == ""


def test_a_map_is_no_name_of_its_own() -> None:
    assert plan(openai(service("m", model_map={"x": "y"}))).route("x") is None


def test_redirects_of_a_service_without_models_are_never_entered() -> None:
    assert [route.name for route in plan(openai(service(model_redirect={"a": "b"}))).routes] == ["random"]


def test_redirect_keys_are_not_trimmed_though_names_are() -> None:
    config = openai(service(" m ", "m", "", model_redirect={" a ": " m "}))
    assert [route.name for route in plan(config).routes] == ["m", " a ", "random"]
    assert target(config, " a ").upstream.model == " m "


def test_a_service_that_is_switched_off_has_no_names() -> None:
    config = openai(service("m", enabled=False), service("n", enabled=None), service("o"))
    assert [route.name for route in plan(config).routes] == ["o", "random"]


def test_a_name_without_an_address_leads_nowhere() -> None:
    config = {"services": {"openai": [service("made-up")]}}
    route = plan(config).route("made-up")
    assert route is not None
    assert route.targets == ()


def test_a_service_without_an_address_leaves_the_name_to_the_others() -> None:
    config = {
        "services": {"openai": [service("made-up"), service("made-up", server_url="https://v.example/v1")]}
    }
    assert shares(config, "made-up") == {"openai-2/0": 1.0}


# What /v1/models shows.


def test_what_a_redirect_leads_to_is_hidden_and_its_key_shown() -> None:
    config = openai(service("m", "n", model_redirect={"nick": "m"}))
    assert set(names(config)) == {"n", "nick"}
    assert names(config, listed=False) == ["m"]


def test_the_order_of_services_decides_whether_a_target_shows() -> None:
    lists, hides = service("m1"), service("m2", model_redirect={"nick": "m1"})
    assert set(names(openai(lists, hides))) == {"m2", "nick"}
    assert set(names(openai(hides, lists))) == {"m1", "m2", "nick"}


def test_a_redirect_to_itself_empties_the_list() -> None:
    config = openai(service("m", model_redirect={"m": "m"}))
    assert names(config) == []
    assert names(config, listed=False) == ["m"]
    assert target(config, "m").upstream.model == "m"


def test_embedding_models_and_global_names_are_not_shown() -> None:
    config = openai(service("m", embedding_models=["e"]), model_redirect={"fast": "m"})
    assert names(config) == ["m"]
    assert names(config, listed=False) == ["e", "fast"]


@pytest.mark.parametrize(
    ("config", "shown"),
    [(openai(service("m")), True), (openai(service(embedding_models=["e"])), False), ({}, False)],
)
def test_random_is_shown_in_0_10_with_any_other_name(config: dict[str, Any], shown: bool) -> None:
    for dialect in (V0_10, V0_12):
        random = plan(config, gateway=dialect).route("random")
        assert random is not None
        assert random.listed is (shown and dialect is V0_10)


# Redirects for the whole gateway.


def test_a_global_redirect_leads_where_its_goal_leads() -> None:
    config = openai(
        service("real", model_redirect={"nick": "real"}, model_map={"real": "ep-9"}),
        model_redirect={"gpt-4": "nick"},
    )
    route = plan(config).route("gpt-4")
    assert route is not None
    assert (route.alias_of, route.listed, route.kind) == ("nick", False, "chat")
    assert target(config, "gpt-4").upstream.model == "ep-9"


def test_global_redirects_are_followed_once() -> None:
    config = openai(service("m1"), model_redirect={"a": "b", "b": "m1"})
    decided = plan(config)
    assert decided.route("a") is None
    assert decided.route("b") is not None


def test_a_global_redirect_comes_before_a_model_of_the_same_name() -> None:
    config = openai(service("m1", "m2"), model_redirect={"m1": "m2"})
    assert target(config, "m1").upstream.model == "m2"
    route = plan(config).route("m1")
    assert route is not None
    assert route.listed


def test_a_global_redirect_to_nothing_leaves_a_model_of_the_same_name_to_embeddings() -> None:
    config = openai(service("m1"), model_redirect={"m1": "gone"})
    route = plan(config).route("m1")
    assert route is not None
    assert route.targets == ()
    assert route.embedding_targets


def test_embeddings_take_no_notice_of_global_redirects() -> None:
    config = openai(service("m1"), service("m2"), model_redirect={"m1": "m2"})
    route = plan(config).route("m1")
    assert route is not None
    assert [each.upstream.model for each in route.targets] == ["m2"]
    assert route.embedding_targets is not None
    assert [each.upstream.model for each in route.embedding_targets] == ["m1"]


def test_a_chat_only_model_redirected_to_nothing_answers_nothing() -> None:
    config = {"services": {"claude": [service("c")]}, "model_redirect": {"c": "gone"}}
    route = plan(config).route("c")
    assert route is not None
    assert not route.targets
    assert not route.embedding_targets


def test_a_global_redirect_to_itself_changes_nothing() -> None:
    assert plan(openai(service("m"), model_redirect={"m": "m"})).routes == plan(openai(service("m"))).routes


def test_in_0_12_random_is_shown_where_a_service_lists_a_model_of_that_name() -> None:
    random = plan(openai(service("m", "random"))).route("random")
    assert random is not None
    assert random.listed


def test_a_global_redirect_may_lead_to_random() -> None:
    config = openai(service("m"), service("n"), model_redirect={"any": "random"})
    assert upstreams(config, "any") == upstreams(config, "random")


def test_all_answers_every_name() -> None:
    decided = plan(openai(service("m", "n"), model_redirect={"all": "m", "fast": "n"}))
    assert decided.any is not None
    assert [each.upstream.model for each in decided.any.targets] == ["m"]
    assert decided.any.alias_of == "m"
    assert decided.route("fast") is None
    assert plan(openai(service("m"))).any is None


def test_all_to_all_is_random() -> None:
    config = openai(service("m", "n"), model_redirect={"all": "all"})
    decided = plan(config)
    assert decided.any is not None
    assert decided.any.alias_of == "random"
    assert [each.upstream.model for each in decided.any.targets] == ["m", "n"]


def test_all_to_a_name_nobody_has_answers_nothing() -> None:
    decided = plan(openai(service("m"), model_redirect={"all": "gone"}))
    assert decided.any is not None
    assert (decided.any.targets, decided.any.alias_of) == ((), "")


# The model called random.


def test_random_draws_a_name_then_a_service_then_one_of_its_models() -> None:
    config = openai(service("m1", "m2"), service("m3"))
    assert upstreams(config, "random") == {"openai-1:m1": 1 / 3, "openai-1:m2": 1 / 3, "openai-2:m3": 1 / 3}


def test_random_counts_a_services_redirect_keys_as_names() -> None:
    config = openai(service("m1", model_redirect={"a": "m1", "b": "m1"}), service("m2"))
    assert upstreams(config, "random") == {"openai-1:m1": 0.75, "openai-2:m2": 0.25}


def test_random_chats_with_a_chat_model_even_when_it_draws_an_embedding_name() -> None:
    config = openai(service("m1", embedding_models=["e"]), service("m2"))
    assert upstreams(config, "random") == {"openai-1:m1": 2 / 3, "openai-2:m2": 1 / 3}


def test_random_passes_over_services_without_chat_models() -> None:
    config = openai(service(embedding_models=["e"]), service("m"))
    assert upstreams(config, "random") == {"openai-2:m": 1.0}


def test_random_follows_the_services_redirect_and_map() -> None:
    config = openai(service("m", model_redirect={"m": "r"}, model_map={"r": "ep"}))
    assert upstreams(config, "random") == {"openai-1:ep": 1.0}


def test_under_first_random_takes_the_alphabetically_first_names_service() -> None:
    config = openai(service("b1", "b2"), service("a1", "c1"), load_balancing="first")
    assert upstreams(config, "random") == {"openai-2:a1": 0.5, "openai-2:c1": 0.5}


def test_random_draws_credentials_as_any_name_does() -> None:
    assert shares(openai(service("m", credential_list=KEYS[:2])), "random") == {
        "openai-1/0": 0.5,
        "openai-1/1": 0.5,
    }


def test_a_model_called_random_cannot_be_reached() -> None:
    config = openai(service("random", "m"))
    route = plan(config).route("random")
    assert route is not None
    assert len([each for each in plan(config).routes if each.name == "random"]) == 1
    assert upstreams(config, "random") == {"openai-1:random": 0.5, "openai-1:m": 0.5}


def test_random_of_nothing_leads_nowhere() -> None:
    route = plan({}).route("random")
    assert route is not None
    assert (route.targets, route.listed) == ((), False)


# Embeddings.


def kinds(config: dict[str, Any]) -> dict[str, str]:
    return {route.name: route.kind for route in plan(config).routes if route.name != "random"}


def test_only_openai_and_qianfan_embed() -> None:
    config = {
        "services": {
            "openai": [service("o", embedding_models=["oe"], server_url="https://v.example/v1")],
            "qianfan": [service("q", embedding_models=["qe"])],
            "claude": [service("c", embedding_models=["ce"])],
        }
    }
    assert kinds(config) == {
        "o": "both",
        "oe": "embedding",
        "q": "both",
        "qe": "embedding",
        "c": "chat",
        "ce": "chat",
    }


def test_embeddings_follow_the_redirect_and_not_the_map() -> None:
    config = openai(
        service("m", embedding_models=["e"], model_redirect={"nick": "e"}, model_map={"e": "mapped"})
    )
    route = plan(config).route("nick")
    assert route is not None
    assert [each.upstream.model for each in route.targets] == ["mapped"]
    assert route.embedding_targets is not None
    assert [each.upstream.model for each in route.embedding_targets] == ["e"]


def test_embeddings_without_an_address_go_to_openai_whatever_the_model() -> None:
    config = {"services": {"openai": [service("glm-4", embedding_models=["any-embedding"])]}}
    assert target(config, "any-embedding").upstream.url == "https://api.openai.com/v1"
    route = plan(config).route("glm-4")
    assert route is not None
    assert [each.upstream.url for each in route.targets] == ["https://open.bigmodel.cn/api/paas/v4"]
    assert route.embedding_targets is not None
    assert [each.upstream.url for each in route.embedding_targets] == ["https://api.openai.com/v1"]


def test_embeddings_that_go_where_chats_go_are_told_once() -> None:
    config = openai(service("m", embedding_models=["e"]))
    for name in ("m", "e"):
        route = plan(config).route(name)
        assert route is not None
        assert route.embedding_targets is None


def test_a_name_two_types_share_embeds_only_where_the_type_can() -> None:
    config = openai(service("m"))
    config["services"]["claude"] = [service("m")]
    assert shares(config, "m") == {"openai-1/0": 0.5, "claude-1/0": 0.5}
    route = plan(config).route("m")
    assert route is not None
    assert route.embedding_targets is not None
    assert [(each.service, each.share) for each in route.embedding_targets] == [("openai-1", 1)]


def test_an_embedding_call_flattens_nothing() -> None:
    assert not target(openai(service(embedding_models=["e"])), "e").flatten


# Content in parts.


@pytest.mark.parametrize(
    ("model", "listed", "flatten"),
    [
        ("plain", [], True),
        ("plain", ["plain"], False),
        ("plain", ["pl*"], False),
        ("plain", ["plai"], True),
        ("gpt-4o", [], False),
        ("gpt-4o-mini", [], False),
        ("gpt-4-turbo", [], False),
        ("gpt-4-turbo-x", [], True),
        ("gemini-9", [], False),
        ("glm-4v", [], False),
        ("yi-vision", [], False),
    ],
)
def test_content_in_parts_is_flattened_unless_the_upstream_model_takes_it(
    model: str, listed: list[str], flatten: bool
) -> None:
    config = openai(service("m", model_redirect={"m": model}), multi_content_models=listed)
    assert target(config, "m").flatten is flatten


def test_types_that_do_not_speak_openais_protocol_are_not_flattened() -> None:
    assert not target({"services": {"claude": [service("c")]}}, "c").flatten


# Over any configuration.


def shared(targets: tuple[Target, ...]) -> Fraction:
    return sum((each.share for each in targets), Fraction(0))


def whole(route: Route) -> bool:
    return all(not group or shared(group) == 1 for group in (route.targets, route.embedding_targets or ()))


@FEWER
@given(written(), st.sampled_from([V0_10, V0_12]), st.sampled_from(["websocket", "http"]))
def test_the_shares_of_every_name_add_up_to_one(
    file: tuple[bytes, str], dialect: Dialect, spark: str
) -> None:
    decided = decisions_on(
        Understanding(read_gateway(parse(*file), dialect), Options(spark=spark, gateway=dialect))
    )
    assert len({route.name for route in decided.routes}) == len(decided.routes)
    for route in (*decided.routes, *([decided.any] if decided.any else [])):
        assert whole(route)
        for each in (*route.targets, *(route.embedding_targets or ())):
            assert (each.share == 0) == each.spare
            assert each.upstream.url or each.upstream.provider == "vertex_ai"


@FEWER
@given(configurations())
def test_shares_are_those_of_drawing_entries_one_by_one(config: dict[str, Any]) -> None:
    """The gateway's own table, entry by entry, against the plan's arithmetic."""
    gateway = read_gateway(document(config))
    decided = decisions_on(Understanding(gateway, Options("literal")))
    if order_of(gateway) in ("first", "hash") or gateway.model_redirect:
        return
    table: dict[str, list[str]] = {}
    for each in gateway.services:
        if each.enabled:
            for model in (*each.models, *each.embedding_models):
                for name in (model, *each.model_redirect):
                    table.setdefault(name, []).append(each.id)
    assert {route.name for route in decided.routes} == {*table, "random"}
    for route in decided.routes:
        reached = {each.service for each in route.targets}
        entries = [one for one in table.get(route.name, []) if one in reached]
        if route.name != "random" and route.kind != "embedding":
            for one in reached:
                mine = sum(each.share for each in route.targets if each.service == one)
                assert mine == Fraction(entries.count(one), len(entries))
