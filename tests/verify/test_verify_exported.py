"""The plan against an exported file that somebody has edited: every change is told, no secret is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_runner import runner

from one_adapter.cli import cli

File = dict[str, Any]
CONFIG: File = {
    "api_keys": [
        {"api_key": "sk-first-client", "supported_models": {"openai": ["*"]}},
        {"api_key": "sk-second-client", "supported_models": {"openai": ["both"]}},
    ],
    "model_redirect": {"nick": "both"},
    "services": {
        "openai": [
            {
                "id": "left",
                "models": ["both", "mine"],
                "enabled": True,
                "credentials": {"api_key": "sk-very-secret-left"},
                "server_url": "https://user:passw0rd@left.example/v1?token=very-secret-token",
                "limit": {"qpm": 30},
            },
            {
                "id": "right",
                "models": ["both"],
                "enabled": True,
                "credential_list": [{"api_key": "sk-very-secret-1"}, {"api_key": "sk-very-secret-2"}],
                "server_url": "https://right.example/v1",
            },
        ]
    },
}
SECRETS = ("very-secret", "passw0rd", "sk-first", "sk-second", "sk-written-by-hand")


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Path, File]:
    """The configuration and what `export` makes of it, as a tree."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    done = runner().invoke(cli, ["export", str(config)])
    assert done.exit_code == 0
    return config, yaml.safe_load(done.stdout)


def verified(config: Path, file: Path | str, *more: str) -> tuple[int, File, str]:
    """The exit code of a comparison, its JSON, and all that was printed."""
    asked = ["verify", str(config), "--exported", str(file), "--format", "json", *more]
    done = runner().invoke(cli, asked)
    printed = done.stdout + done.stderr
    return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else {}, printed


def entries(file: File, name: str) -> list[File]:
    return [entry for entry in file["model_list"] if entry["model_name"] == name]


def params(file: File, name: str = "mine") -> File:
    found: File = entries(file, name)[0]["litellm_params"]
    return found


def ours(file: File, name: str = "mine") -> File:
    found: File = entries(file, name)[0]["model_info"]["one_adapter"]
    return found


def settings(file: File) -> File:
    found: File = file["general_settings"]["one_adapter"]
    return found


def without(file: File, name: str) -> None:
    file["model_list"] = [entry for entry in file["model_list"] if entry["model_name"] != name]


def added(file: File, name: str, base: str = "https://more.example/v1") -> None:
    entry = copy.deepcopy(entries(file, "mine")[0])
    entry["model_name"], entry["litellm_params"]["api_base"] = name, base
    entry["model_info"]["one_adapter"]["service"] = "more"
    file["model_list"].append(entry)


def reweighed(file: File) -> None:
    for entry, weight in zip(entries(file, "both"), (70, 15, 15), strict=True):
        entry["litellm_params"]["weight"] = weight


#: What is done to a file, the names that differ by it, and the words that tell it.
EDITS: dict[str, tuple[Callable[[File], Any], set[str], str]] = {
    "another model": (
        lambda f: params(f).update(model="openai/new"),
        {"mine"},
        "upstream model was changed from openai/mine to openai/new",
    ),
    "another address": (
        lambda f: params(f, "random").update(api_base="https://x:pw@new.example/v1?a=very-secret"),
        {"random"},
        "to https://new.example/v1",
    ),
    "another variable for a key": (
        lambda f: params(f).update(api_key="os.environ/OTHER"),
        {"mine"},
        "key was changed from os.environ/SOA_LEFT_API_KEY to os.environ/OTHER",
    ),
    "another key": (
        lambda f: params(f).update(api_key="sk-written-by-hand"),
        {"mine"},
        "to (a value that is not shown)",
    ),
    "no key": (lambda f: params(f).pop("api_key"), {"mine"}, "key was removed"),
    "a header more": (
        lambda f: params(f).update(extra_headers={"Authorization": "sk-written-by-hand"}),
        {"mine"},
        "extra_headers.Authorization was added",
    ),
    "shares": (reweighed, {"both"}, "the share of left was changed from 50% to 70%"),
    "a limit": (
        lambda f: ours(f)["limits"]["service"].update(qpm=60),
        {"mine"},
        "limits.service.qpm was changed from 30 to 60",
    ),
    "a limit gone": (lambda f: ours(f).pop("limits"), {"mine"}, "limits.service.qpm was removed"),
    "a timeout": (lambda f: ours(f).update(timeout=5), {"mine"}, "timeout was changed from 30 to 5"),
    "a name less": (lambda f: without(f, "mine"), {"mine"}, "the name was removed"),
    "a name more": (lambda f: added(f, "new"), {"new"}, "the name was added"),
    "an upstream more": (
        lambda f: added(f, "mine"),
        {"mine"},
        "the upstream https://more.example/v1 of more was added",
    ),
    "an upstream less": (
        lambda f: f["model_list"].remove(entries(f, "both")[1]),
        {"both"},
        "of right key-1 was removed",
    ),
    "an alias in the router": (
        lambda f: f["router_settings"].update(model_group_alias={"quick": "mine"}),
        {"quick"},
        "the name was added",
    ),
    "a client more": (
        lambda f: settings(f)["access"]["keys"].append({"env": "NEW", "models": ["*"]}),
        {""},
        "the key NEW was added",
    ),
    "a client less": (
        lambda f: settings(f)["access"]["keys"].pop(),
        {""},
        "the key SOA_CLIENT_KEY_2 was removed",
    ),
    "a right": (
        lambda f: settings(f)["access"]["keys"][1].update(models=["mine"]),
        {""},
        "the names that SOA_CLIENT_KEY_2 opens were changed",
    ),
    "an open door": (
        lambda f: settings(f)["access"].update(open=True),
        {""},
        "open was changed from false to true",
    ),
    "no relay": (lambda f: settings(f).update(relay=False), {""}, "relay was changed from true to false"),
    "an alias of the gateway": (lambda f: settings(f).update(aliases=[]), {""}, "aliases was changed from"),
    "retries": (
        lambda f: f["router_settings"].update(num_retries=3),
        {""},
        "num_retries was changed from 0 to 3",
    ),
}


@pytest.mark.parametrize("edit", EDITS, ids=[name.replace(" ", "-") for name in EDITS])
def test_what_was_edited_is_told_and_nothing_else(
    exported: tuple[Path, File], tmp_path: Path, edit: str
) -> None:
    config, file = exported
    change, names, said = EDITS[edit]
    change(file)
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump(copy.deepcopy(file)))
    code, found, printed = verified(config, tmp_path / "edited.yaml")
    checks = [check for check in found["checks"] if check["outcome"] == "different"]
    assert {check.get("model") or "" for check in checks} == names
    assert any(said in check["difference"] for check in checks)
    assert code == 1
    assert not [secret for secret in SECRETS if secret in printed]


@pytest.mark.parametrize("more", [[], ["--pure"], ["--secrets", "inline"]], ids=["env", "pure", "inline"])
def test_a_file_as_it_was_exported_is_the_same(tmp_path: Path, more: list[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    done = runner().invoke(cli, ["export", str(config), *more])
    (tmp_path / "file.yaml").write_text(done.stdout)
    code, found, printed = verified(config, tmp_path / "file.yaml")
    assert {check["outcome"] for check in found["checks"]} == {"same"}
    assert code == 0
    assert not [secret for secret in SECRETS if secret in printed]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--watch"], ["watch"]),
        (["--redis", "SHARED_REDIS"], ["redis"]),
        (["--watch", "--redis", "SHARED_REDIS"], ["redis", "watch"]),
    ],
    ids=["watch", "redis", "both"],
)
def test_settings_that_an_export_writes_when_told_to_are_named_and_not_counted(
    tmp_path: Path, more: list[str], named: list[str]
) -> None:
    config, file = tmp_path / "config.json", tmp_path / "file.yaml"
    config.write_text(json.dumps(CONFIG))
    file.write_text(runner().invoke(cli, ["export", str(config), *more]).stdout)
    code, found, _ = verified(config, file)
    told = [check["difference"] for check in found["checks"] if check["outcome"] != "same"]
    said = "is a setting of one-adapter's own, which the old file cannot say"
    assert sorted(told) == [f"general_settings.one_adapter.{name} {said}" for name in named]
    assert (code, found["verdict"]) == (0, "The same.")


def test_what_is_edited_in_a_file_that_is_watched_is_told(tmp_path: Path) -> None:
    nameless = copy.deepcopy(CONFIG)
    del nameless["services"]["openai"][1]["id"]
    config, path = tmp_path / "config.json", tmp_path / "file.yaml"
    config.write_text(json.dumps(nameless))
    file = yaml.safe_load(runner().invoke(cli, ["export", str(config), "--watch"]).stdout)
    settings(file).update(counted=[], relay=False)
    path.write_text(yaml.safe_dump(file))
    code, found, _ = verified(config, path)
    told = {check["aspect"] for check in found["checks"] if check["outcome"] == "different"}
    assert (code, told) == (1, {"counted", "relay"})


def test_what_is_litellms_own_is_told_and_not_counted(exported: tuple[Path, File], tmp_path: Path) -> None:
    config, file = exported
    file["litellm_settings"]["success_callback"] = ["langfuse"]
    file["general_settings"]["database_url"] = "postgres://sk-written-by-hand"
    params(file)["input_cost_per_token"] = 0.5
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump(copy.deepcopy(file)))
    code, found, printed = verified(config, tmp_path / "edited.yaml")
    told = [check["difference"] for check in found["checks"] if check["outcome"] != "same"]
    assert told == [
        "litellm_settings.success_callback was added; it is LiteLLM's own",
        "general_settings.database_url was added; it is LiteLLM's own",
    ]
    assert code == 0
    assert "sk-written" not in printed


def test_only_the_names_that_are_wanted_are_looked_at(exported: tuple[Path, File], tmp_path: Path) -> None:
    config, file = exported
    without(file, "mine")
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump(copy.deepcopy(file)))
    assert verified(config, tmp_path / "edited.yaml", "--models", "b*")[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_list: [", "is no YAML"),
        ("[]", "it has no model_list"),
        ("model_list: 3", "it has no model_list"),
        (None, "No such file"),
    ],
)
def test_what_cannot_be_read_ends_in_a_sentence(
    exported: tuple[Path, File], tmp_path: Path, text: str | None, said: str
) -> None:
    config, _ = exported
    if text is not None:
        (tmp_path / "edited.yaml").write_text(text)
    code, found, printed = verified(config, tmp_path / "edited.yaml")
    assert (code, found) == (2, {})
    assert said in printed
    assert printed.count("\n") == 1


def test_entries_of_odd_form_are_no_entries(exported: tuple[Path, File], tmp_path: Path) -> None:
    config, _ = exported
    odd = {"model_list": [3, {"model_name": "mine", "litellm_params": 7, "model_info": []}]}
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump(odd))
    code, found, _ = verified(config, tmp_path / "edited.yaml")
    assert code == 1
    assert [check["difference"] for check in found["checks"] if check.get("model") == "both"] == [
        "the name was removed"
    ]
