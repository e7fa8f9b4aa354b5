"""A stand-in for the user's gateway program beside the proxy: what differs is named, keys stay at home."""

from __future__ import annotations

import json
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from command_runner import runner
from standin import MASTER, RELAYED, serving

from one_adapter.cli import cli
from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.errors import OneAdapterError
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decide
from one_adapter.verify.configuration import beside_the_old
from one_adapter.verify.old_program.copying import copied
from one_adapter.verify.old_program.program import running
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.asking import Ear
from one_adapter.verify.playing.child_process import free_port
from one_adapter.verify.playing.play import Stage, played
from one_adapter.verify.result import Check

pytestmark = pytest.mark.usefixtures("nothing_comes_late")

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


def checks_of(ear: Ear, path: str, *names: str) -> tuple[Check, ...]:
    """The checks of a program beside the proxy: of some names, or of all."""
    document = parse(json.dumps(CONFIG).encode(), "config.json")
    plan = decide(document)
    gateway = read_gateway(document, plan.dialect)
    secrets = secrets_of(gateway, plan, True)
    port = free_port()
    copy = copied(document, gateway, port, ear.base_url)
    with serving(plan, secrets, ear) as base, running(path, copy, port) as old:
        old.wait()
        stage = Stage(base, ear, MASTER, RELAYED)
        more = beside_the_old(old.base_url, copy, gateway)
        checks, _, _ = played(plan, secrets, stage, VerifyOptions(models=names), more)
    return tuple(check for check in checks if check.probe.endswith("beside the old"))


@pytest.mark.proxy
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


@pytest.mark.proxy
def test_what_the_program_would_call_by_itself_is_left_out_and_said(ear: Ear, tmp_path: Path) -> None:
    checks = [
        check for check in checks_of(ear, program(tmp_path), "hunyuan-lite") if check.model == "hunyuan-lite"
    ]
    assert {check.outcome for check in checks} == {"not compared"}
    assert "type hunyuan built in" in checks[0].difference


@pytest.mark.proxy
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
    names = ("one", "said", "gpt-4o", "emb")
    checks = [check for check in checks_of(ear, program(tmp_path, fault), *names) if check.outcome != "same"]
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
            assert old._process is not None
            assert old._process.poll() is None
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
def test_the_whole_command_compares_three_sides_and_shows_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "files").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "files"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "files"))
    asked = ["verify", "-", "--old-binary", program(tmp_path), "--format", "json"]
    with watching(tmp_path / "files") as seen:
        done = runner().invoke(cli, asked, input=json.dumps(CONFIG))
    found = json.loads(done.stdout)
    assert [check["difference"] for check in found["checks"] if check["outcome"] == "different"] == []
    assert any(check["probe"] == "messages" and check["outcome"] == "same" for check in found["checks"])
    assert "sk-secret" not in done.stdout + done.stderr
    assert "stand-in" not in done.stdout
    assert seen["commands"] > 2
    assert seen["files"] > 2
    assert seen["with a key"] == 0
    assert [*(tmp_path / "files").iterdir()] == []


@contextmanager
def watching(folder: Path) -> Iterator[dict[str, int]]:
    """Look at every command line of one-adapter's and at every file below a folder, as often as can be."""
    seen = {"commands": 0, "files": 0, "with a key": 0}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            commands = dict.fromkeys(Path("/proc").glob("[0-9]*/cmdline"), "commands")
            for path, kind in {**commands, **dict.fromkeys(folder.rglob("*"), "files")}.items():
                with suppress(OSError):
                    read = path.read_bytes()
                    seen[kind] += kind == "files" or b"one_adapter" in read or b"old_gateway" in read
                    seen["with a key"] += b"sk-secret-of" in read

    thread = threading.Thread(target=look)
    thread.start()
    yield seen
    over.set()
    thread.join()


@pytest.mark.parametrize(
    ("kind", "entry", "url", "reason"),
    [
        ("openai", {"models": ["gpt-4o"]}, "/https/api.openai.com/v1", ""),
        ("openai", {"models": ["gpt-4o", "glm-4"]}, "", "depends on the model"),
        ("openai", {"models": ["else"]}, "", "depends on the model"),
        ("zhipu", {"models": ["glm-4", "else"]}, "/https/open.bigmodel.cn/api/paas/v4", ""),
        ("groq", {"models": ["llama"]}, "", "depends on the model"),
        ("claude", {"models": ["c"]}, "/https/api.anthropic.com/v1/messages", ""),
        ("azure", {"models": ["a"], "server_url": "https://r.openai.azure.com"}, "", "built in"),
        ("dify", {"models": ["d"], "server_url": "https://d.example/v1"}, "", "built in"),
        ("huoshan", {"models": ["ep-1"]}, "/https/ark.cn-beijing.volces.com/api/v3", ""),
        (
            "huoshan",
            {"models": ["ep-1"], "credentials": {"access_key": "a", "secret_key": "s"}},
            "",
            "for a key first",
        ),
        (
            "gemini",
            {"models": ["g"], "upstream_protocol": "chat_completions"},
            "/https/api.openai.com/v1",
            "",
        ),
        (
            "openai",
            {
                "models": ["m"],
                "server_url": "https://u:p@x.example/v1/sk-key-in-path-123?token=sk-secret-of-x&v=1",
            },
            "/https/x.example/v1/hidden?token=stand-in-0001&v=1",
            "",
        ),
    ],
)
def test_each_service_leads_to_the_echo_or_is_off(
    kind: str, entry: dict[str, Any], url: str, reason: str
) -> None:
    full = {"enabled": True, "credentials": {"api_key": ""}, **entry}
    if kind == "huoshan" and "credentials" not in entry:
        full["credentials"] = {"api_key": "k"}
    document = parse(json.dumps({"services": {kind: [full]}}).encode(), "config.json")
    copy = copied(document, read_gateway(document), 1, "http://127.0.0.1:2")
    (made,) = copy.config["services"][kind]
    assert made["enabled"] == (not reason)
    assert reason in "".join(copy.left_out.values())
    if not reason:
        expected = url.replace("stand-in-0001", copy.keys.get("sk-secret-of-x", ""))
        assert made["server_url"] == f"http://127.0.0.1:2{expected}"


def test_a_copy_is_made_of_what_the_gateway_reads_and_of_nothing_else() -> None:
    keys = [{"api_key": "sk-secret-1", "enabled": False, "note": "sk-secret-2", "limit": {"qps": 1}}]
    service = {"Models": ["gpt-4o"], "enabled": True, "credential_list": [*keys, {"api_key": "sk-secret-1"}]}
    config = {
        "Services": {"openai": [{**service, "note": "sk-secret-3"}]},
        "note": "sk-secret-4",
        "debug": True,
    }
    config["api_keys"] = [{"api_key": "sk-secret-5", "supported_models": {"openai": ["gpt-4o"]}}]
    document = parse(json.dumps(config).encode(), "config.json")
    copy = copied(document, read_gateway(document), 1, "http://127.0.0.1:2")
    assert "sk-secret" not in json.dumps(copy.config)
    (made,) = copy.config["services"]["openai"]
    assert made["models"] == ["gpt-4o"]
    first, second = made["credential_list"]
    assert (first["enabled"], first["limit"]) == (False, {"qps": 1})
    assert first["api_key"] == second["api_key"]
    assert copy.original(first["api_key"]) == "sk-secret-1"
    assert copy.original("else") == "else"
    assert copy.config["api_keys"][0]["supported_models"] == {"openai": ["gpt-4o"]}
    assert "note" not in copy.config
