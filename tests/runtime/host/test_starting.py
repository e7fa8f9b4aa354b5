"""What `run` says while LiteLLM loads: a sign of life on a terminal, and the address when it listens."""

from __future__ import annotations

import io
import multiprocessing
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from proxy import free_port

from one_adapter.runtime.host import log
from one_adapter.runtime.host.starting import Starting

ADDRESS = "http://127.0.0.1:9090/v1"


def answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) == 0


async def test_it_listens_when_the_port_answers_and_not_before(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    seen = []

    class Server(uvicorn.Server):
        async def main_loop(self) -> None:
            seen.append((answers(port), "listens" in capsys.readouterr().out))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        seen.append((answers(port), "listens" in capsys.readouterr().out))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    with Starting(ADDRESS) as words:
        words.watch(Server)
        await Server(uvicorn.Config(app, port=port, log_level="error")).serve()
    assert seen == [(False, False), (True, True)]


async def test_a_port_that_somebody_else_has_is_not_listened_on(capsys: pytest.CaptureFixture[str]) -> None:
    class Server(uvicorn.Server):
        pass

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError

    with socket.socket() as taken, Starting(ADDRESS) as words:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words.watch(Server)
        config = uvicorn.Config(
            app, port=taken.getsockname()[1], log_level="critical", lifespan="off", interface="asgi3"
        )
        with pytest.raises(SystemExit):
            await Server(config).serve()
    out = capsys.readouterr().out
    assert "Starting LiteLLM" in out
    assert "listens" not in out


@pytest.mark.parametrize("option", ["--num_workers", "--num_workers=2", "--run_gunicorn"])
def test_where_other_processes_listen_the_port_tells_when(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Server(uvicorn.Server):
        pass

    class Heard(Starting):
        said = threading.Event()

        def ready(self) -> None:
            super().ready()
            self.said.set()

    Heard.said.clear()
    port = free_port()
    with Heard(f"http://127.0.0.1:{port}/v1", pause=0.001) as words:
        words.watch(Server, [option])
        with socket.create_server(("127.0.0.1", port)) as deaf:  # it is open, and nobody answers there yet
            deaf.accept()[0].close()
            assert "listens" not in capsys.readouterr().out
        with HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as server:
            server.timeout = 5
            server.handle_request()
            assert Heard.said.wait(5)
    assert "startup" not in vars(Server)
    assert f"one-adapter listens on http://127.0.0.1:{port}/v1" in capsys.readouterr().out


class Screen(io.StringIO):
    """A terminal that tells when it was drawn on so many times."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Semaphore(0)

    def flush(self) -> None:
        self.drawn.release()


def test_on_a_terminal_it_draws_what_is_done_and_clears_it(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    with Starting(ADDRESS, screen, iter(range(0, 1_000_000, 3)).__next__, 0.001) as words:
        assert screen.drawn.acquire(timeout=60)
        words.now("reading the configuration")
        while "reading the configuration, " not in screen.getvalue():  # it may have drawn more before
            assert screen.drawn.acquire(timeout=60)
        words.ready()
        after = screen.getvalue()
        words.ready()
    assert after == screen.getvalue()
    assert "loading LiteLLM, 3 s\r" in after
    assert after.endswith("\r\033[K")
    assert "\n" not in after
    out = capsys.readouterr().out
    assert out.splitlines()[1:] == [f"one-adapter listens on {ADDRESS}"]


def test_a_start_that_fails_leaves_a_clear_line() -> None:
    screen = Screen()

    def fail() -> None:
        with Starting(ADDRESS, screen, pause=0.001):
            assert screen.drawn.acquire(timeout=60)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert screen.getvalue().endswith("\r\033[K")


@pytest.mark.parametrize("is_worker", [True, False])
def test_a_worker_process_prints_none_of_litellms_words(
    is_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object() if is_worker else None)
    module = ModuleType("proxy_server")
    log.drop_a_workers_prints(module)
    assert hasattr(module, "print") == is_worker
