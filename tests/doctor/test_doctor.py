"""`doctor`: a line for each thing, what to do about it, and nothing asked of anybody unless told to."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from threading import Event, Thread

import pytest
from certificates import self_signed
from click.testing import Result
from command_runner import runner
from configurations import openai, plan, service

from one_adapter.cli import cli
from one_adapter.doctor import installed
from one_adapter.doctor.check import Check
from one_adapter.doctor.online import Address, addresses, connected, online
from one_adapter.doctor.place import port, rights
from one_adapter.doctor.redis import redis
from one_adapter.language import translated
from one_adapter.language.chosen import speaking
from one_adapter.runtime.host.facts import ROWS

PASSWORD = "canary-4d2a"


def doctor(*words: object) -> Result:
    return runner().invoke(cli, ["doctor", *map(str, words)], env={"ONE_ADAPTER_REDIS_URL": ""})


def only(checks: Iterator[Check]) -> Check:
    (one,) = checks
    return one


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(openai(service("m"), api_key="sk-client")), "utf-8")
    path.chmod(0o600)
    return path


class TestInstalled:
    @pytest.mark.parametrize(
        ("version", "state"),
        [((3, 9, 1), "wrong"), ((3, 10, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "wrong")],
        ids=["3.9", "3.10", "3.13", "3.14"],
    )
    def test_python_is_one_that_was_tried(self, version: tuple[int, ...], state: str) -> None:
        assert installed.python(version).state == state

    @pytest.mark.parametrize(
        ("version", "state", "words"),
        [
            (None, "wrong", "pip install '.[proxy]'"),
            ("1.107.0", "wrong", "malicious release"),
            (ROWS[0].tried, "ok", "which was tried"),
            (f"{ROWS[-1].minor}.999", "ok", f"its sister {ROWS[-1].tried} was tried"),
            ("1.104.3", "note", f"pip install 'litellm[proxy]=={ROWS[-1].tried}'"),
            ("2.0.0", "note", "was not tried"),
        ],
        ids=["none", "malicious", "tried", "a sister", "older", "newer"],
    )
    def test_litellm_is_there_and_was_tried(self, version: str | None, state: str, words: str) -> None:
        check = installed.litellm(lambda name: version if name == "litellm" else "1")
        assert check.state == state
        assert words in check.said

    def test_litellm_without_its_server_is_told(self) -> None:
        check = installed.litellm(lambda name: ROWS[0].tried if name == "litellm" else None)
        assert check.state == "wrong"
        assert "uvicorn and fastapi" in check.said

    def test_what_an_extra_lacks_is_named(self) -> None:
        lines = [
            "click>=8",
            "litellm[proxy]<2; extra == 'proxy'",
            'hiredis>=3; extra == "proxy"',
            "redis>=5; extra == 'proxy'",
            "pygraphviz; extra == 'report'",
            "pytest; extra == 'dev'",
        ]
        there = {"click": "8", "litellm": "1", "redis": "5"}
        proxy, report = installed.extras(there.get, lambda _: lines)
        assert (proxy.state, report.state) == ("wrong", "note")
        assert "is missing: hiredis: pip install hiredis" in proxy.said
        assert "is missing: pygraphviz" in report.said
        assert [one.state for one in installed.extras(lambda _: "1", lambda _: lines)] == ["ok", "ok"]
        assert [one.said for one in installed.extras(lambda _: None, lambda _: lines)] == [report.said]

    def test_a_folder_that_was_never_installed_says_nothing_of_extras(self) -> None:
        def required(name: str) -> list[str] | None:
            raise metadata.PackageNotFoundError(name)

        assert list(installed.extras(required=required)) == []
        assert installed.version_of("no-such-package-of-anybody") is None

    def test_a_redis_server_is_there_or_what_to_do_without(self) -> None:
        assert installed.redis_program(lambda: "/usr/bin/redis-server").state == "ok"
        assert "--approximate" in installed.redis_program(lambda: None).said

    def test_a_place_for_temporary_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert installed.temporary().state == "ok"

        def none() -> str:
            raise FileNotFoundError

        monkeypatch.setattr("tempfile.gettempdir", none)
        assert "TMPDIR" in installed.temporary().said


class TestPlace:
    def test_a_file_with_keys_that_others_may_read_is_told(self, config: Path) -> None:
        assert only(rights(str(config))).state == "ok"
        beside = [config.with_name(".env"), config.with_name("config.db")]
        for path in (config, *beside):
            path.touch()
            path.chmod(0o640)
        told = [one.said for one in rights(str(config))]
        assert all(f"chmod 600 {path}" in " ".join(told) for path in (config, *beside))
        assert len(told) == 3

    def test_standard_input_has_no_rights(self) -> None:
        assert list(rights("-")) == []

    def test_a_port_is_free_or_taken(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            number = taken.getsockname()[1]
            assert "is taken, by the gateway perhaps" in port("127.0.0.1", number).said
        assert port("127.0.0.1", number).state == "ok"

    def test_an_address_that_is_not_this_machines_is_told(self) -> None:
        check = port("192.0.2.1", 9090)
        assert check.state == "wrong"
        assert "--host" in check.said

    @pytest.mark.parametrize("host", ["no..host", "x" * 300])
    def test_a_host_that_no_name_can_be_is_told(self, host: str) -> None:
        check = port(host, 9090)
        assert check.state == "wrong"
        assert f"{host}:9090 cannot be listened on (Name or service not known)" in check.said
        with speaking("zh"):
            assert "没有这个主机名" in translated(check.said)

    def test_a_port_of_roots_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def bind(_: object, __: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(socket, "socket", type("Socket", (socket.socket,), {"bind": bind}))
        assert "for root alone" in port("127.0.0.1", 80).said


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does this with each connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    answer(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def says(*lines: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(1000)
        for line in lines:
            connection.sendall(line)

    return answer


class TestRedis:
    @pytest.mark.parametrize(
        ("user", "answer", "state", "words"),
        [
            ("", [b"+PO", b"NG\r\n"], "ok", "answers"),
            (f":{PASSWORD}@", [b"+OK\r\n", b"+PONG\r\n"], "ok", "answers"),
            (f"me:{PASSWORD}@", [b"-WRONGPASS invalid\r\n-NOAUTH x\r\n"], "wrong", "another password"),
            ("", [b"-NOAUTH Authentication required.\r\n"], "wrong", "another password"),
            ("", [b"HTTP/1.1 400 Bad Request\r\n"], "wrong", "is no Redis"),
            ("", [], "wrong", "is no Redis"),
        ],
        ids=["in pieces", "a password", "a wrong one", "one is wanted", "something else", "nothing"],
    )
    def test_who_answers_is_told(self, user: str, answer: list[bytes], state: str, words: str) -> None:
        with serving(says(*answer)) as number:
            check = redis(f"redis://{user}127.0.0.1:{number}/0")
        assert check.state == state
        assert words in check.said
        assert f"127.0.0.1:{number}" in check.said
        assert PASSWORD not in check.said

    def test_a_password_is_sent_as_it_is_meant(self) -> None:
        heard: list[bytes] = []

        def answer(connection: socket.socket) -> None:
            heard.append(connection.recv(1000))
            connection.sendall(b"+OK\r\n+PONG\r\n")

        with serving(answer) as number:
            redis(f"redis://me:a%2Fb@127.0.0.1:{number}")
        assert heard == [b"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$3\r\na/b\r\n*1\r\n$4\r\nPING\r\n"]

    def test_one_that_is_away_is_told(self, tmp_path: Path) -> None:
        with serving(says()) as number:
            pass
        for url in (f"redis://127.0.0.1:{number}", f"unix://{tmp_path}/none.sock"):
            assert "cannot be reached" in redis(url).said

    def test_a_host_that_no_name_can_be_is_told(self) -> None:
        assert "a URL whose host or port cannot be read" in redis("redis://no..host:1").said

    def test_one_on_a_socket_is_asked(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "redis.sock"))
            server.listen()

            def serve() -> None:
                connection, _ = server.accept()
                with connection:
                    says(b"+PONG\r\n")(connection)

            Thread(target=serve, daemon=True).start()
            assert redis(f"unix://{tmp_path}/redis.sock").state == "ok"

    def test_one_that_is_no_tls_is_told(self) -> None:
        with serving(says(b"+PONG\r\n")) as number:
            assert "cannot be reached" in redis(f"rediss://127.0.0.1:{number}").said

    @pytest.mark.parametrize("url", [f"http://{PASSWORD}@x", f"redis://x:{PASSWORD}"])
    def test_a_url_that_is_none_is_told_without_its_words(self, url: str) -> None:
        check = redis(url)
        assert check.state == "wrong"
        assert PASSWORD not in check.said


class TestOnline:
    def test_addresses_are_those_of_the_services_each_once(self) -> None:
        urls = ["https://a.example/v1", "https://user:pw@a.example/v2", "http://b.example:8080/v1"]
        services = [service("m", server_url=url) for url in urls]
        services.append(service("n", server_url="https://c.example/v1", use_proxy=True))
        proxy = {"strategy": "default", "type": "http", "http_proxy": "http://127.0.0.1:1"}
        found, behind = addresses(plan(openai(*services, proxy=proxy)))
        assert found == {
            Address("a.example", 443, encrypted=True): ["openai-1", "openai-2"],
            Address("b.example", 8080, encrypted=False): ["openai-3"],
        }
        assert behind == ["openai-4"]

    @pytest.mark.parametrize("url", ["http://a.example:99999/v1", "mailto:a.example"])
    def test_what_is_no_address_is_left_to_lint(self, url: str) -> None:
        decided = plan(openai(service("m")))
        (target,) = decided.routes[0].targets
        elsewhere = replace(target, upstream=replace(target.upstream, url=url))
        routes = (replace(decided.routes[0], targets=(elsewhere,)),)
        assert addresses(replace(decided, routes=routes)) == ({}, [])

    @pytest.mark.parametrize(
        ("problem", "words"),
        [
            (None, "is reached (openai-1)"),
            (socket.gaierror(-2, "Name or service not known"), "has no address (openai-1)"),
            (ssl.SSLCertVerificationError("self-signed"), "does not prove who it is (openai-1"),
            (
                ConnectionRefusedError(111, "Connection refused"),
                "cannot be reached (openai-1; Connection refused)",
            ),
            (TimeoutError("timed out"), "cannot be reached (openai-1; timed out)"),
            (UnicodeError("label too long"), "has no address"),
        ],
        ids=["well", "no name", "no proof", "refused", "late", "no name at all"],
    )
    def test_what_came_of_it_is_told(self, problem: Exception | None, words: str) -> None:
        def connect(address: Address) -> None:
            assert address.host == "vendor-1.example"
            if problem is not None:
                raise problem

        check = only(online(plan(openai(service("m"))), connect))
        assert words in check.said
        assert check.state == ("ok" if problem is None else "wrong")

    def test_what_goes_through_a_proxy_is_left_out_and_told(self) -> None:
        proxy = {"strategy": "force_all", "type": "http", "http_proxy": "http://127.0.0.1:1"}
        check = only(online(plan(openai(service("m"), proxy=proxy))))
        assert check.state == "note"
        assert "openai-1" in check.said

    def test_a_server_has_to_prove_who_it_is_and_hears_no_word(self) -> None:
        _, context = self_signed()
        heard: list[bytes] = []

        def encrypted(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as inner:
                heard.append(inner.recv(1000))

        with serving(encrypted) as number, pytest.raises(ssl.SSLCertVerificationError):
            connected(Address("127.0.0.1", number, encrypted=True))
        assert heard == []
        over = Event()

        def plain(connection: socket.socket) -> None:
            heard.append(connection.recv(1000))
            over.set()

        with serving(plain) as number:
            connected(Address("127.0.0.1", number, encrypted=False))
            assert over.wait(60)
        assert heard == [b""]


class TestCommand:
    def test_all_is_well(self, config: Path, unused_tcp_port: int) -> None:
        done = doctor(config, "--port", unused_tcp_port, "--host", "127.0.0.1")
        assert done.exit_code == 0, done.output
        lines = done.output.splitlines()
        assert {line.split()[0] for line in lines} <= {"ok", "note"}
        assert f"ok     the gateway takes {config}" in lines
        assert f"ok     127.0.0.1:{unused_tcp_port} is free" in lines

    def test_a_configuration_is_not_needed(self, unused_tcp_port: int) -> None:
        done = doctor("--port", unused_tcp_port)
        assert done.exit_code == 0, done.output
        assert f"127.0.0.1:{unused_tcp_port} is free" in done.output

    def test_the_address_is_that_of_run(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            number = taken.getsockname()[1]
            path = tmp_path / "config.json"
            path.write_text(json.dumps(openai(service("m"), server_port=f":{number}")), "utf-8")
            done = doctor(path)
        assert done.exit_code == 1
        assert f"wrong  127.0.0.1:{number} is taken" in done.output

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"load_balancing": "no", "services": {}}', "the gateway would refuse"),
            ('{"model_list": [], "litellm_settings": {}}', "configuration of LiteLLM"),
            (None, "no such file"),
        ],
        ids=["refused", "LiteLLM's", "missing"],
    )
    def test_a_configuration_that_cannot_be_run_is_wrong(
        self, tmp_path: Path, text: str | None, words: str
    ) -> None:
        path = tmp_path / "config.json"
        if text is not None:
            path.write_text(text, "utf-8")
        done = doctor(path, "--online")
        assert done.exit_code == 1
        assert words in done.output
        assert " is free" not in done.output

    def test_warnings_are_a_note(self, tmp_path: Path, unused_tcp_port: int) -> None:
        path = tmp_path / "config.json"
        path.write_text(
            json.dumps(openai(service("m", credentials={"api_key": "xxx"}), api_key="k")), "utf-8"
        )
        done = doctor(path, "--port", unused_tcp_port)
        assert done.exit_code == 0
        assert "note   the gateway takes" in done.output

    def test_a_redis_that_is_named_has_to_answer(self, unused_tcp_port: int) -> None:
        with serving(says(b"+PONG\r\n")) as number:
            well = doctor("--port", unused_tcp_port, "--redis", f"redis://:{PASSWORD}@127.0.0.1:{number}")
        away = doctor("--port", unused_tcp_port, "--redis", f"redis://:{PASSWORD}@127.0.0.1:{number}")
        assert (well.exit_code, away.exit_code) == (0, 1)
        assert PASSWORD not in well.output + away.output

    @pytest.mark.parametrize("word", ["auto", "none"])
    def test_what_names_no_redis_for_run_names_none_here(self, unused_tcp_port: int, word: str) -> None:
        assert doctor("--port", unused_tcp_port, "--redis", word).exit_code == 0

    def test_lines_stand_below_each_other_in_chinese_too(self, config: Path, unused_tcp_port: int) -> None:
        done = doctor(config, "--port", unused_tcp_port, "--lang", "zh")
        lines = done.output.splitlines()
        assert f"正常  旧网关可以使用 {config}" in lines
        assert {line[:4] for line in lines} <= {"正常  ", "提示  "}
        with serving(says()) as number:
            pass
        away = doctor("--port", unused_tcp_port, "--redis", f"redis://127.0.0.1:{number}", "--lang", "zh")
        assert f"错误  无法连接 127.0.0.1:{number} 的 Redis（连接被拒绝）" in away.output

    def test_nobody_is_asked_unless_told_to(
        self, config: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
    ) -> None:
        asked: list[Address] = []
        monkeypatch.setattr("one_adapter.doctor.online.connected", asked.append)
        assert doctor(config, "--port", unused_tcp_port).exit_code == 0
        assert asked == []
        done = doctor(config, "--port", unused_tcp_port, "--online")
        assert done.exit_code == 0
        assert asked == [Address("vendor-1.example", 443, encrypted=True)]

    def test_vendors_are_those_of_a_configuration(self) -> None:
        done = doctor("--online")
        assert done.exit_code == 2
        assert "--online needs CONFIG" in done.stderr

    def test_a_stale_file_is_told(self, config: Path, unused_tcp_port: int) -> None:
        import sqlite3

        with sqlite3.connect(config.with_suffix(".db")) as connection:
            connection.execute("CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json, active)")
            other = json.dumps(openai(service("other"), api_key="k"))
            connection.execute("INSERT INTO config_revisions (config_json, active) VALUES (?, 1)", (other,))
        config.with_suffix(".db").chmod(0o600)
        done = doctor(config, "--port", unused_tcp_port)
        assert "holds another configuration" in done.output
        assert done.exit_code == 0
