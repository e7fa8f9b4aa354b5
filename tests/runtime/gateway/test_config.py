from __future__ import annotations

from typing import Any

import pytest
from doorway import ENVIRONMENT, deployment

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.config import Config, read_config
from one_adapter.runtime.gateway.refusal import Refusal


def config(*names: str, aliases: dict[str, Any] | None = None, **own: Any) -> Config:
    return read_config([deployment(name) for name in names], own, aliases, ENVIRONMENT)


class TestNames:
    def test_a_group_an_alias_in_either_form_and_nothing_else(self) -> None:
        found = config("m", "b", aliases={"short": "m", "long": {"model": "b", "hidden": True}})
        assert [found.resolve(name) for name in ("m", "short", "long")] == ["m", "m", "b"]
        with pytest.raises(Refusal) as refused:
            found.resolve("ghost")
        assert (refused.value.status, refused.value.code) == (400, "model_not_found")

    def test_an_alias_of_a_model_that_is_gone_is_an_unknown_name(self) -> None:
        with pytest.raises(Refusal):
            config("m", aliases={"old": "gone"}).resolve("old")

    def test_what_answers_every_name_wins_over_all_others(self) -> None:
        found = config("m", "all", aliases={"short": "m"}, catch_all="all")
        assert [found.resolve(name) for name in ("m", "short", "anything")] == ["all"] * 3
        with pytest.raises(Refusal):
            config("m", catch_all="gone").resolve("m")

    def test_what_answers_every_name_answers_no_embeddings(self) -> None:
        found = config("m", "all", catch_all="all")
        assert found.resolve("m", "embeddings") == "m"
        with pytest.raises(Refusal):
            found.resolve("anything", "embeddings")

    @pytest.mark.parametrize(
        ("names", "unlisted", "listed"),
        [
            (["m", "random", "b"], [], ["m", "b", "random"]),
            (["m", "b"], ["b"], ["m"]),
            (["random"], [], []),
            (["m", "random"], ["m"], []),
        ],
    )
    def test_0_10_lists_random_last_and_never_alone_and_0_12_does_not(
        self, names: list[str], unlisted: list[str], listed: list[str]
    ) -> None:
        assert config(*names, unlisted=unlisted, gateway="0.10").listed() == listed
        without = [one for one in listed if one != "random"]
        assert config(*names, unlisted=[*unlisted, "random"]).listed() == without

    def test_0_12_lists_random_like_any_other_model_where_a_service_lists_it(self) -> None:
        assert config("random", "m").listed() == ["random", "m"]


class TestReading:
    def test_a_group_holds_its_deployments_in_order_and_each_is_found_by_its_id(self) -> None:
        models = [deployment(service="a"), deployment(service="b"), deployment("other")]
        found = read_config(models, None, None, {})
        assert [one.service for one in found.groups["m"]] == ["a", "b"]
        assert found.policies["m-b"].service == "b"
        assert found.parameters["m-b"]["api_base"] == "http://x/v1"

    def test_an_entry_of_the_owners_own_needs_nothing_of_ours(self) -> None:
        found = read_config([{"model_name": "m"}], {}, None, {})
        assert found.groups["m"][0].timeout == 0.0
        assert found.parameters[""] == {}

    def test_what_holds_keys_is_not_shown(self) -> None:
        assert "api_key" not in repr(config("m"))

    def test_a_value_of_ours_that_is_wrong_is_said_with_its_place(self) -> None:
        with pytest.raises(OneAdapterError, match=r"one_adapter\.unlisted"):
            config("m", unlisted="m")
