"""`one-adapter export` and `explain` as a person meets them: exit codes, files, no secret on the screen."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from configurations import openai, service

from one_adapter.cli import cli
from one_adapter.export.secrets.env_file import env_file

CANARY = "canary-51c9"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command with words; a traceback would come out as an exception."""

    def command(*words: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli([str(word) for word in words], prog_name="one-adapter")
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return command


def secretive() -> dict[str, Any]:
    """A configuration with a secret in every place there is one."""
    return {
        "api_key": f"{CANARY}-client",
        "proxy": {
            "strategy": "force_all",
            "type": "http",
            "http_proxy": f"http://u:{CANARY}@proxy.example:1",
        },
        "services": {
            "openai": [
                service(
                    "m", credentials={"api_key": f"{CANARY}-1"}, server_url=f"http://u:{CANARY}@v.example/v1"
                ),
                service(
                    "n", credential_list=[{"api_key": f"{CANARY}-2"}], server_url="https://api.openai.com/v1"
                ),
            ],
            "xinghuo": [
                service("spark-lite", credentials={"appid": "a", "api_key": CANARY, "api_secret": CANARY})
            ],
        },
    }


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps(openai(service("gpt-4o", "文心"), api_key="k"), ensure_ascii=False), encoding="utf-8"
    )
    return path


@pytest.fixture
def secret_config(tmp_path: Path) -> Path:
    path = tmp_path / "secret.json"
    path.write_text(json.dumps(secretive()), encoding="utf-8")
    return path


# Export to the screen.


VARIABLES = (
    "Variables it reads: LITELLM_MASTER_KEY, SOA_CLIENT_KEY, SOA_OPENAI_1_API_KEY. "
    "With -o FOLDER they go to .env.\n"
)


def test_export_prints_the_file_and_one_line_about_its_variables(run: Run, config: Path) -> None:
    done = run("export", config)
    assert (done.code, done.err) == (0, VARIABLES)
    names = [each["model_name"] for each in yaml.safe_load(done.out)["model_list"]]
    assert names == ["gpt-4o", "文心", "random", "random"]
    assert run("export", config, "-o", "-").out == done.out


def test_export_reads_standard_input(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run("export", config).out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(config.read_bytes())))
    assert run("export", "-").out == expected


def test_export_reads_the_gateways_store(run: Run, config: Path, tmp_path: Path) -> None:
    expected = run("export", config).out
    path = tmp_path / "config.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json TEXT, active INTEGER)"
        )
        connection.execute(
            "INSERT INTO config_revisions VALUES (7, ?, 1)", (config.read_text(encoding="utf-8"),)
        )
    assert run("export", path).out == expected
    config.write_text(json.dumps(openai(service("stale"))), encoding="utf-8")
    done = run("export", path)
    assert (done.code, done.out) == (0, expected)
    assert "is stale" in done.err
    assert "holds another configuration" in run("export", config).err


# Export to files.


def test_a_folder_gets_the_file_and_the_secrets_for_the_owner_alone(
    run: Run, secret_config: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "out"
    done = run("export", secret_config, "-o", f"{folder}/")
    assert (done.code, done.out) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [".env", "config.yaml"]
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert (folder / "config.yaml").read_text(encoding="utf-8") == run("export", secret_config).out
    env = (folder / ".env").read_text(encoding="utf-8")
    assert env.count(CANARY) == 6 + 1
    assert CANARY not in (folder / "config.yaml").read_text(encoding="utf-8")


def test_a_new_master_key_is_made_each_time(run: Run, config: Path, tmp_path: Path) -> None:
    keys = set()
    for number in range(2):
        run("export", config, "-o", f"{tmp_path}/out{number}/")
        lines = (tmp_path / f"out{number}" / ".env").read_text(encoding="utf-8").splitlines()
        (key,) = (line for line in lines if line.startswith("LITELLM_MASTER_KEY=sk-"))
        assert len(key) > 50
        keys.add(key)
    assert len(keys) == 2


def test_what_is_there_is_not_written_over_without_force(run: Run, config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".env").write_text("mine", encoding="utf-8")
    done = run("export", config, "-o", folder)
    assert done.code == 2
    assert "--force" in done.err
    assert [path.name for path in folder.iterdir()] == [".env"], "both or neither"
    assert (folder / ".env").read_text(encoding="utf-8") == "mine"
    assert run("export", config, "-o", folder, "--force").code == 0
    assert "LITELLM_MASTER_KEY" in (folder / ".env").read_text(encoding="utf-8")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_a_file_is_written_once(run: Run, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.yaml"
    assert run("export", config, "-o", file).code == 0
    assert file.read_text(encoding="utf-8") == run("export", config).out
    assert run("export", config, "-o", file).code == 2
    assert run("export", config, "-o", file, "--force").code == 0


def test_a_report_is_written_once_too(run: Run, config: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    assert run("export", config, "--report", report).code == 0
    written = report.read_bytes()
    done = run("export", config, "--report", report)
    assert (done.code, done.out) == (2, "")
    assert "--force" in done.err
    assert report.read_bytes() == written
    assert run("export", config, "--report", report, "--force").code == 0


def test_a_place_that_cannot_be_written_is_said(run: Run, config: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "missing" / "out.yaml", f"{config}/"):
        done = run("export", config, "-o", place)
        assert done.code == 2
        assert done.err.startswith("Error: ")


def test_nothing_half_written_stays_behind(run: Run, config: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "folder.yaml" / "config.yaml").mkdir()
    done = run("export", config, "-o", tmp_path / "folder.yaml", "--force")
    assert done.code == 2
    assert [each.name for each in (tmp_path / "folder.yaml").iterdir() if each.name.endswith(".new")] == []


# Values in the file.


def test_inline_writes_values_and_says_what_stays(run: Run, secret_config: Path) -> None:
    done = run("export", secret_config, "--secrets", "inline")
    assert done.code == 0
    found = yaml.safe_load(done.out)
    keys = {each["litellm_params"].get("api_key") for each in found["model_list"]}
    assert {f"{CANARY}-1", f"{CANARY}-2"} <= keys
    assert found["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    assert "LITELLM_MASTER_KEY" in done.err
    assert "SOA_CLIENT_KEY" in done.err
    assert CANARY not in done.err


def test_a_file_with_values_in_it_is_for_the_owner_alone(
    run: Run, secret_config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out.yaml"
    run("export", secret_config, "--secrets", "inline", "-o", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# Strict, pure, literal.


def test_strict_is_an_exit_code(run: Run, config: Path, tmp_path: Path) -> None:
    done = run("export", config, "--strict")
    assert (done.code, done.err) == (0, VARIABLES)
    lossy = tmp_path / "lossy.json"
    lossy.write_text(json.dumps(openai(service("m"), api_key="k", enable_web=True)), encoding="utf-8")
    done = run("export", lossy, "--strict")
    assert done.code == 1
    assert "1 setting was approximated or dropped" in done.err
    assert done.out == run("export", lossy).out


def test_pure_has_nothing_of_ours(run: Run, config: Path) -> None:
    assert "one_adapter." not in run("export", config, "--pure").out


def test_redirects_are_read_as_asked(run: Run) -> None:
    source = Path(__file__).resolve().parents[1] / "golden" / "redirects-nvidia.json"
    assert "model_name: yi-large" in run("export", source).out
    assert "model_name: yi-large" not in run("export", source, "--redirects", "literal").out


# Explain.


def test_explain_prints_a_table(run: Run, config: Path) -> None:
    done = run("explain", config)
    assert (done.code, done.err) == (0, "")
    assert "文心" in done.out
    assert "https://vendor-1.example/v1" in done.out


def test_explain_prints_the_whole_plan_as_json(run: Run, config: Path) -> None:
    found = json.loads(run("explain", config, "--format", "json").out)
    assert set(found) == {"gateway", "any", "models", "access", "services", "findings", "ledger"}
    assert found["models"]["gpt-4o"] == {
        "listed": True,
        "kind": "both",
        "order": "random",
        "targets": [
            {
                "share": 1.0,
                "service": "openai-1",
                "credential": 0,
                "provider": "openai",
                "url": "https://vendor-1.example/v1",
                "model": "gpt-4o",
                "then": [],
            }
        ],
    }
    assert found["access"] == {"open": False, "keys": [{"env": "SOA_CLIENT_KEY", "models": ["*"]}]}
    assert found["services"] == {"openai-1": {"limit": None, "timeout": 30, "proxy": None}}
    assert {"pointer", "verdict", "target", "note"} == set(found["ledger"][0])


def test_explain_draws_a_graph(run: Run, config: Path) -> None:
    assert run("explain", config, "--format", "mermaid").out.startswith(("graph", "flowchart"))


@pytest.mark.parametrize("form", ["text", "json", "mermaid"])
def test_explain_one_name(run: Run, config: Path, form: str) -> None:
    done = run("explain", config, "--model", "文心", "--format", form)
    assert done.code == 0
    assert "文心" in done.out
    assert run("explain", config, "--model", "gone", "--format", form).code == 1


# What goes wrong.


@pytest.mark.parametrize("command", ["export", "explain", "run"])
@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("missing.json", None, 2),
        (".", None, 2),
        ("empty.json", b"", 1),
        ("blank.json", b" \n", 1),
        ("no.json", b"{", 1),
        ("list.json", b"[]", 1),
        ("types.json", b'{"services": {"openai": [{"models": "m"}]}}', 1),
        ("type.json", b'{"services": {"cozecn": []}}', 1),
        ("binary.json", bytes(range(256)), 1),
        ("binary.yaml", bytes(range(256)), 1),
        ("tabs.yaml", b"a:\n\tb: 1", 1),
        ("ending.toml", b"{}", 1),
        ("deep.json", b"[" * 100_000, 1),
        ("deep.yaml", b"[" * 100_000, 1),
        ("store.db", b"SQLite format 3\0 and no more", 2),
        ("no-store.db", b"{}", 2),
        ("reference.json", b'{"api_key": "os.environ/HOME"}', 1),
    ],
)
def test_bad_input_ends_in_a_sentence_and_an_exit_code(
    run: Run, tmp_path: Path, command: str, name: str, data: bytes | None, code: int
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    done = run(command, path)
    if (command, name) == ("explain", "reference.json"):
        assert done.code == 0, "only what is written down could be expanded"
        return
    assert (done.code, done.out) == (code, "")
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words", [["export"], ["export", "a", "b"], ["explain", "--format", "pdf", "x"], ["what"]]
)
def test_wrong_usage_is_exit_code_two(run: Run, words: list[str]) -> None:
    assert run(*words).code == 2


def test_what_the_gateway_would_refuse_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{\n  "load_balancing": "least"\n}', encoding="utf-8")
    done = run("export", path)
    assert done.code == 1
    assert f"{path}:2:" in done.err
    assert "least" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["export"],
        ["export", "--pure"],
        ["export", "--report", "{folder}/r.md"],
        ["export", "--report", "{folder}/r.json"],
        ["export", "--report", "{folder}/r.html"],
        ["export", "-o", "{folder}/out/"],
        ["export", "-o", "{folder}/x.yaml", "--strict"],
        ["explain"],
        ["explain", "--format", "json"],
        ["explain", "--format", "mermaid"],
    ],
    ids=" ".join,
)
def test_no_secret_reaches_the_screen_or_a_report(
    run: Run, secret_config: Path, tmp_path: Path, words: list[str]
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    done = run(words[0], secret_config, *(word.format(folder=folder) for word in words[1:]))
    assert done.code in (0, 1)
    assert CANARY not in done.out + done.err
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in written if CANARY in path.read_text(encoding="utf-8")} <= {".env"}


BROKEN = {
    "cut off": lambda text: text[:-2],
    "unknown balancing": lambda text: text.replace('"proxy"', '"load_balancing": "least", "proxy"', 1),
    "wrong type beside the key": lambda text: text.replace(
        '"api_key"', '"api_key": 5, "debug": 1, "api_key"', 1
    ),
    "a key where an object belongs": lambda text: text.replace(
        f'{{"api_key": "{CANARY}-1"}}', f'"{CANARY}-1"', 1
    ),
    "address without host": lambda text: text.replace("@v.example", "@", 1),
    "proxy that is no address": lambda text: text.replace("http://u:", "u:", 1),
    "reference": lambda text: text.replace('"n"', '"os.environ/X"', 1),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("command", ["export", "explain", "lint"])
def test_no_secret_is_shown_with_an_error(
    run: Run, tmp_path: Path, command: str, damage: Callable[[str], str]
) -> None:
    path = tmp_path / "config.json"
    text = json.dumps(secretive())
    assert damage(text) != text
    path.write_text(damage(text), encoding="utf-8")
    done = run(command, path)
    assert done.code == 1 or (command != "export" and "os.environ/" in damage(text))
    assert CANARY not in done.out + done.err


def test_a_process_writes_utf8_whatever_the_locale_says(config: Path) -> None:
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONCOERCECLOCALE": "0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "one_adapter", "explain", str(config)],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "文心" in done.stdout.decode("utf-8")


def test_a_process_that_fails_says_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "one_adapter", "export", str(tmp_path / "missing.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {tmp_path}/missing.json: there is no such file\n"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"services": {}}, "there is no service"),
        ({"xinghuo": [service("spark-lite")]}, "it belongs in services"),
        (openai(service("m", enabled=False)), "no service is switched on"),
        (openai({"models": ["m"], "enable": True}), '"enabled": true'),
        (
            {"services": {"openai": [{"models": ["*"], "enabled": True, "server_url": ""}]}},
            "no address is known",
        ),
        (
            openai(service("m", credential_list=[{"enabled": False}])),
            "every key in credential_list is switched off",
        ),
    ],
)
@pytest.mark.parametrize("command", ["export", "run"])
def test_without_any_model_there_is_nothing_to_export_or_run(
    run: Run, tmp_path: Path, config: dict[str, object], why: str, command: str
) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    done = run(command, path)
    assert (done.code, done.out) == (1, "")
    assert "there is no model to serve: " in done.err
    assert why in done.err


def test_pure_without_any_upstream_left_is_an_error_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dify.json"
    path.write_text(json.dumps({"services": {"dify": [service("d", server_url="")]}}), encoding="utf-8")
    assert run("export", path).code == 0
    done = run("export", path, "--pure")
    assert done.code == 1
    assert "--pure leaves out every upstream" in done.err


def test_pure_says_on_the_terminal_what_it_costs(run: Run, config: Path) -> None:
    assert "--pure: The old client keys do not work" in run("export", config, "--pure").err


@pytest.mark.parametrize("command", ["export", "explain", "run"])
def test_a_configuration_of_litellm_is_named_in_one_sentence(run: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("model_list:\n- model_name: m\ngeneral_settings: {master_key: os.environ/X}\n", "utf-8")
    done = run(command, path)
    assert done.code == 1
    assert (done.out + done.err).count("this is a configuration of LiteLLM") == 1
    assert len((done.out + done.err).splitlines()) <= 9


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.docx"])
def test_a_report_with_an_ending_nobody_knows_is_refused(
    run: Run, config: Path, tmp_path: Path, name: str
) -> None:
    done = run("export", config, "-o", tmp_path / "out", "--report", tmp_path / name)
    assert done.code == 2
    assert "ends in .md, .json or .html" in done.err
    assert not (tmp_path / "out").exists()


def test_explain_names_the_nearest_model_once(run: Run, config: Path) -> None:
    done = run("explain", config, "-m", "gpt4o")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("gpt4o") == 1
    assert "did you mean 'gpt-4o'?" in done.err


def test_force_keeps_the_master_key_what_was_filled_in_and_a_backup(run: Run, tmp_path: Path) -> None:
    source, folder = tmp_path / "config.json", tmp_path / "out"
    entry = service("m", credentials={"api_key": "${KEY}"}, server_url="https://api.deepseek.com/v1")
    source.write_text(json.dumps(openai(entry, api_key="sk-old")), encoding="utf-8")
    run("export", source, "-o", folder)
    env = (folder / ".env").read_text(encoding="utf-8")
    master = next(line for line in env.splitlines() if line.startswith("LITELLM_MASTER_KEY="))
    edited = env.replace("SOA_OPENAI_1_API_KEY=\n", "SOA_OPENAI_1_API_KEY=sk-filled-in\n") + "MINE='x y'\n"
    (folder / ".env").write_text(edited, encoding="utf-8")
    source.write_text(json.dumps(openai(entry, api_key="sk-new")), encoding="utf-8")
    done = run("export", source, "-o", folder, "--force")
    assert done.code == 0
    assert "Kept of the old .env: LITELLM_MASTER_KEY, SOA_OPENAI_1_API_KEY, MINE" in done.err
    assert "sk-filled-in" not in done.err
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    assert {master, "SOA_CLIENT_KEY=sk-new", "SOA_OPENAI_1_API_KEY=sk-filled-in", "MINE='x y'"} <= set(lines)
    assert (folder / ".env.bak").read_text(encoding="utf-8") == edited
    assert stat.S_IMODE((folder / ".env.bak").stat().st_mode) == 0o600
    assert (folder / "config.yaml.bak").is_file()


@pytest.mark.parametrize("form", ["shell", "docker"])
def test_with_the_env_litellms_own_command_downloads_nothing_unless_that_was_changed(
    run: Run, tmp_path: Path, config: Path, form: str
) -> None:
    env = tmp_path / "out" / ".env"
    words = ("export", config, "-o", tmp_path / "out", "--env-format", form)
    assert run(*words).code == 0
    text = env.read_text(encoding="utf-8")
    assert "\nLITELLM_LOCAL_MODEL_COST_MAP=True\n" in text
    assert "\nLITELLM_OFFLINE_MODE=true\n" in text
    assert "\nLITELLM_SUPPRESS_STARTUP_OUTPUT=true\n" in text
    env.write_text(text.replace("COST_MAP=True", "COST_MAP=False"), encoding="utf-8")
    assert "LITELLM_LOCAL_MODEL_COST_MAP" in run(*words, "--force").err
    assert "\nLITELLM_LOCAL_MODEL_COST_MAP=False\n" in env.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["shell", "docker"])
@pytest.mark.parametrize("value", ["plain", "a'b", 'a"b\\', "a$b`c", "${X}", " padded "])
def test_a_kept_value_is_read_as_it_was_written(
    run: Run, tmp_path: Path, config: Path, form: str, value: str
) -> None:
    text = env_file(form, {"MINE": value}, ())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".env").write_text(text, encoding="utf-8")
    assert run("export", config, "-o", tmp_path / "out", "--force", "--env-format", form).code == 0
    line = text.splitlines()[-1]
    assert line in (tmp_path / "out" / ".env").read_text(encoding="utf-8").splitlines()


def first_lines(text: str, count: int = 2) -> list[str]:
    return text.splitlines()[:count]


def test_an_export_begins_with_what_was_written_and_how_it_is_started(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert first_lines(run("export", config, "-o", "my litellm/").err) == [
        "Written: my litellm/config.yaml and my litellm/.env",
        "Start it: set -a; . 'my litellm/.env'; set +a; "
        "litellm --config 'my litellm/config.yaml' --port 9090",
    ]
    assert first_lines(run("export", config, "-o", "one.yaml").err, 3) == [
        "Written: one.yaml",
        "Start it: litellm --config one.yaml --port 9090",
        "Variables it reads: LITELLM_MASTER_KEY, SOA_CLIENT_KEY, SOA_OPENAI_1_API_KEY. "
        "With -o FOLDER they go to .env.",
    ]
    inlined = run("export", config, "-o", "inlined.yaml", "--secrets", "inline").err
    assert first_lines(inlined) == [
        "Written: inlined.yaml",
        "Start it: litellm --config inlined.yaml --port 9090",
    ]
    assert "Still read from the environment: LITELLM_MASTER_KEY, SOA_CLIENT_KEY\n" in inlined
    docker = run("export", config, "-o", "docker/", "--env-format", "docker").err
    assert "set -a" not in docker
    assert "docker run --env-file" in first_lines(docker, 3)[2]


def test_the_line_that_starts_it_works_in_the_shell_it_is_printed_for(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    stand_in = programs / "litellm"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$SOA_OPENAI_1_API_KEY" "$@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    (line,) = (
        line.removeprefix("Start it: ")
        for line in run("export", config, "-o", "it's $HOME/").err.splitlines()
        if line.startswith("Start it: ")
    )
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": "/nowhere"}
    done = subprocess.run(
        ["sh", "-e", "-c", line], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    key, *arguments = done.stdout.splitlines()
    assert key
    assert arguments == ["--config", "it's $HOME/config.yaml", "--port", "9090"]
    assert (tmp_path / arguments[1]).is_file()


def test_what_was_filled_in_is_inlined_too(run: Run, tmp_path: Path) -> None:
    source, folder = tmp_path / "config.json", tmp_path / "out"
    entry = service("m", credentials={"api_key": "${KEY}"}, server_url="https://api.deepseek.com/v1")
    source.write_text(json.dumps(openai(entry, api_key="sk-clients")), encoding="utf-8")
    run("export", source, "-o", folder)
    env = folder / ".env"
    env.write_text(f"{env.read_text(encoding='utf-8')}SOA_OPENAI_1_API_KEY=sk-filled-in\n", encoding="utf-8")
    assert run("export", source, "-o", folder, "--force", "--secrets", "inline").code == 0
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    assert "api_key: sk-filled-in" in text
    assert "SOA_OPENAI_1_API_KEY" not in text
    assert stat.S_IMODE((folder / "config.yaml").stat().st_mode) == 0o600


def test_an_open_configuration_is_said_to_be_open(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "config.json"
    source.write_text(json.dumps({"services": {"openai": [service("m")]}}), encoding="utf-8")
    done = run("export", source, "-o", tmp_path / "out")
    assert "asks clients for no key" in done.err
    assert "--host 127.0.0.1" in done.err


def test_a_pure_export_writes_only_the_variables_it_reads_and_counts_as_stock_litellm_does(
    run: Run, config: Path, tmp_path: Path
) -> None:
    done = run("export", config, "-o", tmp_path / "out", "--pure")
    env = (tmp_path / "out" / ".env").read_text(encoding="utf-8")
    assert "SOA_OPENAI_1_API_KEY=" in env
    assert "SOA_CLIENT_KEY" not in env
    assert "emulated" not in done.err
    assert "dropped" in done.err
    assert "clients never use it" not in (tmp_path / "out" / "config.yaml").read_text(encoding="utf-8")
