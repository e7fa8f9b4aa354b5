"""The `.env`, exact for the one it is written for; and that every secret of a file ends up in it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command import Done, command
from configurations import gateway, only, openai, plan, service
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.env_file import LONGEST_LINE, env_file
from one_adapter.export.secrets.variables import secrets_of

CANARY = "canary-44b7c9"
HOSTILE = [
    *("", " ", "  padded  ", "\t", "plain", "#no comment", "a #b", "a=b", "=", "export A=1", "A=1"),
    *("'", "''", "'\\''", '"', '\\"', "\\", "\\\\", "\\'", "`id`", "$(id)", "$HOME", "${HOME}", "$'a'", "$"),
    *("${SOA_DOLLAR:-$}", "!!", "!x", "~", "*", "{a,b}", "<(id)", ";id", "&", "|id", "\\n", "\\$", "%s", "%"),
    *("two\nlines", "\n", "a\n#b", "a\nB=c", "'\n'", "end\\", "end\\\n", "\r", "a\rb", "a\r\nb", "end\r"),
    *("\x1b[2J", "\x01", "\x7f", "\x81", "\x88", "ā", "钥匙", "🔑", "\u202e", "\u2028", "\ufeff", "\u0085"),
    *("'`id`", "\\`id`", "${x}`id`", "a`'b$c\"d\\e${f}", "-n", "-e", "\\c", "x" * 5_000),
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
PRINT = '. "$1"; shift; for name; do eval "printf \'%s\\\\0\' \\"\\$$name\\""; done'


def shell_reads(shell: str, folder: Path, values: Sequence[str]) -> list[str]:
    """What a shell that sources the file has in the variables, in their order."""
    named = {f"SOA_{number}": value for number, value in enumerate(values)}
    file = folder / ".env"
    file.write_bytes(env_file("shell", named, []).encode())
    command = [shell, "-c", PRINT, shell, str(file), *named]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def docker_reads(text: str) -> dict[str, str]:
    """The rules of `docker run --env-file`: UTF-8 lines of bounded length, each taken as it stands.

    Blanks before a name, empty lines and lines that begin with # do not count; a name has
    no blank in it; a value is everything after the first =. A line without = would take
    the value from the caller's environment.
    """
    found = {}
    for line in text.encode().split(b"\n"):
        assert len(line) < LONGEST_LINE, "token too long"
        each = line.removesuffix(b"\r").decode().lstrip(" \t")
        if each and not each.startswith("#"):
            name, equals, value = each.partition("=")
            assert equals, "a line without = is looked up elsewhere"
            assert name
            assert not set(name) & set(" \t")
            found[name] = value
    return found


# A shell.


@pytest.mark.parametrize("shell", ["bash", "dash", "sh"])
def test_a_shell_reads_every_hostile_value_and_runs_none(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    pairs = [first + second for first in HOSTILE for second in ("", "'", "`", "$x", "\\", "\n")]
    assert shell_reads(shell, tmp_path, pairs) == pairs
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@given(TEXTS)
@example("'`")
def test_python_dotenv_reads_what_the_head_says(value: str) -> None:
    head = env_file("shell", {}, [])
    assert "python-dotenv reads the same, but for" in head
    beside = "`" in value and any(part in value for part in ("'", "\\", "${"))
    if "\r" in value or beside:
        return
    read = dict(dotenv_values(stream=io.StringIO(env_file("shell", {"A": value, "B": "b"}, []))))
    assert read == {"A": value, "B": "b"}


# Docker.


@given(st.one_of(st.sampled_from(HOSTILE), TEXTS))
def test_docker_reads_every_value_it_is_given(value: str) -> None:
    if "\n" in value or value.endswith("\r"):
        return  # refused, see below
    assert docker_reads(env_file("docker", {"SOA_A": value, "SOA_B": "b"}, ["SOA_B"])) == {
        "SOA_A": value,
        "SOA_B": "b",
    }


@pytest.mark.parametrize(
    "value", ["a\nb", "\n", "a\r", "a\r\n", "x" * LONGEST_LINE, "钥" * (LONGEST_LINE // 3)]
)
def test_a_value_docker_cannot_read_is_refused_by_name(value: str) -> None:
    with pytest.raises(OneAdapterError, match="SOA_KEY: its value ") as raised:
        env_file("docker", {"SOA_KEY": value}, [])
    assert raised.value.exit_code == 1
    assert "docker run --env-file cannot read" in str(raised.value)
    assert "xx" not in str(raised.value)
    assert env_file("shell", {"SOA_KEY": value}, [])


@pytest.mark.parametrize(("form", "reader"), [("shell", "POSIX shell"), ("docker", "docker run --env-file")])
def test_the_head_says_for_whom_the_file_is_exact(form: str, reader: str) -> None:
    head = env_file(form, {"A": "b"}, []).split("A=")[0]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert f"Exact for a {reader}" in head or f"Exact for {reader}" in head


# The command.


def export(tmp_path: Path, config: dict[str, Any], *words: str) -> Done:
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(config))
    return command("export", str(path), *words)


def test_the_format_is_asked_for_on_the_command_line(tmp_path: Path) -> None:
    config = openai(service("m", credentials={"api_key": "it's $HOME"}), api_key="k")
    assert export(tmp_path, config, "-o", f"{tmp_path}/d/", "--env-format", "docker").code == 0
    read = docker_reads((tmp_path / "d" / ".env").read_text())
    assert (read["SOA_OPENAI_1_API_KEY"], read["SOA_CLIENT_KEY"]) == ("it's $HOME", "k")
    assert read["LITELLM_MASTER_KEY"].startswith("sk-")


def test_a_key_with_a_line_break_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    config = openai(service("m", credentials={"api_key": f"{CANARY}\nx"}), api_key="k")
    done = export(tmp_path, config, "-o", f"{tmp_path}/d/", "--env-format", "docker")
    assert done.code == 1
    assert "SOA_OPENAI_1_API_KEY" in done.err
    assert CANARY not in done.output
    assert not (tmp_path / "d").exists()


DAMAGED = {
    "key": openai(service("m", credentials={"api_key": f"{CANARY}\0b"})),
    "client key": openai(service("m"), api_key=f"{CANARY}\0b"),
    "one of several client keys": openai(
        service("m"), api_keys=[{"api_key": f"{CANARY}\0", "supported_models": {"x": ["*"]}}]
    ),
    "query": openai(service("m", server_url="https://h.example/v1?a=b%00c")),
    "adapter's key": only("dify", models=["m"], credentials={"api_key": f"{CANARY}\0"}),
}


@pytest.mark.parametrize("config", DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("words", [[], ["--secrets", "inline"], ["-o", "OUT/"]])
def test_a_value_no_environment_can_hold_is_refused_by_name(
    tmp_path: Path, config: dict[str, Any], words: list[str]
) -> None:
    done = export(tmp_path, config, *(word.replace("OUT", f"{tmp_path}/out") for word in words))
    assert done.code == 1
    assert done.err.startswith("Error: SOA_")
    assert CANARY not in done.output
    assert not (tmp_path / "out").exists()


# Every secret is in it, and nowhere else.


ADDRESSES = [
    f"https://h.example/v1?pass={CANARY}",
    f"https://h.example/v1?sk={CANARY}&api-version=1",
    f"https://h.example/v1?T={CANARY}",
    f"https://h.example/v1?{CANARY}={CANARY}x&x=" + CANARY,
    f"https://h.example/v1/chat/completions?%74oken={CANARY}",
    f"https://me:{CANARY}@h.example/v1",
    f"https://{CANARY}@h.example/v1",
    f"https://me:p%40{CANARY}@模型.example:8443/v1",
    f"https://h.example/sk-{CANARY}/v1",
    f"https://h℀.example/v1?k={CANARY}",
]
SHOWN_ONLY = [*ADDRESSES, f"https://h.example/v1#{CANARY}"]  # a fragment is sent to nobody
TYPES = ["openai", "claude", "gemini", "ollama", "dify", "huoshan", "minimax", "xinghuo", "groq", "zhipu"]


@pytest.mark.parametrize("url", [each for each in ADDRESSES if f"?{CANARY}=" not in each])
@pytest.mark.parametrize("kind", TYPES)
def test_what_an_address_hides_is_only_in_the_env(kind: str, url: str) -> None:
    if kind == "xinghuo":
        url = url.replace("https", "wss")
    config = only(kind, models=["spark-lite"], credentials={"appid": "a"}, server_url=url)
    decided, found = plan(config), secrets_of(gateway(config), plan(config))
    for pure in (False, True):
        assert CANARY not in proxy_config(decided, found, pure)
    assert any(CANARY in value for value in found.values.values())


def test_what_tells_a_vendor_what_is_wanted_stays_readable() -> None:
    config = openai(service("m", server_url="https://h.example/v1?api-version=2&MODEL=x&tenant=7&empty="))
    text = proxy_config(plan(config), secrets_of(gateway(config), plan(config)))
    assert 'query: {api-version: "2", MODEL: x, tenant: "7", empty: ""}' in text


def test_a_google_key_file_given_by_its_content_is_a_secret() -> None:
    content = json.dumps({"private_key": CANARY})
    credentials = {"project_id": "p", "location": "global", "json_file": content}
    config = only("vertexai", models=["gemini-2.5-pro"], credentials=credentials)
    found = secrets_of(gateway(config), plan(config))
    assert CANARY not in proxy_config(plan(config), found)
    assert found.values["SOA_VERTEXAI_1_JSON_FILE"] == content
    assert "vertex_credentials: os.environ/SOA_VERTEXAI_1_JSON_FILE" in proxy_config(plan(config), found)


@pytest.mark.parametrize("url", SHOWN_ONLY)
@pytest.mark.parametrize(
    "words",
    [
        ["lint", "--format", "text"],
        ["lint", "--format", "json"],
        ["lint", "--format", "github"],
        ["lint", "--format", "sarif"],
        ["explain"],
        ["explain", "--format", "json"],
        ["explain", "--format", "mermaid"],
        ["export", "--report", "-", "-o", "/dev/null"],
        ["export", "--report", "-", "-o", "/dev/null", "--strict"],
    ],
    ids=" ".join,
)
def test_what_an_address_hides_is_on_no_screen(tmp_path: Path, url: str, words: list[str]) -> None:
    path = tmp_path / "gateway.json"
    url = url.replace("https:", "http:")  # which every linter quotes
    path.write_text(json.dumps(openai(service("m", server_url=url), service("n", enable_web=True))))
    done = command(words[0], str(path), *words[1:])
    assert done.code in (0, 1)
    assert done.output.strip()
    if f"?{CANARY}=" not in url:  # a parameter's name is no value
        assert CANARY not in done.output


WRITTEN = [
    r'"http:\/\/me:CANARY@h.example\/v1"',
    r'"http://me:CANARY\u0040h.example/v1"',
    r'"http://h.example/v1\u003fk=CANARY"',
    r'"http://h.example\/sk-1CANARY/v1"',
    r'"http\u003a//me:CANARY@h.example/v1"',
]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_an_address_written_with_escapes_is_hidden_too(tmp_path: Path, written: str, ending: str) -> None:
    path = tmp_path / f"gateway.{ending}"
    service = f'{{"models": ["m"], "enabled": true, "server_url": {written.replace("CANARY", CANARY)}}}'
    path.write_text(f'{{"services": {{"openai": [\n{service}]}}}}')
    for words in (["lint"], ["explain"], ["export", "--report", "-", "-o", "/dev/null"]):
        done = command(words[0], str(path), *words[1:])
        assert done.code == 0
        assert CANARY not in done.output
    assert "SOA607" in command("lint", str(path)).output
