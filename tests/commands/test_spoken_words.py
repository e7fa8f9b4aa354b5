"""With Chinese chosen, no English sentence is on the terminal; without, no Chinese one."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from command_runner import runner
from language_check import chinese_in, english_in

from one_adapter.cli import COMMANDS, cli
from one_adapter.commands.run import ways
from one_adapter.commands.sharing import sharing
from one_adapter.commands.spoken import say
from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.errors import _REASONS, reason_of
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.language import translated
from one_adapter.language.chosen import speaking
from one_adapter.plan.build import decide
from one_adapter.runtime.host.starting import Starting
from one_adapter.runtime.reload.naming import loaded

ROOT = Path(__file__).resolve().parents[2]
GUIDE = str(ROOT / "examples" / "guide.json")
FINE = {"services": {"openai": [{"models": ["m"], "enabled": True, "credentials": {"api_key": "sk-1"}}]}}
LANGUAGES = ["en", "zh"]
#: What a person may get wrong, and one word that stands in the answer in every language.
WRONG: list[tuple[list[str], str]] = [
    (["nonsense"], "nonsense"),
    (["--nonsense"], "--nonsense"),
    (["lint"], "-"),
    (["lint", "missing.json"], "missing.json"),
    (["lint", "folder-of-nothing"], "folder-of-nothing"),
    (["lint", "not-json.json"], "not-json.json"),
    (["lint", "fine.json", "--select", "SOA999"], "SOA999"),
    (["lint", "fine.json", "--ignore", "nonsense"], "nonsense"),
    (["lint", "fine.json", "--format", "xml"], "xml"),
    (["lint", "fine.json", "--fail-on", "never"], "never"),
    (["lint", "fine.json", "--gateway", "0.1"], "0.1"),
    (["lint", "--explain", "SOA999"], "SOA999"),
    (["lint", "fine.json", "--formt", "text"], "--format"),
    (["explain"], "CONFIG"),
    (["explain", "missing.json"], "missing.json"),
    (["explain", "."], "."),
    (["explain", "fine.json", "--model", "mm"], "mm"),
    (["explain", "fine.json", "--model", "nothing-alike"], "nothing-alike"),
    (["explain", "fine.json", "more.json"], "more.json"),
    (["explain", "litellm.yaml"], "litellm.yaml"),
    (["explain", "not-json.json"], "not-json.json"),
    (["export", "missing.json"], "missing.json"),
    (["export", "fine.json", "--report", "report.pdf"], "report.pdf"),
    (["export", "fine.json", "--pure", "--watch"], "--watch"),
    (["export", "fine.json", "--redis", "redis://me:secret@host"], "_"),
    (["export", "fine.json", "--redis", "LITELLM_MASTER_KEY"], "LITELLM_MASTER_KEY"),
    (["export", "fine.json", "-o", "fine.json"], "fine.json"),
    (["export", "fine.json", "-o", "missing-folder/a.yaml"], "missing-folder"),
    (["export", "fine.json", "--secrets", "hidden"], "hidden"),
    (["export", "fine.json", "-o"], "-o"),
    (["run", "missing.json"], "missing.json"),
    (["run", "fine.json", "--port", "0"], "0"),
    (["run", "fine.json", "--workers", "none"], "none"),
    (["run", "fine.json", "--profile", "slow"], "slow"),
    (["run", "fine.json", "--redis", "http://x"], "redis://"),
    (["run", "fine.json", "--redis", "redis://x", "--redis-name", "a b"], "--redis-name"),
    (["run", "fine.json", "--grace", "soon"], "soon"),
    (["run", "fine.json", "--access-log", "missing-folder/log"], "missing-folder"),
    (["run", "fine.json", "--", "--config", "x"], "--config"),
    (["verify"], "--old"),
    (["verify", "--old", "http://127.0.0.1:1"], "--new"),
    (["verify", "fine.json", "--old", "http://127.0.0.1:1"], "CONFIG"),
    (["verify", "fine.json", "--exported", "x", "--check-keys"], "--check-keys"),
    (["verify", "fine.json", "--exported", "missing.yaml"], "missing.yaml"),
    (["verify", "fine.json", "--exported", "not-json.json"], "not-json.json"),
    (["verify", "fine.json", "--exported", "fine.json"], "fine.json"),
    (["verify", "fine.json", "--check-keys"], "--yes"),
    (["verify", "fine.json", "--check-keys", "--max-requests", "0"], "0"),
    (["verify", "fine.json", "--old-binary", "no-such-program"], "no-such-program"),
    (["verify", "--old", "nonsense", "--new", "http://127.0.0.1:1"], "http://HOST:PORT"),
    (["verify", "--old", "http://127.0.0.1:1", "--new", "http://127.0.0.1:1"], "127.0.0.1:1"),
    (["verify", "--old", "http://x", "--new", "http://x", "--old-key-env", "NO_SUCH"], "NO_SUCH"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("fine.json").write_text(json.dumps(FINE), encoding="utf-8")
    Path("not-json.json").write_text('{"services": ', encoding="utf-8")
    Path("litellm.yaml").write_text("model_list:\n- model_name: a\n  litellm_params: {model: openai/a}\n")
    Path("folder-of-nothing").mkdir()
    return tmp_path


def foreign(text: str, language: str, names: list[str]) -> list[str]:
    """What of a text is in the other language."""
    return english_in(text, names) if language == "zh" else chinese_in(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_speaks_one_language(name: str, language: str) -> None:
    words = [name] if name else []
    helped = runner().invoke(cli, [*words, "--help", "--lang", language], terminal_width=200)
    assert helped.exit_code == 0
    assert foreign(helped.stdout, language, ["docker run --env-file"]) == []
    assert helped.stdout != runner().invoke(cli, [*words, "--help", "--lang", other(language)]).stdout


def other(language: str) -> str:
    return "en" if language == "zh" else "zh"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("words", "kept"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_an_error_speaks_one_language(folder: Path, words: list[str], kept: str, language: str) -> None:
    assert folder
    done = runner().invoke(cli, ["--lang", language, *words])
    assert done.exit_code in (1, 2)
    assert kept in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert ("错误" in done.stdout + done.stderr) is (language == "zh")
    assert foreign(done.stdout + done.stderr, language, []) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_with_a_file_speaks_one_language(folder: Path, language: str) -> None:
    assert folder
    assert runner().invoke(cli, ["export", GUIDE, "-o", "guide.yaml"]).exit_code == 0
    whole = Path("guide.yaml").read_text(encoding="utf-8")
    edited = whole
    for before, after in (
        ("model_name: gpt-4o", "model_name: my own"),
        ("      timeout: 30\n", "      timeout: 31\n"),
        ("api.deepseek.com", "deepseek.example"),
        ("general_settings:", "general_settings:\n  alerting: [slack]"),
        ("\n  one_adapter:\n", "\n  one_adapter:\n    metrics: true\n"),
    ):
        edited = edited.replace(before, after, 1)
    Path("guide.yaml").write_text(edited, encoding="utf-8")
    for form in ("text", "html"):
        words = ["verify", GUIDE, "--exported", "guide.yaml", "--format", form, "--lang", language]
        done = runner().invoke(cli, words)
        assert done.exit_code == 1, done.stderr
        shown = done.stdout.partition("</style>")[2] if form == "html" else done.stdout
        source = Path(GUIDE).read_text(encoding="utf-8")
        found = english_in(shown, [GUIDE, "my own"]) if language == "zh" else chinese_in(shown, source)
        assert found == [], form
        assert ("不一致" in shown) is (language == "zh")


@pytest.mark.parametrize("form", ["json", "junit"])
def test_programs_read_the_same_in_every_language(folder: Path, form: str) -> None:
    assert folder
    assert runner().invoke(cli, ["export", GUIDE, "-o", "guide.yaml"]).exit_code == 0
    text = Path("guide.yaml").read_text(encoding="utf-8").replace("api.deepseek.com", "deepseek.example")
    Path("guide.yaml").write_text(text, encoding="utf-8")
    words = ["verify", GUIDE, "--exported", "guide.yaml", "--format", form]
    english, chinese = (runner().invoke(cli, [*words, "--lang", one]).stdout for one in LANGUAGES)
    assert english == chinese
    assert "deepseek.example" in english


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_run_says_of_ways_and_of_sharing_is_in_one_language(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    limited: dict[str, Any] = {**FINE["services"]["openai"][0], "limit": {"qps": 4, "timeout": 3}}
    text = json.dumps({"load_balancing": "rr", "services": {"openai": [limited], "claude": [limited]}})
    document = parse(text.encode(), "config.json")
    gateway = read_gateway(document)
    plan = decide(document)
    found = loaded(proxy_config(plan, secrets_of(gateway, plan)))
    with speaking("zh" if language == "zh" else "en"):
        for line in (*ways(found), *sharing(plan, 4, "none", True).lines(plan)):
            say(line)
        times = iter((0.0, 7.0))
        starting = Starting("http://127.0.0.1:9090/v1", clock=lambda: next(times))
        with starting:
            say(starting.line())
            starting.ready()
    said = capsys.readouterr().out
    assert "4" in said
    assert foreign(said, language, []) == []


def test_the_systems_reasons_are_said_as_the_system_says_them() -> None:
    if sys.platform == "linux":
        of_resolver = ctypes.CDLL(None).gai_strerror
        of_resolver.restype = ctypes.c_char_p
        said = {
            number: os.strerror(number) if number > 0 else of_resolver(number).decode() for number in _REASONS
        }
        assert said == _REASONS
    assert reason_of(OSError(5, "Input/output error")) == "Input/output error"
    with speaking("zh"):
        assert translated(reason_of(PermissionError(13, "Permission denied"))) == "没有权限"
