"""Ids and variables that tell their content."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.runtime.reload.naming import Names, generation_of, loaded, written

VALUES = {
    MASTER_KEY: "sk-master",
    "KEY": "sk-one",
    "CLIENT": "sk-client",
    "WAY": "http://p:1",
    "XF_1_APPID": "app",
}


def deployment(name: str = "m", key: str = "KEY", **ours: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": "openai/m", "api_key": f"os.environ/{key}"},
        "model_info": {"id": "s.0.7", SECTION: {"service": "s", **ours}},
    }


def config(*models: dict[str, Any]) -> dict[str, Any]:
    own = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}]}}
    return {
        "model_list": [*models],
        "general_settings": {"master_key": f"os.environ/{MASTER_KEY}", SECTION: own},
    }


def ids(*models: dict[str, Any], **values: str) -> list[str]:
    names = Names(config(*models), {**VALUES, **values})
    return [one["model_info"]["id"] for one in names.config["model_list"]]


def test_an_id_follows_from_the_content_and_not_from_the_place() -> None:
    (alone,) = ids(deployment())
    assert ids(deployment("other"), deployment())[1] == alone
    assert alone.startswith("s.0-")
    assert len(alone) == len("s.0-12345678")


def test_another_upstream_another_key_or_another_rule_makes_another_id() -> None:
    plain = ids(deployment())
    assert ids(deployment(timeout=5)) != plain
    assert ids(deployment(), KEY="sk-two") != plain
    other = deployment()
    other["litellm_params"]["model"] = "openai/n"
    assert ids(other) != plain


def test_two_deployments_that_are_the_same_get_two_ids() -> None:
    first, second = ids(deployment(), deployment())
    assert second == f"{first}.2"


def test_an_id_tells_nothing_of_the_key_to_who_does_not_know_the_masters() -> None:
    assert ids(deployment()) != ids(deployment(), **{MASTER_KEY: "sk-another-master"})


def test_a_variable_is_named_after_its_value_wherever_it_is_named() -> None:
    model = deployment(proxy={"http_env": "WAY"}, query={"token": "os.environ/KEY"})
    model["litellm_params"] |= {"credential_env": "XF_1", "proxy_env": "WAY"}
    names = Names(config(model), VALUES)
    (found,) = names.config["model_list"]
    params, ours = found["litellm_params"], found["model_info"][SECTION]
    key = params["api_key"].removeprefix("os.environ/")
    assert key.startswith("KEY_")
    assert names.environment[key] == "sk-one"
    assert ours["query"]["token"] == params["api_key"]
    assert names.environment[params["proxy_env"]] == "http://p:1"
    assert ours["proxy"]["http_env"] == params["proxy_env"]
    assert names.environment[f"{params['credential_env']}_APPID"] == "app"
    assert names.environment["CLIENT"] == "sk-client"
    assert names.environment[MASTER_KEY] == "sk-master"


def test_a_variable_that_nobody_gives_keeps_its_name() -> None:
    model = deployment(key="OTHER")
    model["litellm_params"]["credential_env"] = "UNKNOWN"
    params = Names(config(model), VALUES).config["model_list"][0]["litellm_params"]
    assert (params["api_key"], params["credential_env"]) == ("os.environ/OTHER", "UNKNOWN")


def test_ids_that_were_loaded_stay_for_what_they_mean() -> None:
    kept = Names(config(deployment()), VALUES).meanings()
    again = Names(config(deployment("new"), deployment()), VALUES, kept)
    new, old = (one["model_info"]["id"] for one in again.config["model_list"])
    assert old == "s.0.7"
    assert new.startswith("s.0-")


def test_an_entry_without_anything_of_ours_is_called_by_its_id_or_its_model() -> None:
    plain = {"model_name": "m", "litellm_params": {"model": "openai/m"}}
    assert ids(plain)[0].startswith("m-")
    assert ids({**plain, "model_info": {"id": "mine"}})[0].startswith("mine-")


def test_the_fingerprint_is_of_the_content_and_not_of_a_key_that_is_made_at_each_start() -> None:
    text = yaml.safe_dump(config(deployment()))
    first = generation_of(1, text, VALUES)
    assert generation_of(2, text, {**VALUES, MASTER_KEY: "another"}).fingerprint == first.fingerprint
    assert generation_of(1, text, {**VALUES, "KEY": "sk-two"}).fingerprint != first.fingerprint
    assert generation_of(1, text, {**VALUES, "NOBODY": "names it"}) == first


def test_who_has_read_the_text_saves_it_from_being_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = yaml.safe_dump(config(deployment()))
    document = loaded(text)
    made = generation_of(1, text, VALUES)
    monkeypatch.delattr(yaml, "load")
    assert generation_of(1, text, VALUES, document=document) == made


def test_what_is_written_is_read_again_with_all_its_letters_and_numbers() -> None:
    odd = {
        "a": "模型 \x7f\u2028 😀 'x' \"y\"",
        "b": 1e-07,
        "c": [True, None, "true", "1e3"],
        "d": "os.environ",
    }
    assert loaded(written(odd)) == odd
