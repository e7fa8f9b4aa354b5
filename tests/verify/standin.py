"""A proxy without LiteLLM: the door and the relay as `run` has them, on loopback; it may be altered."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import uvicorn
import virtual
import yaml

from one_adapter.commands.run import on_loopback
from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.dialect import CURRENT, DIALECTS
from one_adapter.export.litellm.proxy_config import environment, proxy_config
from one_adapter.export.secrets.variables import Secrets, secrets_of
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options
from one_adapter.runtime.dryrun.echo import EchoServer
from one_adapter.runtime.entry.door import Door, Loaded
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.relay.client import Pools
from one_adapter.runtime.relay.way import Relay
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.asking import Ear
from one_adapter.verify.playing.play import Stage, play
from one_adapter.verify.playing.probes import PROBES
from one_adapter.verify.result import Check

Body = dict[str, Any]
MASTER = "sk-master"
#: What the door answers without LiteLLM's translation.
RELAYED = tuple(probe for probe in PROBES if probe.protocol in ("chat", "embeddings"))
#: What is done to a request's body, and to an answer: (its request, status, content type, text).
Ask = Callable[[Body], None]
Answered = tuple[int, str, str]
Alter = Callable[[Body, int, str, str], Answered]


def read(config: object, version: str = CURRENT.version) -> tuple[Plan, Secrets]:
    """The plan and the secrets of a configuration, as the gateway of a version reads it."""
    document = parse(json.dumps(config).encode(), "config.json")
    plan = decide(document, Options(gateway=DIALECTS[version]))
    return plan, secrets_of(read_gateway(document, plan.dialect), plan, True)


async def nowhere(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"litellm", "more_body": False})


class Altered:
    """An ASGI application before another one, that changes what passes."""

    def __init__(self, app: Any, ask: Ask | None, alter: Alter | None) -> None:
        self.app, self.ask, self.alter = app, ask, alter

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = json.loads(raw) if raw else {}
        if self.ask is not None and raw:
            self.ask(body)
            raw = json.dumps(body).encode()
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        parts = [{"type": "http.request", "body": raw, "more_body": False}]

        async def given() -> Any:
            return parts.pop() if parts else await receive()

        if self.alter is None:
            await self.app(scope, given, send)
            return
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        await self.app(scope, given, keep)
        await self._send(body, sent, send)

    async def _send(self, body: Body, sent: list[Any], send: Callable[[Any], Awaitable[None]]) -> None:
        assert self.alter is not None
        kind = dict(sent[0]["headers"]).get(b"content-type", b"").decode()
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        status, kind, text = self.alter(body, sent[0]["status"], kind, text)
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode(), "more_body": False})


class Server(uvicorn.Server):
    """One that leaves signals to the tests."""

    capture_signals = staticmethod(nullcontext)


@asynccontextmanager
async def listening(
    plan: Plan, secrets: Secrets, ear: Ear, ask: Ask | None = None, alter: Alter | None = None
) -> AsyncIterator[str]:
    """The address of a proxy on a plan, with the echo in place of every vendor, on the running loop."""
    running, hidden = on_loopback(plan, secrets, ear.port)
    text = proxy_config(running, hidden)
    values = {**environment(hidden, MASTER), MASTER_KEY: MASTER}
    loaded = yaml.load(text, yaml.CSafeLoader)
    for deployment in loaded["model_list"]:
        for name, value in deployment["litellm_params"].items():
            if isinstance(value, str) and value.startswith("os.environ/"):
                deployment["litellm_params"][name] = values[value.removeprefix("os.environ/")]
    config = read_config(loaded["model_list"], loaded["general_settings"][SECTION], None, values)
    held = Loaded(config, Memory())
    pools = Pools(values)
    door = Door(nowhere, lambda: held, [Relay(pools, lambda *_: "")])
    app = Altered(door, ask, alter)
    server = Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", interface="asgi3")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
        assert not task.done()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task
        await pools.close()


@contextmanager
def serving(plan: Plan, secrets: Secrets, ear: Ear) -> Iterator[str]:
    """The same in a thread of its own, for a client that has its own loop or process."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    here = listening(plan, secrets, ear)
    try:
        yield asyncio.run_coroutine_threadsafe(here.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(here.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@asynccontextmanager
async def hearing() -> AsyncIterator[Ear]:
    """An ear on the running loop."""
    made: list[EchoServer] = []

    def begin(answering: Any) -> EchoServer:
        made.append(EchoServer(answering))
        return made[0]

    ear = Ear(begin)
    task = asyncio.create_task(made[0].serve())
    while not ear.base_url:
        await asyncio.sleep(0)
        assert not task.done()
    yield ear
    task.cancel()
    await asyncio.wait([task])


def checks_of(
    promised: tuple[Plan, Secrets],
    running: tuple[Plan, Secrets],
    options: VerifyOptions,
    ask: Ask | None = None,
    alter: Alter | None = None,
    times: int = 1,
) -> list[Check]:
    """The checks of what one plan promises with a proxy on another one, played `times` over.

    All of it runs on one loop whose clock jumps: nobody waits for a limit.
    """
    found: list[Check] = []

    async def main() -> None:
        async with hearing() as ear, listening(*running, ear, ask, alter) as base:
            for _ in range(times):
                await play(*promised, Stage(base, ear, MASTER, RELAYED), options, found)

    virtual.run_with_sockets(main())
    return found
