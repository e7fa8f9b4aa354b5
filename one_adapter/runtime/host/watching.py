"""The loop of a worker that watches by itself: it looks, prepares off the loop, and commits on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from litellm.proxy import proxy_server

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.announcing import announce
from one_adapter.runtime.host import applying, loaded, recording
from one_adapter.runtime.reload.beside import beside
from one_adapter.runtime.reload.exported import content_of, exported
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Content, Reloading, Source, Told
from one_adapter.runtime.workers.signals import early

#: Whoever else has something to do at SIGHUP.
hangups: list[Callable[[], None]] = []
#: Whoever is to hear that a reload begins (True), and that it has ended (False), whatever came of it.
listeners: list[Callable[[bool], None]] = []
#: What the start has said; None: the exported file says itself whether it is watched.
_chosen: Reloading | None = None
_task: asyncio.Task[None] | None = None
#: What the file said that LiteLLM loads, and its path: it may be another before it is watched.
_loading: tuple[str, Content] | None = None


def choose(reloading: Reloading) -> None:
    """Say before LiteLLM is loaded where later configurations come from."""
    global _chosen
    _chosen = reloading
    applying.begin(reloading.first)


def hang_up() -> None:
    """Do what else there is to do at SIGHUP."""
    for also in hangups:
        also()


def remember() -> None:
    """Keep what the file says that LiteLLM is just loading, where the start has said of none."""
    global _loading
    path = proxy_server.user_config_file_path
    if path and _chosen is None:
        with contextlib.suppress(OneAdapterError):  # whoever watches it reads it again, and tells
            _loading = path, content_of(path)


def start() -> None:
    """Begin to watch, on the running loop, once LiteLLM has loaded its configuration; again does nothing."""
    global _task
    if _task is not None:
        return
    try:
        reloading = _chosen or _own()
    except OneAdapterError as problem:
        announce(tr("the file is not watched: {problem}", problem=problem.message))
        return
    if reloading is not None:
        _task = asyncio.get_running_loop().create_task(Watching(reloading).run())


def _own() -> Reloading | None:
    """What the stock command is to watch: the exported file itself, where that says so."""
    global _loading
    path, (loading, content) = proxy_server.user_config_file_path, _loading or ("", None)
    _loading = None
    if not path or not loaded.loaded().config.settings.watch:
        return None
    source, first = exported(path, os.environ, content if loading == path else None)
    applying.begin(first)
    return Reloading(first, source)


class Watching:
    """Looks at a source for ever, and has this process follow it."""

    def __init__(self, reloading: Reloading, say: Callable[[str], None] = announce) -> None:
        """Take what is watched, and who tells a person."""
        self._source: Source = reloading.source
        self._watches = reloading.watch
        self._say = say
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it looked at now, as SIGHUP does."""
        hang_up()
        self._asked.set()

    async def run(self) -> None:
        """Watch until the loop ends."""
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread
                asyncio.get_running_loop().add_signal_handler(hangup, self.ask)
            if early:
                early.clear()
                self.ask()
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._source.pause if self._watches else None)
            asked = self._asked.is_set()
            self._asked.clear()
            await self.step(asked)

    async def step(self, asked: bool = False) -> None:
        """Look once, and apply what is new. Whatever goes wrong is told, and the old configuration stays."""
        try:
            found = await beside(self._source.look, asked)
            if isinstance(found, Generation) or asked:
                await self._follow(found)
            elif found is not None:
                self._tell(found)
        except Exception as problem:
            recording.reloaded(False)
            told = problem.message if isinstance(problem, OneAdapterError) else repr(problem)
            self._say(tr("not reloaded: {reason}", reason=told))

    async def _follow(self, found: Generation | Told | None) -> None:
        for one in listeners:
            one(True)
        try:
            if isinstance(found, Generation):
                await self._apply(found)
            elif found is not None:
                self._tell(found)
        finally:
            for one in listeners:
                one(False)

    def _tell(self, found: Told) -> None:
        if found.refused:
            recording.reloaded(False)
        self._say(found.text)

    async def _apply(self, generation: Generation) -> None:
        try:
            prepared = await beside(applying.prepare, generation)
            await applying.stage(prepared)
            applied = applying.commit(prepared)
        except Exception:
            self._source.refused()
            raise
        recording.reloaded(True)
        self._say(applied.line())
        for note in generation.notes:
            self._say(note)
