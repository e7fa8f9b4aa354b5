"""docs/everyday.md: what it has people write does what it says, in the old file and in the exported one."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner
from pages import DOCS, blocks

from one_adapter.cli import cli

MARKED = {block.mark: block.text for block in blocks(DOCS / "everyday.md") if block.mark}


def changed(*pointers: str) -> dict[str, Any]:
    """The file of the page's examples after these changes of the page."""
    file: dict[str, Any] = json.loads(MARKED["file: config.json"])
    for pointer in pointers:
        verb, _, path = pointer.partition(": ")
        steps = [int(step) if step.isdigit() else step for step in path.strip("/").split("/")]
        place: Any = reduce(lambda value, step: value[step], steps, file)
        if verb == "add":
            place.append(json.loads(MARKED[pointer]))
        else:
            place.update(json.loads(MARKED[pointer]))
            del place["credentials"]  # the list takes its place
    return file


def called(command: str, file: dict[str, Any], folder: Path, *options: str) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(file), "utf-8")
    done = CliRunner().invoke(cli, [command, str(path), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def exported(file: dict[str, Any], folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(called("export", file, folder))
    return made


ALL = ("into: /services/openai/0", "add: /services/openai", "add: /api_keys")


def test_no_change_of_the_page_makes_a_mistake(tmp_path: Path) -> None:
    for number in range(len(ALL) + 1):
        assert "warning" not in called("lint", changed(*ALL[:number]), tmp_path)


def test_both_keys_of_a_vendor_are_tried(tmp_path: Path) -> None:
    file = exported(changed(ALL[0]), tmp_path)
    keys = {one["model_info"]["one_adapter"]["key"] for one in file["model_list"]}
    assert keys == {"new", "old"}


def test_the_variable_of_a_vendors_key_is_the_exported_one(tmp_path: Path) -> None:
    (line,) = [one.text for one in blocks(DOCS / "everyday.md") if one.text.startswith("SOA_")]
    keys = {one["litellm_params"]["api_key"] for one in exported(changed(), tmp_path)["model_list"]}
    assert keys == {f"os.environ/{line.partition('=')[0]}"}


def test_a_new_vendor_by_hand_is_what_an_export_would_write(tmp_path: Path) -> None:
    (shown,) = yaml.safe_load(MARKED["deployment: deepseek-v3"])["model_list"]
    there = exported(changed(ALL[1]), tmp_path)["model_list"]
    (written,) = [one for one in there if one["model_name"] == shown["model_name"]]
    for part in ("litellm_params", "model_info"):
        mine, theirs = shown[part], written[part]
        own = mine.pop("one_adapter", {})
        assert mine.items() <= theirs.items()
        assert own.items() <= theirs.get("one_adapter", {}).items()


def test_a_clients_key_by_hand_is_what_an_export_would_write(tmp_path: Path) -> None:
    shown = yaml.safe_load(MARKED["access"])["general_settings"]["one_adapter"]["access"]["keys"]
    settings = exported(changed(ALL[1], ALL[2]), tmp_path)["general_settings"]["one_adapter"]
    assert settings["access"]["keys"] == shown
