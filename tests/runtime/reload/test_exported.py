"""An exported file that is watched, and the `.env` beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.reload.exported import exported, read_file
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Files, Told

PROCESS = {MASTER_KEY: "sk-master", "KEY": "sk-of-the-start", "OTHER": "unused"}


def deployment(name: str, key: str = "KEY") -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": f"openai/{name}", "api_key": f"os.environ/{key}"},
        "model_info": {"id": f"mine-{name}"},
    }


def text(*names: str, key: str = "KEY", **sections: Any) -> str:
    own = {"general_settings": {SECTION: {"watch": True}}}
    return yaml.safe_dump({"model_list": [deployment(name, key) for name in names], **own, **sections})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(text("m"))
    return tmp_path


def watch(folder: Path) -> Files:
    return exported(str(folder / "config.yaml"), PROCESS)[0]


def found(source: Files) -> Generation:
    generation = source.look(asked=True)
    assert isinstance(generation, Generation)
    return generation


def ids(generation: Generation) -> list[str]:
    return [one["model_info"]["id"] for one in yaml.safe_load(generation.config)["model_list"]]


def keys(generation: Generation) -> list[str]:
    names = [one["litellm_params"]["api_key"] for one in yaml.safe_load(generation.config)["model_list"]]
    return [generation.environment[name.removeprefix("os.environ/")] for name in names]


def test_what_litellm_has_loaded_keeps_its_ids_and_the_rest_gets_new_ones(folder: Path) -> None:
    source = watch(folder)
    (folder / "config.yaml").write_text(text("m", "new"))
    first = found(source)
    assert first.number == 2
    assert ids(first)[0] == "mine-m"
    assert ids(first)[1].startswith("mine-new-")
    (folder / "config.yaml").write_text(text("new", "m"))
    assert ids(found(source)) == ids(first)[::-1]


def test_a_variable_has_the_value_of_the_start_until_its_line_in_the_env_changes(folder: Path) -> None:
    (folder / ".env").write_text("KEY=sk-in-the-file-all-along\n")
    source = watch(folder)
    (folder / "config.yaml").write_text(text("m", "n"))
    assert keys(found(source)) == ["sk-of-the-start"] * 2
    (folder / ".env").write_text("KEY='sk-changed'\n")
    changed = found(source)
    assert keys(changed) == ["sk-changed"] * 2
    assert ids(changed)[0] != "mine-m"


def test_a_new_secret_is_read_from_the_env_that_came_with_it(folder: Path) -> None:
    source = watch(folder)
    (folder / ".env").write_text(f"SECOND=sk-second\n{MASTER_KEY}=sk-not-this-one\n")
    (folder / "config.yaml").write_text(text("m", key="SECOND"))
    generation = found(source)
    assert keys(generation) == ["sk-second"]
    assert generation.environment[MASTER_KEY] == "sk-master"


def test_what_nobody_names_is_no_part_of_it(folder: Path) -> None:
    source = watch(folder)
    (folder / "config.yaml").write_text(text("m", "n"))
    assert "OTHER" not in found(source).environment


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        (
            {"litellm_settings": {"num_retries": 1}},
            ("holds from the next start on: litellm_settings.num_retries",),
        ),
        ({"guardrails": [1]}, ("holds from the next start on: guardrails",)),
        ({"router_settings": {"model_group_alias": {"a": "m"}}}, ()),
        ({}, ()),
    ],
)
def test_what_only_a_start_reads_is_named(
    folder: Path, sections: dict[str, Any], told: tuple[str, ...]
) -> None:
    source = watch(folder)
    (folder / "config.yaml").write_text(text("m", "n", **sections))
    assert found(source).notes == told


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("model_list: [", "config.yaml:"),
        ("model_list: 1\n", "has no model_list"),
        ("- 1\n", "has no model_list"),
        ("", "is empty"),
    ],
)
def test_what_is_no_configuration_is_told_with_its_place(folder: Path, broken: str, told: str) -> None:
    source = watch(folder)
    (folder / "config.yaml").write_text(broken)
    answer = source.look(asked=True)
    assert isinstance(answer, Told)
    assert answer.text.startswith("not reloaded: ")
    assert told in answer.text


class TestReading:
    """Only regular files are read, and no longer than a configuration may be."""

    def test_what_is_missing_is_told_unless_it_may_be(self, tmp_path: Path) -> None:
        with pytest.raises(OneAdapterError, match="no such file"):
            read_file(str(tmp_path / "none"))
        assert read_file(str(tmp_path / "none"), optional=True) == b""

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OneAdapterError, match="not a regular file"):
            read_file(str(tmp_path / "pipe"))

    def test_what_cannot_be_opened_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(OneAdapterError, match="cannot be read"):
            read_file(str(tmp_path / "config.yaml" / "\0"))

    def test_what_is_too_large_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("one_adapter.runtime.reload.exported.LARGEST_FILE_BYTES", 3)
        (tmp_path / "large").write_text("four")
        with pytest.raises(OneAdapterError, match="larger"):
            read_file(str(tmp_path / "large"))
