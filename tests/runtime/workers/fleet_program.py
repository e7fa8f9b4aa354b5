"""Several workers without LiteLLM: a tiny application under the supervisor, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading, Told
from one_adapter.runtime.workers.notify import from_environment
from one_adapter.runtime.workers.serving import serve
from one_adapter.runtime.workers.slots import Slot, open_slots
from one_adapter.runtime.workers.supervisor import Supervisor
from one_adapter.runtime.workers.worker_end import Link


class File:
    """A file: its text is what the workers answer."""

    pause = 0.01

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = self.adopted = Generation(1, "", path.read_text("utf-8"), {})

    def look(self, asked: bool = False) -> Generation | Told | None:
        text = self.path.read_text("utf-8")
        if not text or text == self.last.config:
            return Told("nothing is new") if asked else None
        self.last = Generation(self.last.number + 1, "", text, {})
        return self.last

    def refused(self) -> None:
        """Wait for another text."""

    def adopt(self, generation: Generation) -> None:
        self.adopted = generation


class Application:
    """Answers with its process and its text; what the path says decides how."""

    def __init__(self, link: Link, text: str) -> None:
        self.link = link
        self.text = text
        link.applying = self

    def prepare(self, generation: bytes) -> str:
        text = Generation.from_bytes(generation).config
        if text == f"refused by {self.link.number}":
            raise OneAdapterError(f"worker {self.link.number} does not take it")
        if text == "bad" and self.link.number == 1:
            raise ValueError("not of ours")
        return text

    async def stage(self, prepared: str) -> None:
        """Do nothing ahead."""

    def commit(self, prepared: str) -> str:
        if prepared == "kills" and self.link.number == 1:
            os.abort()
        if prepared == "fails" and self.link.number == 1:
            raise RuntimeError
        self.text = prepared
        return f"now it is {prepared}"

    def drop(self, prepared: str) -> None:
        print(f"dropped {prepared}", flush=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        named = [(b"x-worker", str(self.link.number).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": named})
        if scope["path"] == "/stop":
            time.sleep(1000)  # noqa: ASYNC251 - the loop is to hang
        count = int(scope["path"].rpartition("/")[2] or 0)
        for _ in range(count):
            await send({"type": "http.response.body", "body": b"piece\n", "more_body": True})
            await asyncio.sleep(0.1)
        answer = {"pid": os.getpid(), "worker": self.link.number, "text": self.text}
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


class Book:
    """Notes what happens, beside what is said."""

    def reloaded(self, applied: bool) -> None:
        print(f"noted: reloaded {applied}", file=sys.stderr, flush=True)

    def ended(self, process: int) -> None:
        print(f"noted: {process} ended", file=sys.stderr, flush=True)


def main(port: int, count: int, grace: float, file: str, death: str, speed: float) -> None:
    source = File(Path(file))

    def work(slot: Slot, link: Link) -> None:
        if death and (death == "all" or death == str(link.number)):
            sys.exit("it does not start")
        app = Application(link, source.adopted.config)
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=int(grace))
        serve(config, slot, link)

    def say(text: str) -> None:
        print(text, flush=True)

    slots = open_slots("127.0.0.1", port, count)
    Supervisor(
        slots,
        work,
        grace,
        ready=lambda: say("all are ready"),
        say=say,
        notifier=from_environment(os.environ),
        reloading=Reloading(source.last, source),
        adopt=source.adopt,
        abandoned=lambda: say("abandoned"),
        book=Book(),
        clock=lambda: time.monotonic() * speed,
    ).run()


if __name__ == "__main__":
    try:
        main(**json.loads(sys.argv[1]))
    except OneAdapterError as problem:
        print(problem)
        sys.exit(problem.exit_code)
