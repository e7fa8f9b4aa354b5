"""`run` that cannot start says why in one sentence, and what it says and logs holds no secret."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from growth import assert_grows_with_size
from proxy import free_port

from one_adapter.cli import cli
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.host import launch, log
from one_adapter.runtime.redaction import MOST_LENT_KEYS, CleanStream, Known, known, named


def _configuration(folder: Path, key: str) -> str:
    service = {"models": ["m"], "enabled": True, "credentials": {"api_key": key}}
    service["server_url"] = "http://127.0.0.1:9/v1"
    file = folder / "config.json"
    file.write_text(json.dumps({"api_key": "sk-client", "services": {"openai": [service]}}))
    return str(file)


def test_a_key_with_a_nul_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    file = _configuration(tmp_path, "a\0b")
    done = CliRunner().invoke(cli, ["run", file, "--host", "127.0.0.1", "--port", str(free_port())])
    assert done.exit_code == 1
    assert "SOA_OPENAI_1_API_KEY" in done.output.strip().splitlines()[-1]
    assert "Traceback" not in done.output


@pytest.mark.parametrize("value", ["a\0b", "half-\ud800-of-a-pair"])
def test_a_secret_that_no_variable_can_hold_is_told_by_its_name(value: str) -> None:
    with pytest.raises(OneAdapterError, match="SOA_X has a character") as problem:
        launch._fill({"SOA_X": value})
    assert value not in str(problem.value)


def _read_only(monkeypatch: pytest.MonkeyPatch, memory: str) -> None:
    def refused() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(launch.tempfile, "gettempdir", refused)
    monkeypatch.setattr(launch, "MEMORY", memory)


def test_where_nothing_can_be_written_the_file_lies_in_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _read_only(monkeypatch, str(tmp_path))
    with launch._file("a: 1") as path:
        assert Path(path).read_text("utf-8") == "a: 1"
        assert tmp_path in Path(path).parents
    assert not list(tmp_path.iterdir())


def test_where_not_even_that_can_be_written_it_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _read_only(monkeypatch, str(tmp_path / "none"))
    with pytest.raises(OneAdapterError, match="set TMPDIR"), launch._file("a: 1"):
        raise AssertionError


def test_told_to_end_as_soon_as_the_folder_is_there_it_leaves_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = os.mkdir

    def told(*given: object, **more: object) -> None:
        made(*given, **more)  # type: ignore[arg-type]
        raise SystemExit(0)

    monkeypatch.setattr(launch.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(os, "mkdir", told)
    with pytest.raises(SystemExit), launch._file("a: 1"):
        raise AssertionError
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OneAdapterError, match="No space left on device"), launch._file("a: 1"):
        raise AssertionError


@pytest.mark.proxy
def test_an_argument_that_litellm_does_not_know_is_one_sentence(tmp_path: Path) -> None:
    file = _configuration(tmp_path, "sk-upstream-key")
    command = [sys.executable, "-m", "one_adapter", "run", file, "--host", "127.0.0.1"]
    command += ["--port", str(free_port()), "--", "--no-such-option"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ})
    assert done.returncode == 1
    assert "LiteLLM did not start: No such option" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.fixture
def logged() -> io.StringIO:
    """What a handler of some logger's writes."""
    log.clean_logs()
    known.learn(["sk-the-secret-of-the-log"])
    written = io.StringIO()
    logger = logging.getLogger("of-the-test")
    logger.handlers = [logging.StreamHandler(written)]
    logger.propagate = False
    return written


def test_no_record_shows_a_secret(logged: io.StringIO) -> None:
    logger = logging.getLogger("of-the-test")
    logger.error("key sk-the-secret-of-the-log")
    logger.error("key %s and %r", "sk-the-secret-of-the-log", {"api_key": "sk-the-secret-of-the-log"})
    try:
        raise ValueError("sk-the-secret-of-the-log")
    except ValueError:
        logger.exception("failed", stack_info=True)
    logger.error("%d", "no number: sk-the-secret-of-the-log")
    text = logged.getvalue()
    assert "sk-the-secret-of-the-log" not in text
    assert "key *** and {'api_key': '***'}" in text
    assert "ValueError: ***" in text


def test_the_access_log_keeps_its_parts() -> None:
    given = ("127.0.0.1:1", "GET", "/x?key=sk-the-secret-of-the-log", "1.1", 200)
    known.learn(["sk-the-secret-of-the-log"])
    record = logging.makeLogRecord({"msg": '%s - "%s %s HTTP/%s" %d', "args": given})
    assert log.cleaned(record).args == ("127.0.0.1:1", "GET", "/x?key=***", "1.1", 200)
    assert record.args == given


def test_what_is_printed_shows_no_secret() -> None:
    given = io.StringIO()
    secrets = Known()
    secrets.learn(["sk-the-secret-of-the-terminal"])
    stream = CleanStream(given, secrets.clean)
    print("sk-the-secret-of-the-terminal", "is printed", file=stream, flush=True)
    stream.writelines(["a sk-the-secret-of-the-terminal\n", "b\n"])
    assert given.getvalue() == "*** is printed\na ***\nb\n"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "-----BEGIN PRIVATE KEY-----",
            "a-",
            "a.",
            "://a:",
            "eyJaaaaaaaaaa-",
            "eyJ.",
            "_secret ",
            "Bearer ",
        ),
        *("{", "z", " ", "/tmp/", "10.1.", "password: ", "?key=", "private_key="),
    ],
)
def test_looking_for_shapes_of_secrets_takes_no_time_that_grows_with_the_square(text: str) -> None:
    whole = (text * log.TEXT_CHARACTERS)[: log.TEXT_CHARACTERS]

    def look(told: str) -> None:
        log.Pass(log.SHAPES).sub("REDACTED", told)
        log.Pass(log.DETAILS).sub("REDACTED", told)

    assert_grows_with_size(lambda: look(whole[: len(whole) // 2]), lambda: look(whole))


def test_shapes_of_secrets_that_nobody_told_are_taken_out_too() -> None:
    told = (
        "Bearer abcdefghijklmnop; sk-1234567890abcdef, db://me:pw@db api_key='12345678' AKIA1234567890ABCDEF"
    )
    clean = log.Pass(log.SHAPES).sub("REDACTED", told)
    assert clean == "REDACTED; REDACTED, db://REDACTED@db REDACTED' REDACTED"
    inner = log.Pass(log.DETAILS).sub("REDACTED", "at 10.1.2.3 (db.corp) in /etc/passwd, not 8.8.8.8 (x.org)")
    assert inner == "at REDACTED (REDACTED) in REDACTED, not 8.8.8.8 (x.org)"


def test_every_variable_that_a_configuration_names_is_known() -> None:
    environment = {
        "A": "a-of-a-key",
        "B": "b-of-a-key",
        "C_1_API_KEY": "c-of-a-key",
        "P": "http://u:p-of-a-proxy@h",
    }
    configuration = {
        "model_list": [
            {"litellm_params": {"api_key": "os.environ/A", "credential_env": "C_1"}},
            {
                "litellm_params": {
                    "api_key": "inline-of-a-key",
                    "api_base": "http://h/v1?code=code-of-a-query",
                }
            },
        ],
        "general_settings": {
            "one_adapter": {"access": {"keys": [{"env": "B"}]}, "proxy": {"https_env": "P"}}
        },
    }
    secrets = Known()
    secrets.learn(named(configuration, environment))
    told = "a-of-a-key b-of-a-key c-of-a-key p-of-a-proxy inline-of-a-key code-of-a-query h"
    assert secrets.clean(told) == "*** *** *** *** *** *** h"


def test_lines_of_a_key_file_are_known_one_by_one() -> None:
    file = {"type": "service_account", "client_email": "me@x.org", "token_uri": "https://x.org/token"}
    file |= {
        "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    }
    secrets = Known()
    secrets.learn([json.dumps(file), "{no json but secret", "http://[no-address"])
    assert secrets.clean('"MIIEvQIBADANBg\\nkqhkiG9w0BAQEF" me@x.org') == '"***\\n***" me@x.org'
    assert secrets.clean("{no json but secret") == "***"


def test_lent_keys_are_known_for_a_time() -> None:
    secrets = Known()
    for number in range(MOST_LENT_KEYS + 1):
        secrets.lend(f"lent-key-{number:04}-")
    assert secrets.clean("lent-key-0000- lent-key-0001-") == "lent-key-0000- ***"
