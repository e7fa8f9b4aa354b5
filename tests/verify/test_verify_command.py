"""The command for two servers: consent, keys, limits, interruption, and what it writes."""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from click.testing import Result
from command_runner import runner
from gateways import KEY, Ways, running

from one_adapter.cli import cli

ONE = Ways(names=("m",))
#: A key that addresses write otherwise.
AN_ODD_KEY = "sk-a+key/of=the:client"
KEYS = {"OLD_KEY": KEY, "NEW_KEY": KEY}


def verify(old: str, new: str, *words: str, environment: dict[str, str] | None = None) -> Result:
    arguments = ["verify", "--old", old, "--new", new, "--old-key-env", "OLD_KEY", *words]
    return runner().invoke(cli, arguments, env=KEYS if environment is None else environment)


def test_without_a_terminal_and_without_yes_nothing_but_the_lists_is_asked() -> None:
    with running(ONE) as server:
        done = verify(server.url, server.url)
        assert done.exit_code == 2
        assert "34 requests" in done.stderr
        assert "nobody is there to agree to it: --yes does" in done.stderr
        assert not [body for _, path, _, body in server.seen if body.get("model")]


def test_two_servers_that_are_alike_are_the_same_and_a_difference_is_exit_code_1(tmp_path: Path) -> None:
    with running(ONE) as old, running(Ways(names=("m",), has_finish=False)) as new:
        same = verify(old.url, old.url, "--yes")
        assert same.exit_code == 0, same.stderr
        assert "The same. 11 checks: 11 same." in same.stdout
        path = tmp_path / "report.html"
        different = verify(old.url, new.url, "--yes", "--format", "html", "--output", str(path))
        assert different.exit_code == 1
        assert different.stdout.startswith("Different. 11 checks: 6 different, 5 same.")
        assert "finish reason: an end is missing" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["text", "json", "html", "junit"])
def test_no_key_and_no_user_info_is_in_any_output(form: str) -> None:
    # A server that repeats the key in its errors, and a name that holds it.
    hostile = Ways(names=("m", f"name-{KEY}"), status={"m": 401}, error_type=KEY)
    with running(Ways(names=("m",))) as old, running(hostile) as new:
        address = new.url.replace("http://", "http://somebody:pass-word-1@")
        done = verify(old.url, address, "--yes", "--show", "--format", form)
        assert done.exit_code == 1
        assert "401" in done.stdout
        for secret in (KEY, "somebody", "pass-word-1"):
            assert secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoded", [quote(AN_ODD_KEY, ""), base64.b64encode(AN_ODD_KEY.encode()).decode()])
def test_a_key_that_a_server_repeats_in_another_form_is_not_shown(encoded: str) -> None:
    hostile = Ways(names=("m",), status={"m": 400}, error_type=encoded, key=AN_ODD_KEY)
    with running(Ways(names=("m",), key=AN_ODD_KEY)) as old, running(hostile) as new:
        done = verify(old.url, new.url, "--yes", environment={"OLD_KEY": AN_ODD_KEY})
    assert done.exit_code == 1
    assert "400" in done.stdout
    assert encoded not in done.stdout


def test_each_side_gets_its_own_key_and_no_other() -> None:
    with running(ONE) as old, running(Ways(names=("m",), key="sk-the-new-ones-key")) as new:
        keys = {"OLD_KEY": KEY, "NEW_KEY": "sk-the-new-ones-key"}
        assert verify(old.url, new.url, "--yes", "--new-key-env", "NEW_KEY", environment=keys).exit_code == 0
        assert not [key for _, _, key, _ in old.seen if "new-ones" in key]
        assert not [key for _, _, key, _ in new.seen if KEY in key]
        lost = verify(old.url, new.url, "--yes", environment=keys)
        assert lost.exit_code == 1
        assert "status 401 instead of 200: the new side does not take this key" in lost.stdout
        refused = verify(new.url, old.url, "--yes", environment=keys)
        assert refused.exit_code == 2
        assert "answers 401: it does not take this key" in refused.stderr


def test_a_variable_that_is_not_set_is_said() -> None:
    done = verify("http://127.0.0.1:1", "http://127.0.0.1:1", environment={})
    assert done.exit_code == 2
    assert "no variable OLD_KEY is set" in done.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1", "write it as http://HOST:PORT"),
        ("127.0.0.1:9090", "write it as http://HOST:PORT"),
        ("http://127.0.0.1:99999", "no address of a server"),
        ("http://127.0.0.1/?key=sk-secret", "write it as http://HOST:PORT"),
        ("http://127.0.0.1:1", "/v1/models: no answer"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(url: str, words: str) -> None:
    done = verify(url, url, "--yes")
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "sk-secret" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--old", "http://127.0.0.1:1"],
        ["config.json", "--old", "http://127.0.0.1:1", "--new", "http://127.0.0.1:1"],
        [],
        ["config.json", "--exported", "x.yaml", "--check-keys"],
    ],
)
def test_forms_that_do_not_go_together_are_wrong_usage(words: list[str]) -> None:
    done = runner().invoke(cli, ["verify", *words])
    assert done.exit_code == 2
    assert "Usage:" in done.stderr


def test_an_estimate_above_the_maximum_ends_it_before_anything_is_asked() -> None:
    with running(Ways(names=("gpt-4o",))) as server:
        done = verify(server.url, server.url, "--yes", "--max-cost", "0.0001")
        assert done.exit_code == 2
        assert "more than --max-cost 0.0001" in done.stderr
        assert "LiteLLM's price list" in done.stderr
        assert not [body for _, _, _, body in server.seen if body.get("model")]
        assert verify(server.url, server.url, "--yes", "--max-cost", "1").exit_code == 0


def test_a_name_without_a_price_is_reckoned_dear_and_said() -> None:
    with running(ONE) as server:
        done = verify(server.url, server.url, "--yes", "--max-cost", "0.001")
        assert done.exit_code == 2
        assert "1 name has no known price" in done.stderr


def test_the_limit_of_requests_is_kept_and_what_is_left_is_not_compared() -> None:
    with running(Ways(names=("a", "b", "c"))) as server:
        done = verify(server.url, server.url, "--yes", "--max-requests", "40", "--format", "json")
        asked = [body for _, path, _, body in server.seen if path != "/v1/models" or body]
        shown = json.loads(done.stdout)
        assert done.exit_code == shown["exit_code"] == 2
        assert len(asked) <= sum(shown["requests"].values()) == 40
        assert shown["interrupted"] == "--max-requests 40 was reached"
        assert shown["counts"]["different"] == 0 < shown["counts"]["not compared"]


def test_only_the_names_that_are_wanted_are_asked_and_a_hidden_one_by_its_own_name() -> None:
    ways = Ways(names=("deepseek-chat", "other"), upstreams={"hidden": []})
    with running(ways) as server:
        words = ["--models", "deepseek-*", "--models", "hidden", "--format", "json"]
        done = verify(server.url, server.url, "--yes", *words)
        assert {check["model"] for check in json.loads(done.stdout)["checks"]} == {
            None,
            "deepseek-chat",
            "hidden",
        }
        assert not [body for _, _, _, body in server.seen if body.get("model") == "other"]


def test_a_names_questions_are_asked_one_after_another() -> None:
    with running(Ways(names=("a", "b"), delay=0.01)) as server, running(Ways(names=("a", "b"))) as other:
        assert verify(server.url, other.url, "--yes", "--concurrency", "1").exit_code == 0
        assert server.most_at_once == 1


@pytest.mark.parametrize(("status", "side"), [(429, "old"), (500, "old"), (503, "old"), (429, "new")])
def test_a_busy_vendor_is_not_compared_and_no_difference(status: int, side: str) -> None:
    with (
        running(Ways(names=("m", "n"))) as good,
        running(Ways(names=("m", "n"), status={"m": status})) as busy,
    ):
        pair = (busy.url, good.url) if side == "old" else (good.url, busy.url)
        done = verify(*pair, "--yes", "--format", "json")
        checks = json.loads(done.stdout)["checks"]
        assert {check["outcome"] for check in checks if check["model"] == "m"} == {"not compared"}
        assert {check["outcome"] for check in checks if check["model"] == "n"} == {"same"}
        assert f"the {side} side: status {status}" in done.stdout
        assert ("each of 4 times; the old side always answers with 200" in done.stdout) == (side == "new")
        assert done.exit_code == 2


@pytest.mark.parametrize("status", [500, 503])
def test_a_new_side_that_always_fails_where_the_old_one_answers_is_different(status: int) -> None:
    with (
        running(Ways(names=("m", "n"))) as old,
        running(Ways(names=("m", "n"), status={"m": status})) as new,
    ):
        done = verify(old.url, new.url, "--yes", "--format", "json")
        checks = json.loads(done.stdout)["checks"]
        told = {(check["outcome"], check["difference"]) for check in checks if check["model"] == "m"}
        assert told == {("different", f"status {status} instead of 200, each of 4 times")}
        assert {check["outcome"] for check in checks if check["model"] == "n"} == {"same"}
        assert done.exit_code == 1


def test_the_words_are_compared_and_shown_only_where_that_is_asked_for() -> None:
    with (
        running(Ways(names=("m",), says="one thing", piece_chars=3)) as old,
        running(Ways(names=("m",), says="another", piece_chars=3)) as new,
    ):
        quiet = verify(old.url, new.url, "--yes")
        assert quiet.exit_code == 0, quiet.output
        assert "another" not in quiet.stdout
        exact = verify(old.url, new.url, "--yes", "--exact")
        assert exact.exit_code == 1
        assert "whole: words another instead of one thing" in exact.stdout
        with running(Ways(names=("m",), says="another", has_usage=False)) as third:
            shown = verify(old.url, third.url, "--yes", "--show", "--format", "json")
            told = [check for check in json.loads(shown.stdout)["checks"] if check["probe"] == "whole"]
            assert [check["new"]["words"] for check in told] == ["another"]


def test_the_junit_of_two_servers_can_be_read() -> None:
    with running(Ways(names=("模型",))) as old, running(Ways(names=("模型",), has_done=False)) as new:
        done = verify(old.url, new.url, "--yes", "--format", "junit")
        root = ElementTree.fromstring(done.stdout.encode())
        assert root.get("failures") == "2"
        assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == [
            "stream",
            "tool stream",
        ]


def test_a_redirect_is_not_followed_and_is_a_status_like_any_other() -> None:
    with running(Ways(names=("m",), models_status=307)) as server:
        done = verify(server.url, server.url, "--yes")
        assert done.exit_code == 2
        assert "answers 307" in done.stderr


def test_an_interruption_gives_the_report_so_far_and_exit_code_2(tmp_path: Path) -> None:
    slow = Ways(names=tuple(f"m{number}" for number in range(8)), delay=0.4)
    with running(slow) as server:
        path = tmp_path / "report.json"
        words = ["verify", "--old", server.url, "--new", server.url, "--old-key-env", "OLD_KEY", "--yes"]
        words += ["--format", "json", "--output", str(path), "--max-requests", "1000"]
        process = subprocess.Popen(
            [sys.executable, "-m", "one_adapter", *words],
            env={**os.environ, **KEYS},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell starts with `&` ignores an interrupt.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        until = time.monotonic() + 60
        while len(server.seen) < 20 and time.monotonic() < until:
            time.sleep(0.02)
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes() if Path("/proc").is_dir() else b""
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        assert KEY.encode() not in arguments
    assert process.returncode == 2, stderr
    assert stdout.startswith("Not finished: it was interrupted.")
    shown: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert shown["interrupted"] == "it was interrupted"
    assert shown["counts"]["not compared"] > 0
    assert "Traceback" not in stderr


def echoes(terminal: int) -> bool:
    """Whether a terminal shows what is typed."""
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def on_a_terminal(answers: list[tuple[str, str]], *words: str) -> tuple[int, str]:
    """Exit code and what a terminal shows of a command whose questions are answered, in their order."""
    mine, its = os.openpty()
    command = [sys.executable, "-m", "one_adapter", "verify", *words]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    shown = ""
    try:
        while select.select([mine], [], [], 60)[0]:
            try:
                read = os.read(mine, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                break
            if not read:
                break
            shown += read
            if answers and answers[0][0] in shown:
                question, answer = answers.pop(0)
                until = time.monotonic() + 30
                # Turning the echo off throws away what was typed before.
                while question.startswith("Key") and echoes(mine) and time.monotonic() < until:
                    time.sleep(0.01)
                os.write(mine, answer.encode())
        return process.wait(60), shown
    finally:
        os.close(mine)
        process.kill()
        process.wait()


def test_a_terminal_is_asked_for_the_key_and_for_consent_and_sees_how_far_it_is() -> None:
    with running(ONE) as server:
        answers = [("Key of the old side", f"{KEY}\n"), ("Go on?", "y\n")]
        code, shown = on_a_terminal(answers, "--old", server.url, "--new", server.url)
        assert code == 0, shown
        assert KEY not in shown
        assert "34 requests" in shown
        assert "Asking both sides" in shown
        assert "The same. 11 checks" in shown


@pytest.mark.parametrize("answer", ["n\n", "\x04"])
def test_who_says_no_has_asked_nothing(answer: str) -> None:
    with running(replace(ONE, key="")) as server:
        answers = [("Key of the old side", "\n"), ("Go on?", answer)]
        code, shown = on_a_terminal(answers, "--old", server.url, "--new", server.url)
        assert code == 2
        assert "Error: nothing was asked" in shown
        assert not [body for _, _, _, body in server.seen if body.get("model")]


def test_a_name_that_the_key_may_not_use_is_left_out_of_the_new_list_on_purpose() -> None:
    both, mine = Ways(names=("m", "n")), Ways(names=("m",), unknown_status=403)
    with running(both) as old, running(mine) as new:
        shown = json.loads(verify(old.url, new.url, "--yes", "--models", "n", "--format", "json").stdout)
        listed = [check for check in shown["checks"] if check["probe"] == "models list"]
        assert [(check["outcome"], check["known"]) for check in listed] == [("known", "models-list-per-key")]
        assert shown["exit_code"] == 0


def test_what_both_sides_refuse_alike_is_said() -> None:
    with running(replace(ONE, status={"m": 400})) as server:
        done = verify(server.url, server.url, "--yes")
        assert done.exit_code == 0
        assert "Both sides refuse whole of m (400), stream of m (400), tools of m (400)" in done.stdout
        assert "and 1 more." in done.stdout


def test_a_route_that_only_the_new_side_has_is_no_difference_and_said() -> None:
    with running(replace(ONE, has_more_routes=False)) as old, running(ONE) as new:
        done = verify(old.url, new.url, "--yes")
        assert done.exit_code == 0
        assert "Only the new side has /v1/messages: not compared." in done.stdout


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with running(ONE) as server:
        done = verify(server.url, server.url, "--yes", "--output", str(tmp_path / "none" / "x.json"))
        assert done.exit_code == 2
        assert "No such file or directory" in done.stderr


def test_the_gateways_fields_and_errors_are_differences_on_purpose() -> None:
    old = replace(ONE, is_gateway=True, extra={"system_fingerprint": "", "HttpHeader": {"Date": ["x"]}})
    with running(old) as first, running(replace(ONE, extra={"service_tier": "default"})) as second:
        done = verify(first.url, second.url, "--yes", "--format", "json")
        shown = json.loads(done.stdout)
        assert done.exit_code == 0, done.stdout
        known = {(check["probe"], check["known"]) for check in shown["checks"] if check["outcome"] == "known"}
        errors = {("wrong key", "status-kept"), ("no key", "status-kept"), ("unknown model", "status-kept")}
        errors |= {("list without key", "status-kept")}
        assert known == errors | {("whole", "answers-whole"), ("tools", "answers-whole")}


def test_a_limit_of_one_request_ends_it_without_ado() -> None:
    with running(ONE) as server:
        done = verify(server.url, server.url, "--yes", "--max-requests", "1")
        assert done.exit_code == 2
        assert "Not finished: --max-requests 1 was reached." in done.stdout
        assert len(server.seen) == 3  # two lists, one question


def test_two_servers_are_compared_without_what_the_proxy_needs() -> None:
    code = (
        "import sys\n"
        "for name in ('litellm', 'aiohttp', 'httpx', 'fastapi', 'openai', 'pydantic'):\n"
        "    sys.modules[name] = None\n"
        "from one_adapter.cli import main\n"
        "main()\n"
    )
    with running(ONE) as server:
        words = ["verify", "--old", server.url, "--new", server.url, "--old-key-env", "OLD_KEY", "--yes"]
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            env={**os.environ, **KEYS},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "The same." in done.stdout
