"""What a play asks of odd configurations, and what it leaves alone; addresses, chances, programs."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from command_runner import runner
from standin import MASTER, RELAYED, checks_of, read, serving
from test_verify_planted import config, service

from one_adapter.cli import cli
from one_adapter.errors import OneAdapterError
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.answer_facts import Answer, facts_of
from one_adapter.verify.playing.asking import Asker, Ear
from one_adapter.verify.playing.child_process import ChildProcess, free_port
from one_adapter.verify.playing.play import Stage, played
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import BY_NAME
from one_adapter.verify.playing.promise import Owners, addresses_of, label_of, places_of
from one_adapter.verify.playing.shares import chance
from one_adapter.verify.playing.ways import ways_of
from one_adapter.verify.result import Check

File = dict[str, Any]


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    running = Ear()
    yield running
    running.stop()


def of(*services: File, kind: str = "openai", **top: Any) -> File:
    return {"services": {kind: list(services)}, **top}


def play(config: File, version: str = "0.12", *names: str) -> dict[tuple[str, str], Check]:
    """What a play of a configuration finds: (name, probe) -> the check."""
    sides = read(config, version)
    return {
        (check.model, check.probe): check for check in checks_of(sides, sides, VerifyOptions(models=names))
    }


def different(found: dict[tuple[str, str], Check]) -> list[Check]:
    return [check for check in found.values() if check.outcome == "different"]


def test_turns_are_counted_exactly() -> None:
    keys = [{"api_key": "key-1"}, {"api_key": "key-2", "enabled": False}, {"api_key": "key-3"}]
    found = play(
        of(service("a", "m"), service("b", "m", credential_list=keys), load_balancing="rr"), "0.12", "m"
    )
    assert different(found) == []
    check = found["m", "shares"]
    assert (check.outcome, check.old) == ("same", check.new)
    assert check.new == {"a": 0.5, "b key-1": 0.167, "b key-3": 0.333}


def test_a_name_whose_turns_come_round_late_is_not_waited_for() -> None:
    several = [
        service(name, "m", *(f"{name}{n}" for n in range(size)), model_redirect={"x": "m"})
        for name, size in (("a", 16), ("b", 18), ("c", 22))
    ]
    lists = [{"credential_list": [{"api_key": f"{n}"} for n in range(size)]} for size in (5, 7, 11)]
    services = [{**each, **more} for each, more in zip(several, lists, strict=True)]
    found = play(of(*services, load_balancing="rr"), "0.12", "x")
    assert found["x", "shares"].difference == "its turns come round too late"


def test_shares_that_depend_on_tokens_are_not_compared() -> None:
    keys = [{"api_key": "key-1", "limit": {"tpm": 90000}}, {"api_key": "key-2", "limit": {"tpm": 30000}}]
    found = play(of(service("a", "m", credential_list=keys)), "0.12", "m")
    assert found["m", "shares"].difference == "the shares depend on the tokens that are left"
    assert different(found) == []


def test_a_redirect_of_all_names_answers_any() -> None:
    found = play(of(service("a", "m"), model_redirect={"all": "m"}))
    assert different(found) == []
    assert found["verification-of-any-name", "whole"].outcome == "same"
    assert ("", "an unknown name") not in found


def test_names_that_lead_nowhere_are_errors_and_not_calls() -> None:
    off = service("off", "gone", credential_list=[{"api_key": "key-1", "enabled": False}])
    nowhere = {**service("bare", "bare"), "server_url": ""}
    found = play(of(service("a", "m"), off, nowhere, api_key="sk-client"))
    assert different(found) == []
    assert found["gone", "whole"].outcome == "same"


def test_without_keys_anybody_is_let_in_and_that_is_right() -> None:
    found = play(of(service("a", "m")))
    assert different(found) == []
    assert found["", "models list"].outcome == "same"


@pytest.mark.parametrize("version", ["0.10", "0.12"])
def test_both_versions_of_the_gateway_are_played_by_their_own_rules(version: str) -> None:
    found = play(
        of(
            service("a", "m", limit={"qpm": 7, "concurrency": 2, "timeout": 9}),
            service("b", "e", embedding_models=["e"], embedding_limit={"qpm": 4, "timeout": 1}),
            api_key="sk-client",
            load_balancing="first",
        ),
        version,
        "m",
        "e",
    )
    assert different(found) == []
    assert ("m", "limit qpm") in found
    assert (("m", "limit concurrency") in found) == (version == "0.12")
    assert (("e", "limit qpm") in found) == (version == "0.12")


def test_keys_of_a_pool_have_room_for_each_other() -> None:
    keys = [{"api_key": f"key-{n}", "limit": {"qpm": 3, "timeout": 1}} for n in (1, 2)]
    found = play(of(service("a", "m", credential_list=keys)), "0.12", "m")
    assert different(found) == []
    assert found["m", "limit qpm"].outcome == "same"


def test_a_limit_of_a_model_binds_it_alone() -> None:
    found = play(of(service("a", "m", "n", model_limits={"m": {"qpm": 8, "timeout": 9}})), "0.12", "m", "n")
    assert different(found) == []
    assert found["m", "limit qpm"].outcome == "same"
    assert ("n", "limit qpm") not in found


@pytest.mark.parametrize("limit", [{"qpm": 500}, {"concurrency": 90}, {"qps": 60}])
def test_what_a_limit_lets_through_beyond_measure_is_not_compared(limit: File) -> None:
    found = play(of(service("a", "m", limit=limit)), "0.12", "m")
    (kind,) = limit
    assert found["m", f"limit {kind}"].outcome == "not compared"
    assert different(found) == []


def test_what_a_limit_leaves_no_room_for_is_not_compared() -> None:
    found = play(of(service("a", "m", limit={"qpm": 2, "timeout": 9})), "0.12", "m")
    assert found["m", "whole"].outcome == "same"
    assert found["m", "tools"].difference == "the limit of a leaves no room for it"
    assert different(found) == []


def test_a_limit_that_no_name_leads_to_alone_is_said() -> None:
    found = play(of(service("a", "m", limit={"qpm": 100}), service("b", "m")), "0.12", "m")
    assert "no name leads to a alone" in found["", "limit"].difference


def test_only_the_names_that_are_wanted_are_asked() -> None:
    found = play(config(), "0.12", "o*")
    assert {name for name, _ in found} == {"", "one"}


async def test_a_way_for_each_limit_is_found_once(ear: Ear) -> None:
    plan, secrets = read(of(service("a", "m", "n", limit={"qpm": 9}), service("b", "x")))
    player = Player(plan, secrets, Asker("http://127.0.0.1:9", ear), VerifyOptions())
    assert [way.model for way in ways_of(player)] == ["m"]


@pytest.mark.parametrize(
    ("kind", "more", "urls"),
    [
        ("openai", {}, ["https://a.example/v1/chat/completions"]),
        ("openai", {"upstream_protocol": "responses"}, ["https://a.example/v1/responses"]),
        ("openai", {"upstream_protocol": "anthropic_messages"}, ["https://a.example/v1"]),
        ("claude", {}, ["https://a.example/v1/messages"]),
        (
            "gemini",
            {},
            [
                "https://a.example/v1/models/m:generateContent",
                "https://a.example/v1/models/m:streamGenerateContent",
            ],
        ),
        ("ollama", {}, ["https://a.example/v1/api/chat"]),
        (
            "azure",
            {},
            [
                "https://a.example/v1/openai/deployments/m/chat/completions",
                "https://a.example/v1/openai/responses",
            ],
        ),
        ("dify", {}, ["https://a.example/v1/chat-messages"]),
        ("xinghuo", {"server_url": "wss://a.example/v1"}, ["wss://a.example/v1"]),
        (
            "vertexai",
            {},
            [
                f"https://l-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/m:{way}"
                for way in ("generateContent", "streamGenerateContent")
            ],
        ),
    ],
)
def test_every_protocol_is_called_at_its_own_address(kind: str, more: File, urls: list[str]) -> None:
    values = {
        "api_key": "k",
        "appid": "a",
        "api_secret": "s",
        "domain": "d",
        "project_id": "p",
        "location": "l",
    }
    plan, secrets = read(
        of(service("a", "m", **{"credentials": {**values, "json_file": "/f"}, **more}), kind=kind)
    )
    route = plan.route("m")
    assert route is not None
    assert list(addresses_of(route.targets[0].upstream)) == urls
    (place,) = places_of(route.targets, secrets)
    assert place.has_tools == (kind not in ("dify", "xinghuo"))


def test_a_key_is_told_by_whose_it_is() -> None:
    keys = [{"api_key": "key-1"}, {"api_key": "key-2"}]
    plan, secrets = read(of(service("a", "m", credential_list=keys), service("b", "n")))
    owners = Owners(plan, secrets)
    assert [owners.of(key) for key in ("key-2", "sk-of-b", "", "none", "sk-else")] == [
        "a key-2",
        "b",
        "no key",
        "no key",
        "a key that the configuration does not have",
    ]
    route = plan.route("m")
    assert route is not None
    assert [label_of(target) for target in route.targets] == ["a key-1", "a key-2"]


def test_chance_lets_a_true_share_be_and_finds_another() -> None:
    assert chance(600, 0.5, 300) == 1.0
    assert chance(600, 0.5, 345) > 1e-4
    assert chance(600, 0.5, 420) < 1e-12
    assert chance(600, 1.0, 600) == 1.0
    assert chance(600, 1.0, 599) == 0.0


@pytest.mark.parametrize(
    ("text", "protocol", "facts"),
    [
        ("no json", "chat", {"model": None, "usage": False, "tool call": "", "text": ""}),
        (
            '{"choices": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": "x"}}, 3]}}]}',
            "chat",
            {"tool call": "f(?) without an id None({}) without an id"},
        ),
        ('{"choices": 3, "usage": 4}', "chat", {"usage": False}),
        (
            '{"content": [{"type": "text", "text": "a"}, 3], "stop_reason": "end_turn"}',
            "messages",
            {"text": "a"},
        ),
        ('{"data": [{"embedding": []}, {"embedding": [1]}]}', "embeddings", {"vectors": [[], [1]]}),
        ("[]", "responses", {"text": "", "finish_reason": None}),
    ],
)
def test_answers_of_any_form_have_facts(text: str, protocol: str, facts: File) -> None:
    found = facts_of(Answer(200, "application/json", text), protocol)
    assert found | facts == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("data: no json\n\ndata: [DONE]\n\n", "DONE"),
        ('data: {"error": {}}\n\n', "error"),
        ('data: {"choices": [{"delta": {"content": "a"}}]}\n\n' * 3, "content"),
    ],
)
def test_a_stream_that_is_not_whole_is_told_by_its_events(text: str, said: str) -> None:
    assert facts_of(Answer(200, "text/event-stream", text), "chat", True)["stream"] == said


async def test_a_server_that_is_not_there_is_an_answer_without_a_status(ear: Ear) -> None:
    async with Asker(f"http://127.0.0.1:{free_port()}", ear) as asker:
        exchange = await asker.probe(BY_NAME["whole"], "m", "")
    assert (exchange.answer.status, exchange.calls) == (0, ())
    assert facts_of(exchange.answer, "chat") == {"status": 0, "error": ""}


def test_a_play_that_is_interrupted_tells_what_it_found(ear: Ear) -> None:
    async def interrupted(_: Player) -> list[Check]:
        raise KeyboardInterrupt

    plan, secrets = read(of(service("a", "m")))
    with serving(plan, secrets, ear) as base:
        checks, _, why = played(
            plan, secrets, Stage(base, ear, MASTER, RELAYED), VerifyOptions(), interrupted
        )
    assert why == "interrupted"
    assert {check.probe for check in checks} >= {"whole", "no key"}


def child(code: str, key: str = "", port: int = 0) -> ChildProcess:
    command = [sys.executable, "-c", code]
    return ChildProcess("the program", command, port or free_port(), {}, key=key)


def runs(one: ChildProcess) -> bool:
    return one._process is not None and one._process.poll() is None


def test_a_program_that_ends_is_told_with_its_last_line() -> None:
    running = child("print('first'); print('out of luck'); raise SystemExit(3)")
    with pytest.raises(OneAdapterError, match="the program ended with code 3: out of luck"), running:
        running.wait()


def test_a_program_that_is_not_there_is_told() -> None:
    with (
        pytest.raises(OneAdapterError, match="cannot be started: No such file"),
        ChildProcess("it", ["/no/such"], 1, {}),
    ):
        pass


def test_a_program_is_ended_with_what_it_started() -> None:
    with child("import time; time.sleep(60)") as running:
        assert runs(running)
    assert not runs(running)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_or_whose_terminal_is_closed_ends_the_program_first(number: int) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # whoever runs the tests may ignore it
    try:
        running = child("import time; time.sleep(60)")
        with pytest.raises(SystemExit), running:
            signal.raise_signal(number)
        assert not runs(running)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.proxy
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_the_proxy_of_a_comparison_that_is_killed_ends_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(of(service("a", "m"))))
    run = [sys.executable, "-m", "one_adapter", "run", str(file), "--port", str(free_port())]
    run += ["--echo-port", str(free_port())]
    code = f"import subprocess, time; subprocess.Popen({run!r}); time.sleep(600)"
    comparison = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert comparison.stdout is not None
    with comparison.stdout as printed:
        assert printed.readline()
        comparison.kill()
        comparison.wait()
        for line in printed:  # until whoever could print has ended
            assert b"listens" not in line


def test_a_program_that_will_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("one_adapter.verify.playing.child_process.LONGEST_END_SECONDS", 0.3)
    ready = tmp_path / "ready"
    code = "import signal, time, pathlib; signal.signal(15, signal.SIG_IGN)"
    code += f"; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    with child(code) as running:
        while not ready.exists():
            assert runs(running)
    assert not runs(running)


def test_what_a_stranger_answers_at_the_port_is_not_taken_for_the_program() -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    running = child(
        "import time; time.sleep(0.5); raise SystemExit('the port is taken')",
        "sk-1",
        server.server_address[1],
    )
    with pytest.raises(OneAdapterError, match="the port is taken"), running:
        running.wait()
    server.shutdown()
    server.server_close()


def test_the_echo_answers_calls_of_others_too(ear: Ear) -> None:
    async def ask() -> int:
        async with Asker(ear.base_url, ear) as asker:
            return (await asker.post("/https/a.example/v1/chat/completions", {"messages": []}, "k")).status

    assert asyncio.run(ask()) == 200


def test_a_limited_service_among_many_leaves_room_for_fewer_calls() -> None:
    many = service("a", *(f"m{n}" for n in range(30)))
    found = play(of(many, service("b", "x", limit={"qpm": 30, "timeout": 9})), "0.12", "random", "x")
    assert found["random", "shares"].outcome == "same"
    assert different(found) == []
    assert found["x", "limit qpm"].outcome == "same"


@pytest.mark.proxy
def test_the_whole_of_the_guides_configuration_is_the_same() -> None:
    guide = Path(__file__).parents[2] / "examples" / "guide.json"
    done = runner().invoke(cli, ["verify", str(guide), "--format", "json"])
    found = json.loads(done.stdout)
    assert [check for check in found["checks"] if check["outcome"] in ("different", "not compared")] == []
    assert len(found["checks"]) > 700
    assert done.exit_code == 0
    for one in json.loads(guide.read_text())["services"]["openai"]:
        assert one["credentials"]["api_key"] not in done.stdout + done.stderr


@pytest.mark.proxy
def test_an_interrupt_while_the_proxy_starts_ends_both_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(of(service("a", "m"))))
    running = subprocess.Popen(
        [sys.executable, "-m", "one_adapter", "verify", str(tmp_path / "config.json")],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    while not children.read_text():
        assert running.poll() is None
    started = children.read_text().split()
    running.send_signal(signal.SIGINT)
    told, _ = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "Not finished: interrupted." in told
    assert not any(Path(f"/proc/{each}").exists() for each in started)
