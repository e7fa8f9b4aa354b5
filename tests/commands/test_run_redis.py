"""What `run` says to its workers of the Redis they share."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from one_adapter.commands.options import options_of
from one_adapter.commands.sharing import sharing, sharing_options
from one_adapter.commands.source import accepted, exportable
from one_adapter.dialect import CURRENT
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.runtime.gateway.settings import read_settings
from one_adapter.runtime.gateway.sharing import Sharing

URL = "rediss://:a-password@cache:6380/1"


def exported(folder: Path, *words: str) -> tuple[str, dict[str, str]]:
    """The exported file and the variables that a command with these options makes."""
    path = folder / "config.json"
    service = {"models": ["m"], "enabled": True, "credentials": {"api_key": "sk-upstream"}}
    path.write_text(json.dumps({"api_key": "sk-client", "services": {"openai": [service]}}))
    source = accepted(str(path), options_of("smart", "websocket", CURRENT))
    found = []

    @click.command()
    @sharing_options
    def command(redis: str | None, approximate: bool) -> None:
        share = sharing(source.plan, 1, redis, approximate)
        text = proxy_config(source.plan, exportable(source, as_written=True), redis=share.settings)
        found.append((text, share.environment))

    done = CliRunner().invoke(command, words, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    text, environment = found[0]
    return text, environment


def own(text: str) -> dict[str, object]:
    settings: dict[str, object] = yaml.safe_load(text)["general_settings"]["one_adapter"]
    return settings


def test_the_url_stands_in_a_variable_and_not_in_the_file(tmp_path: Path) -> None:
    text, environment = exported(tmp_path, "--redis", URL)
    assert own(text)["redis"] == "os.environ/ONE_ADAPTER_REDIS_URL"
    assert environment == {"ONE_ADAPTER_REDIS_URL": URL}
    assert "a-password" not in text


def test_who_shares_and_whether_it_must_be_there_is_what_the_runtime_reads(tmp_path: Path) -> None:
    text, _ = exported(tmp_path, "--redis", URL, "--redis-name", "eu-1", "--redis-required")
    assert read_settings({**own(text), "redis": URL}).redis == Sharing(URL, "eu-1", True)


def test_without_a_redis_nothing_is_said_of_one(tmp_path: Path) -> None:
    text, environment = exported(tmp_path, "--redis-name", "eu", "--redis-required")
    assert not [name for name in own(text) if "redis" in name]
    assert environment == {}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--redis", "http://:a-password@cache"], "--redis must be a URL that begins with redis://"),
        (["--redis", URL, "--redis-name", "a}b"], "--redis-name must have letters"),
    ],
    ids=["no URL", "no name"],
)
def test_a_mistake_ends_in_one_sentence_without_the_password(
    tmp_path: Path, words: list[str], told: str
) -> None:
    with pytest.raises(Exception, match=told) as refused:
        exported(tmp_path, *words)
    assert "a-password" not in str(refused.value)
