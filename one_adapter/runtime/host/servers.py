"""uvicorn's server with the loaded application: one in this process, or one in each of several workers."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn import run as uvicorn_run  # LiteLLM's command line gets another one under this name

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.announcing import announce
from one_adapter.runtime.dryrun import seal
from one_adapter.runtime.host import applying, recording, watching
from one_adapter.runtime.host import profile as profiles
from one_adapter.runtime.host.starting import Starting
from one_adapter.runtime.record.number_files import Ledger
from one_adapter.runtime.record.variables import FOLDER, WORKER
from one_adapter.runtime.redaction import CleanStream
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading
from one_adapter.runtime.workers import forking, notify
from one_adapter.runtime.workers.redis_server import RedisServer
from one_adapter.runtime.workers.serving import ONCE_SECONDS, serve
from one_adapter.runtime.workers.slots import Slot, open_slots
from one_adapter.runtime.workers.spawning import Spawning
from one_adapter.runtime.workers.supervisor import LAST_SECONDS, Supervisor
from one_adapter.runtime.workers.worker_end import Link

#: Where LiteLLM's application is found by workers that load it themselves.
APPLICATION = "litellm.proxy.proxy_server:app"
#: Seconds that uvicorn leaves workers to answer that LiteLLM has it start: while they load they cannot.
LOADING_SECONDS = 120
#: What a worker would load first thing, and the parent loads for all of them.
LOADED_FOR_ALL = ("install", "standing", "wire")


@dataclass(frozen=True)
class Servers:
    """How many, and what they are told; `file` is what LiteLLM reads, alone in its folder.

    `hindrance` says why this process cannot be forked, and `application` is what workers load then.
    """

    file: Path
    host: str
    port: int
    workers: int = 1
    grace: float = 30.0
    sealed: bool = False
    starting: Starting | None = None
    redis: RedisServer | None = None
    reloading: Reloading | None = None
    application: str = APPLICATION
    hindrance: Callable[[], str] = forking.hindrance
    notifier: notify.Notifier = field(default_factory=lambda: notify.from_environment(os.environ))

    def run(self, app: Any, **settings: Any) -> None:
        """Serve with `uvicorn.run`'s arguments until told to end; raises `OneAdapterError` if it cannot."""
        given: dict[str, Any] = {
            "timeout_graceful_shutdown": math.ceil(self.grace),
            "timeout_worker_healthcheck": LOADING_SECONDS,
            **settings,
            **(seal.ALONE if self.sealed else {}),
        }
        if self.workers == 1:
            if self.reloading is not None:
                watching.choose(self.reloading)
                watching.listeners.append(self._reloads)
            self._end_in_any_case(twice_at_once=True)
            self._alone(app, given)
            return
        self._end_in_any_case(twice_at_once=False)
        _load_for_all()
        if self.starting is not None:
            self.starting.leave_alone()
        reason = self.hindrance() or _reserve()
        if reason:
            self._spawn(reason, given)
        else:
            self._fork(uvicorn.Config(app, **given))

    def _alone(self, app: Any, given: dict[str, Any]) -> None:
        if given.get("reload") or (given.get("workers") or 1) > 1:  # LiteLLM's command line was told so
            uvicorn_run(app, **given)
            return
        config = uvicorn.Config(app, **given)
        config.callback_notify, config.timeout_notify = self._serves, ONCE_SECONDS
        server = uvicorn.Server(config)
        server.run()
        if not server.started:
            raise OneAdapterError(tr("The proxy did not start; its own messages above say why."), 1)

    async def _serves(self) -> None:
        self.notifier.ready()

    def _reloads(self, begins: bool) -> None:
        if begins:
            self.notifier.reloading()
        else:
            self.notifier.ready()

    def _fork(self, config: uvicorn.Config) -> None:
        if self.reloading is not None:
            applying.begin(self.reloading.first)
        numbers = self.file.parent / "numbers"
        numbers.mkdir(0o700, exist_ok=True)
        os.environ[FOLDER] = str(numbers)
        forking.freeze()

        def work(slot: Slot, link: Link) -> None:
            os.environ[WORKER] = str(link.number)
            if isinstance(sys.stderr, CleanStream):
                sys.stderr.mark = f"[{link.number}] "
            link.applying = Generations()
            link.reopen.append(watching.hang_up)
            try:
                serve(config, slot, link)
            finally:
                recording.close()

        Supervisor(
            open_slots(self.host, self.port, self.workers),
            work,
            self.grace,
            ready=self._ready,
            say=announce,
            notifier=self.notifier,
            reloading=self.reloading,
            adopt=self._adopt,
            companions=[self.redis] if self.redis is not None else [],
            abandoned=self._remove,
            book=Ledger(str(numbers)),
        ).run()

    def _adopt(self, generation: Generation) -> None:
        """Have the workers that are forked from now on begin with it: they read what this process has."""
        applying.adopt(generation)
        new = self.file.with_suffix(".new")
        new.touch(0o600)
        new.write_text(generation.config, "utf-8")
        new.replace(self.file)

    def _spawn(self, reason: str, given: dict[str, Any]) -> None:
        announce(
            tr(
                "{reason}, so that each worker loads LiteLLM by itself, which takes longer and more memory; "
                "a changed file holds from the next start on",
                reason=reason,
            )
        )
        if self.starting is not None:
            self.starting.watch(uvicorn.Server, ["--num_workers"])
        config = uvicorn.Config(self.application, **{**given, "workers": self.workers})
        Spawning(config, self.grace, announce, [self.redis] if self.redis is not None else []).run()

    def _ready(self) -> None:
        if self.starting is not None:
            self.starting.ready()

    def _remove(self) -> None:
        shutil.rmtree(self.file.parent, ignore_errors=True)
        if self.redis is not None:
            self.redis.remove()

    def _end_in_any_case(self, twice_at_once: bool) -> None:
        """Make uvicorn's server end some seconds after its grace, whatever still hangs, or told to twice."""
        told = uvicorn.Server.handle_exit

        def leave() -> None:
            if twice_at_once:
                self._remove()
            recording.close()
            os._exit(0)

        def handle_exit(server: uvicorn.Server, sig: int, frame: FrameType | None) -> None:
            if server.should_exit and twice_at_once:
                leave()
            watchdog = threading.Timer(self.grace + LAST_SECONDS, leave)
            watchdog.daemon = True
            watchdog.start()
            self.notifier.stopping()
            told(server, sig, frame)

        uvicorn.Server.handle_exit = handle_exit  # type: ignore[method-assign,assignment]


class Generations:
    """How a worker takes a new configuration, as its link asks for it."""

    def prepare(self, generation: bytes) -> applying.Prepared:
        """Read it, off the loop; raises `OneAdapterError` and changes nothing."""
        return applying.prepare(Generation.from_bytes(generation))

    async def stage(self, prepared: applying.Prepared) -> None:
        """Put what is new into LiteLLM ahead, so that `commit` takes no time."""
        await applying.stage(prepared)

    def commit(self, prepared: applying.Prepared) -> str:
        """Go on with it; return what that changed."""
        return applying.commit(prepared).line()

    def drop(self, prepared: applying.Prepared) -> None:
        """Forget it, and take out what was put into LiteLLM ahead."""
        applying.drop(prepared)


def _load_for_all() -> None:
    """Have what every worker needs in memory before they part, without running any of it."""
    if "preload" in profiles.chosen():
        from litellm.proxy import proxy_server

        from one_adapter.runtime.host.preload import preload

        preload(proxy_server.app)
    for name in LOADED_FOR_ALL:
        import_module(f"one_adapter.runtime.host.{name}")
    with contextlib.suppress(ImportError):
        import_module("one_adapter.runtime.relay.way")


def _reserve() -> str:
    """Have LiteLLM start no thread of its Rust part here; return why that is too late, if it is."""
    try:
        from litellm.rust_bridge import fork_guard
    except ImportError:  # a version without it has no such threads
        return ""
    reserve: Callable[[str], None] = fork_guard.reserve_process_for_forking
    try:
        reserve("the parent of the workers")
    except RuntimeError:
        return tr("LiteLLM's native part runs already")
    return ""
