"""The loop of a worker that watches: what it applies, what it tells, and that nothing ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.host import applying, recording, watching
from one_adapter.runtime.host.watching import Watching
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading, Told
from one_adapter.runtime.workers.signals import early, remember_hangups

FIRST = Generation(1, "f1", "", {})
SECOND = Generation(2, "f2", "model_list: 1", {}, ("holds from the next start on: the port 1",))


class Source:
    """What is found, look by look; then nothing."""

    pause = 0.01

    def __init__(self, *found: Any) -> None:
        self.found, self.asked, self.taken_back = [*found], list[bool](), 0

    def look(self, asked: bool = False) -> Generation | Told | None:
        self.asked.append(asked)
        one = self.found.pop(0) if self.found else None
        if isinstance(one, Exception):
            raise one
        return one

    def refused(self) -> None:
        self.taken_back += 1


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "listeners", [])
    monkeypatch.setattr(watching, "hangups", [])


def steps(source: Source, told: list[str], *asked: bool) -> None:
    async def scenario() -> None:
        one = Watching(Reloading(FIRST, source), told.append)
        for each in asked:
            await one.step(each)

    asyncio.run(scenario())


def test_what_is_found_is_told_and_what_is_not_new_is_not(told: list[str]) -> None:
    steps(Source(Told("not reloaded: why"), None), told, False, False)
    assert told == ["not reloaded: why"]


def test_one_that_cannot_be_used_is_told_and_taken_back_and_the_watch_goes_on(told: list[str]) -> None:
    source = Source(SECOND, Told("later"))
    steps(source, told, False, False)
    assert source.taken_back == 1
    assert len(told) == 2
    assert told[0].startswith("not reloaded: ")
    assert told[1] == "later"


@pytest.mark.parametrize("problem", [OneAdapterError("no good"), ValueError("odd"), MemoryError()])
def test_whatever_goes_wrong_the_watch_goes_on(told: list[str], problem: Exception) -> None:
    steps(Source(problem, Told("later")), told, False, False)
    assert told == [
        f"not reloaded: {problem if isinstance(problem, OneAdapterError) else repr(problem)}",
        "later",
    ]


def test_what_is_applied_is_told_in_a_line_and_what_waits_for_a_start_in_another(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stage(prepared: Any) -> None:
        assert prepared is SECOND

    monkeypatch.setattr(applying, "prepare", lambda generation: generation)
    monkeypatch.setattr(applying, "stage", stage)
    monkeypatch.setattr(applying, "commit", lambda generation: applying.Applied(generation, 1, 2, 3, 4.4))
    steps(Source(SECOND), told, False)
    assert told == ["generation 2 (f2): 1 added, 3 changed, 2 removed, 4 ms", *SECOND.notes]


def test_reloads_are_counted_by_what_became_of_them(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[bool] = []
    monkeypatch.setattr(recording, "reloaded", counted.append)
    test_what_is_applied_is_told_in_a_line_and_what_waits_for_a_start_in_another([], monkeypatch)
    steps(Source(Told("not reloaded: why", refused=True), Told("nothing has changed")), told, False, True)
    steps(Source(ValueError("odd")), told, False)
    assert counted == [True, False, False]


def test_who_listens_hears_begin_and_end_of_what_was_asked_for_and_of_what_is_new(told: list[str]) -> None:
    heard: list[bool] = []
    watching.listeners.append(heard.append)
    steps(Source(None, Told("nothing has changed"), SECOND, Told("wrong")), told, False, True, False, False)
    assert heard == [True, False] * 2


@pytest.mark.parametrize("watches", [True, False])
def test_a_hangup_has_it_looked_at_once_and_others_too(
    told: list[str], watches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, others, looked = Source(), list[str](), asyncio.Event()
    monkeypatch.setattr(source, "pause", 60.0, raising=False)
    watching.listeners.append(lambda begins: None if begins else looked.set())
    watching.hangups.append(lambda: others.append("reopened"))

    async def scenario() -> None:
        task = asyncio.create_task(Watching(Reloading(FIRST, source, watches), told.append).run())
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(looked.wait(), 30)
        task.cancel()

    asyncio.run(scenario())
    assert source.asked == [True]
    assert others == ["reopened"]


def test_a_hangup_during_the_start_has_it_looked_at_once_when_that_is_over(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, looked = Source(), asyncio.Event()
    monkeypatch.setattr(source, "pause", 60.0, raising=False)
    watching.listeners.append(lambda begins: None if begins else looked.set())
    before = signal.getsignal(signal.SIGHUP)
    remember_hangups()
    try:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)

        async def scenario() -> None:
            task = asyncio.create_task(Watching(Reloading(FIRST, source, watch=False), told.append).run())
            await asyncio.wait_for(looked.wait(), 30)
            await asyncio.sleep(0)
            task.cancel()

        asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGHUP, before)
    assert source.asked == [True]
    assert early == []


def test_without_a_watch_it_is_looked_at_only_when_asked(told: list[str]) -> None:
    watched, left_alone = Source(), Source()

    async def scenario() -> None:
        tasks = [
            asyncio.create_task(Watching(Reloading(FIRST, source, watches), told.append).run())
            for source, watches in ((watched, True), (left_alone, False))
        ]
        for _ in range(3000):
            if len(watched.asked) >= 3:
                break
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()

    asyncio.run(scenario())
    assert watched.asked[:3] == [False] * 3
    assert left_alone.asked == []


class TestStart:
    """Whether a process watches at all."""

    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
        monkeypatch.setattr(watching, "_task", None)
        monkeypatch.setattr(watching, "_chosen", None)
        monkeypatch.setattr(applying, "_held", [])

        def start() -> bool:
            async def scenario() -> bool:
                watching.start()
                task = watching._task
                watching.start()
                same = watching._task is task
                if task is not None:
                    task.cancel()
                return task is not None and same

            return asyncio.run(scenario())

        return start

    def test_what_the_start_has_said_is_followed(self, started: Callable[[], bool]) -> None:
        watching.choose(Reloading(FIRST, Source()))
        assert started()

    def test_a_change_between_the_loading_of_an_exported_file_and_its_watch_is_seen(
        self, started: Callable[[], bool], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        from doorway import deployment, loaded_from
        from litellm.proxy import proxy_server

        path = tmp_path / "config.yaml"
        path.write_text("model_list: []\n")
        found: list[Reloading] = []
        loaded = loaded_from([deployment()], {"watch": True})
        monkeypatch.setattr(watching.loaded, "loaded", lambda: loaded)
        monkeypatch.setattr(proxy_server, "user_config_file_path", str(path))
        monkeypatch.setattr(watching, "Watching", lambda one: found.append(one) or Watching(one))
        watching.remember()
        path.write_text("model_list: [{model_name: m, litellm_params: {model: openai/m}}]\n")
        assert started()
        assert found[0].first.config == "model_list: []\n"
        later = found[0].source.look(asked=True)
        assert isinstance(later, Generation)
        assert "openai/m" in later.config

    def test_an_exported_file_is_watched_where_it_says_so_and_is_there(
        self,
        started: Callable[[], bool],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Any,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        from doorway import deployment, loaded_from
        from litellm.proxy import proxy_server

        path = tmp_path / "config.yaml"
        monkeypatch.setattr(proxy_server, "user_config_file_path", str(path))
        for watch in (False, True):
            loaded = loaded_from([deployment()], {"watch": watch})
            monkeypatch.setattr(watching.loaded, "loaded", lambda loaded=loaded: loaded)
            assert not started()
        assert "is not watched" in capsys.readouterr().err
        path.write_text("model_list: []\n")
        assert started()
