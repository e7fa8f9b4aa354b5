"""`export --redis VARIABLE`: the stock command shares its memory too, by a URL that only a variable holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from configurations import openai, service

from one_adapter.cli import cli

URL = "rediss://:canary-51c9@cache.example:6380/0"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(openai(service("m"), api_key="k")), "utf-8")
    return path


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUR_REDIS", raising=False)


def export(*words: object) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, words)])


def shared(text: str) -> object:
    return yaml.safe_load(text)["general_settings"]["one_adapter"].get("redis")


def test_the_file_names_the_variable_and_the_env_file_has_its_value(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_REDIS", URL)
    done = export(config, "--redis", "OUR_REDIS", "-o", tmp_path / "out", "--report", tmp_path / "report.md")
    assert done.exit_code == 0, done.output
    assert "canary" not in (tmp_path / "report.md").read_text("utf-8")
    text = (tmp_path / "out" / "config.yaml").read_text("utf-8")
    assert shared(text) == "os.environ/OUR_REDIS"
    assert "canary" not in text + done.output
    assert f"OUR_REDIS={URL}\n" in (tmp_path / "out" / ".env").read_text("utf-8").replace("'", "")


@pytest.mark.parametrize("secrets", ["env", "inline"])
def test_what_is_not_set_is_said_to_be_needed(config: Path, tmp_path: Path, secrets: str) -> None:
    done = export(config, "--redis", "OUR_REDIS", "--secrets", secrets, "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "OUR_REDIS is to hold the URL of the Redis, which begins with redis://" in done.output
    assert shared((tmp_path / "out" / "config.yaml").read_text("utf-8")) == "os.environ/OUR_REDIS"
    assert "OUR_REDIS=" in (tmp_path / "out" / ".env").read_text("utf-8")


def test_without_it_nothing_is_written_of_a_redis(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE_ADAPTER_REDIS_URL", URL)
    assert "redis" not in export(config).output.lower()


@pytest.mark.parametrize(
    ("words", "value", "told"),
    [
        ([URL], "", "it takes the name of a variable"),
        (["OUR_REDIS"], "http://canary-51c9", "OUR_REDIS must be a URL that begins with redis://"),
        (["LITELLM_MASTER_KEY"], "", "--redis LITELLM_MASTER_KEY: this variable holds something else."),
        (["OUR_REDIS", "--pure"], "", "--redis is one-adapter's doing at run time"),
    ],
    ids=["a URL", "no URL in it", "another's", "pure"],
)
def test_what_cannot_be_is_one_sentence_without_the_value(
    config: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], value: str, told: str
) -> None:
    monkeypatch.setenv("OUR_REDIS", value)
    done = export(config, "--redis", *words)
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert "canary" not in done.output
