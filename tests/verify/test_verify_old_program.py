"""A stand-in for the user's gateway program beside the proxy: what differs is named, keys stay at home."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from standin import MASTER, serving
from test_verify_planted import RELAYED

from one_adapter.cli import cli
from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.errors import OneAdapterError
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decide
from one_adapter.verify.configuration import beside_the_old
from one_adapter.verify.old_program.copying import copied
from one_adapter.verify.old_program.program import running
from one_adapter.verify.playing.asking import Ear
from one_adapter.verify.playing.child import free_port
from one_adapter.verify.playing.play import Stage, played
from one_adapter.verify.result import Check
from one_adapter.verify.wish import Wish

CONFIG: dict[str, Any] = {
    "api_key": "sk-secret-of-clients",
    "load_balancing": "first",
    "model_redirect": {"nick": "one"},
    "services": {
        "openai": [
            {
                "id": "a",
                "models": ["one", "two"],
                "embedding_models": ["emb"],
                "enabled": True,
                "credentials": {"api_key": "sk-secret-of-a"},
                "server_url": "https://a.example/v1/chat/completions",
                "model_redirect": {"said": "two"},
            },
            {"models": ["gpt-4o"], "enabled": True, "credentials": {"api_key": "sk-secret-of-b"}},
        ],
        "hunyuan": [
            {
                "id": "away",
                "models": ["hunyuan-lite"],
                "enabled": True,
                "credentials": {"secret_id": "sk-secret-of-c", "secret_key": "sk-secret-of-d"},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.stop()


def program(folder: Path, fault: str = "") -> str:
    path = folder / "simple-one-api"
    script = Path(__file__).parent / "old_gateway.py"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$1" {fault}\n')
    path.chmod(0o700)
    return str(path)


def checks_of(ear: Ear, path: str, config: dict[str, Any] = CONFIG) -> tuple[Check, ...]:
    """The checks of a program beside the proxy."""
    document = parse(json.dumps(config).encode(), "config.json")
    plan = decide(document)
    gateway = read_gateway(document, plan.dialect)
    secrets = secrets_of(gateway, plan, True)
    port = free_port()
    copy = copied(document, gateway, port, ear.base_url)
    with serving(plan, secrets, ear) as base, running(path, copy, port) as old:
        old.wait()
        stage = Stage(base, ear, MASTER, RELAYED)
        more = beside_the_old(old.base_url, copy, gateway)
        checks, _, _ = played(plan, secrets, stage, Wish(), more)
    return tuple(check for check in checks if check.probe.endswith("beside the old"))


def test_a_program_that_does_the_same_is_the_same_and_what_is_on_purpose_is_named(
    ear: Ear, tmp_path: Path
) -> None:
    checks = checks_of(ear, program(tmp_path))
    assert [check for check in checks if check.outcome == "different"] == []
    known = {(check.probe, check.aspect, check.known) for check in checks if check.outcome == "known"}
    assert ("tools beside the old", "tool call", "answers-whole") in known
    assert {name for _, aspect, name in known if aspect == "error"} == {"status-kept"}
    same = {check.model for check in checks if check.outcome == "same"}
    assert {"one", "nick", "said", "gpt-4o", "emb"} <= same


def test_what_the_program_would_call_by_itself_is_left_out_and_said(ear: Ear, tmp_path: Path) -> None:
    checks = [check for check in checks_of(ear, program(tmp_path)) if check.model == "hunyuan-lite"]
    assert {check.outcome for check in checks} == {"not compared"}
    assert "type hunyuan built in" in checks[0].difference


@pytest.mark.parametrize(
    ("fault", "aspects"),
    [
        ("model", {"upstream model", "model"}),
        ("key", {"key"}),
        ("system", {"system message"}),
        ("usage", {"usage"}),
        ("stream", {"stream"}),
        ("status", {"status"}),
        ("list", {"names"}),
    ],
)
def test_what_the_old_program_does_otherwise_is_named(
    ear: Ear, tmp_path: Path, fault: str, aspects: set[str]
) -> None:
    checks = [check for check in checks_of(ear, program(tmp_path, fault)) if check.outcome != "same"]
    found = {check.aspect for check in checks if check.outcome in ("different", "known")}
    assert found >= aspects
    assert found <= aspects | {"tool call", "error", "upstream"}


def test_the_copy_has_no_key_and_leads_to_the_echo_alone(ear: Ear) -> None:
    document = parse(json.dumps({**CONFIG, "proxy": {"http_proxy": "http://sk-secret@p"}}).encode(), "c.json")
    copy = copied(document, read_gateway(document), 4711, ear.base_url)
    written = json.dumps(copy.config)
    assert "secret-of" not in written
    assert "sk-secret" not in written
    assert "sk-secret" not in repr(copy)
    first, second = copy.config["services"]["openai"]
    assert first["server_url"] == f"{ear.base_url}/https/a.example/v1/chat/completions"
    assert second["server_url"] == f"{ear.base_url}/https/api.openai.com/v1"
    assert copy.config["services"]["hunyuan"][0]["enabled"] is False
    assert copy.config["server_port"] == "127.0.0.1:4711"
    assert "proxy" not in copy.config


def test_the_program_runs_in_a_folder_that_others_cannot_enter_and_that_is_gone_afterwards(
    ear: Ear, tmp_path: Path
) -> None:
    path = tmp_path / "program"
    seen = tmp_path / "seen"
    path.write_text(f'#!/bin/sh\necho "$1" > "{seen}"; env >> "{seen}"; sleep 30\n')
    path.chmod(0o700)
    document = parse(json.dumps(CONFIG).encode(), "config.json")
    copy = copied(document, read_gateway(document), 1, ear.base_url)
    with running(str(path), copy, free_port()) as old:
        while not (seen.exists() and "SIMPLE_ONE_API_DB" in seen.read_text()):
            assert old.is_running
        config = Path(seen.read_text().splitlines()[0])
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
    assert not config.parent.exists()
    assert "sk-secret" not in seen.read_text()


@pytest.mark.parametrize(
    ("path", "said"),
    [("/no/such/program", "no such program"), ("refuse", "ended with code 0: Error initializing config")],
)
def test_a_program_that_does_not_start_ends_in_a_sentence(
    ear: Ear, tmp_path: Path, path: str, said: str
) -> None:
    document = parse(json.dumps(CONFIG).encode(), "config.json")
    port = free_port()
    copy = copied(document, read_gateway(document), port, ear.base_url)
    path = program(tmp_path, "refuse") if path == "refuse" else path
    with pytest.raises(OneAdapterError, match=said), running(path, copy, port) as old:
        old.wait()


@pytest.mark.proxy
def test_the_whole_command_compares_three_sides_and_shows_no_key(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    asked = ["verify", str(config), "--old-binary", program(tmp_path), "--format", "json"]
    done = CliRunner().invoke(cli, asked)
    found = json.loads(done.stdout)
    assert [check["difference"] for check in found["checks"] if check["outcome"] == "different"] == []
    assert "sk-secret" not in done.stdout + done.stderr
    assert any(check["probe"] == "messages" and check["outcome"] == "same" for check in found["checks"])
    assert "stand-in" not in done.stdout
