"""A worker's end of the channel, and what signals do to a process that becomes one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading

import pytest

from one_adapter.runtime.reload.beside import SWITCH_SECONDS
from one_adapter.runtime.workers import signals
from one_adapter.runtime.workers.channel import Channel, Kind, Message, pair
from one_adapter.runtime.workers.worker_end import Link

PATIENCE = 30.0


class Applying:
    """Prepares a generation when it may, and notes what it puts into LiteLLM and takes out of it."""

    def __init__(self) -> None:
        self.may = {number: threading.Event() for number in (b"two", b"three")}
        self.inside: list[bytes] = []
        self.prepared_in: list[tuple[bool, float]] = []
        self.dropped = asyncio.Event()

    def prepare(self, generation: bytes) -> bytes:
        self.prepared_in.append(
            (threading.current_thread() is threading.main_thread(), sys.getswitchinterval())
        )
        assert self.may[generation].wait(PATIENCE)
        return generation

    async def stage(self, prepared: bytes) -> None:
        self.inside.append(prepared)

    def commit(self, prepared: bytes) -> str:
        return f"now it is {prepared.decode()}"

    def drop(self, prepared: bytes) -> None:
        self.inside.remove(prepared)
        self.dropped.set()


async def heard(channel: Channel, count: int) -> list[tuple[Kind, int]]:
    """Wait for so many messages that are neither the first word nor a beat."""
    found: list[tuple[Kind, int]] = []
    while len(found) < count:
        several = channel.receive()
        found += [(one.kind, one.number) for one in several if one.kind not in (Kind.READY, Kind.BEAT)]
        await asyncio.sleep(0.001)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers load by themselves")
def test_what_is_dropped_while_it_is_prepared_is_taken_out_when_that_is_done() -> None:
    async def scenario() -> None:
        ours, theirs = pair()
        applying, link = Applying(), Link(1, theirs, lambda: None)
        link.applying = applying
        await link.start()
        ours.send(Message(Kind.PREPARE, 2, b"two"))
        ours.send(Message(Kind.DROP, 2))
        ours.send(Message(Kind.PREPARE, 3, b"three"))
        applying.may[b"three"].set()
        assert await heard(ours, 1) == [(Kind.PREPARED, 3)]
        applying.may[b"two"].set()
        await asyncio.wait_for(applying.dropped.wait(), PATIENCE)
        assert applying.inside == [b"three"]
        ours.send(Message(Kind.COMMIT, 3))
        assert await heard(ours, 1) == [(Kind.COMMITTED, 3)]
        assert applying.prepared_in == [(False, pytest.approx(SWITCH_SECONDS))] * 2, "requests wait for it"
        asyncio.get_running_loop().remove_reader(theirs.fileno())
        ours.close()
        theirs.close()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers load by themselves")
def test_a_worker_that_is_told_to_end_before_it_hears_signals_ends_all_the_same() -> None:
    program = """if True:
        import os, signal, sys
        from one_adapter.runtime.workers.fleet import fork
        from one_adapter.runtime.workers.signals import Signals

        here, there = os.pipe()
        with Signals() as signals:
            def leave():
                os.read(here, 1)  # not before it was told to end
                signals.leave_to_child()
            worker = fork(0, [()], [], lambda slot, link: sys.exit(3), leave, lambda: None, 0.0)
            worker.signal(signal.SIGTERM)
            os.write(there, b".")
            print(os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1]))
            os.kill(os.getpid(), signal.SIGTERM)
            print(signals.take() == [signal.SIGCHLD, signal.SIGTERM])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0\nTrue\n"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no hangups")
def test_hangups_during_the_start_are_the_first_that_a_parent_hears() -> None:
    before = signal.getsignal(signal.SIGHUP)
    signals.remember_hangups()
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        with signals.Signals() as heard:
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard.take() == [signal.SIGHUP, signal.SIGTERM]
            assert heard.take() == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_system_without_the_signals_of_others_can_load_what_runs_workers() -> None:
    program = """if True:
        import asyncio, multiprocessing.util, signal, subprocess, uvicorn
        for name in ("SIGHUP", "SIGCHLD", "SIGKILL"):
            delattr(signal, name)
        from one_adapter.commands import run
        from one_adapter.runtime.host import launch
        from one_adapter.runtime.workers import serving, spawning, supervisor
        from one_adapter.runtime.workers.signals import Signals, remember_hangups
        remember_hangups()
        with Signals():
            print("loaded")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("loaded\n", "")
