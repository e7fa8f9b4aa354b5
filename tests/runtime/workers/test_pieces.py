"""The pieces of which several workers are made, each by itself."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.workers import forking
from one_adapter.runtime.workers.agreement import PREPARE_SECONDS, Agreement, State
from one_adapter.runtime.workers.channel import Channel, Kind, Message, pair
from one_adapter.runtime.workers.cpus import cpus
from one_adapter.runtime.workers.fleet import LOADING_SECONDS, SILENCE_SECONDS, Worker, how
from one_adapter.runtime.workers.notify import VARIABLE, from_environment
from one_adapter.runtime.workers.restarts import HOPELESS_SECONDS, PAUSES, SETTLED_SECONDS, Restarts
from one_adapter.runtime.workers.slots import close, open_slots, renewed


class TestProcessors:
    @pytest.mark.parametrize(
        ("files", "found"),
        [
            ({"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
            ({"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
            ({"sys/fs/cgroup/cpu.max": "max 100000\n"}, 4),
            (
                {
                    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
                    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                },
                3,
            ),
            (
                {
                    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                },
                4,
            ),
            ({"sys/fs/cgroup/cpu.max": "900000 100000\n"}, 4),
            ({}, 4),
        ],
        ids=["one and a half", "a half", "no bound", "version 1", "version 1, no bound", "more than", "none"],
    )
    def test_a_containers_share_bounds_them(
        self, files: dict[str, str], found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        assert cpus(tmp_path) == found

    def test_where_nobody_tells_there_is_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: None)
        assert cpus(tmp_path) == 1


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    here, there = pair()
    yield here, there
    here.close()
    there.close()


class TestChannel:
    def test_messages_come_whole_and_in_order_whatever_their_length(
        self, ends: tuple[Channel, Channel]
    ) -> None:
        here, there = ends
        sent = [Message(Kind.PREPARE, 7, b"x" * 1_000_000), Message(Kind.COMMIT, 7), Message(Kind.BEAT)]
        for one in sent:
            here.send(one)
        assert here.is_waiting
        came: list[Message] = []
        while len(came) < 3:
            here.flush()
            came += there.receive()
        assert came == sent
        assert not here.is_waiting
        assert not there.ended

    def test_the_end_of_one_end_is_seen_at_the_other(self, ends: tuple[Channel, Channel]) -> None:
        here, there = ends
        here.send(Message(Kind.READY))
        here.close()
        assert there.receive() == [Message(Kind.READY)]
        assert there.ended
        there.send(Message(Kind.BEAT))
        assert not there.is_waiting


class TestSlots:
    def test_all_of_them_listen_on_one_port(self) -> None:
        slots = open_slots("127.0.0.1", 0, 3)
        ports = {one.getsockname()[1] for slot in slots for one in slot}
        assert len(slots) == 3
        assert len(ports) == 1
        place = ("127.0.0.1", ports.pop())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        slots[1][0].listen()
        with socket.create_connection(place):
            close(slots)

    def test_one_that_is_renewed_has_the_place_and_not_the_queue(self) -> None:
        (old,) = open_slots("127.0.0.1", 0, 1)
        place = old[0].getsockname()
        old[0].listen()
        with socket.create_connection(place) as waits:
            new = renewed(old)
            with pytest.raises(ConnectionResetError):
                waits.recv(1)
        assert new[0].getsockname() == place
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        close([new])

    def test_a_port_that_another_program_has_is_one_sentence(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(OneAdapterError, match=f"Cannot listen on 127.0.0.1:{port}: Address already"):
                open_slots("127.0.0.1", port, 2)

    def test_a_host_that_no_name_can_be_is_one_sentence(self) -> None:
        with pytest.raises(
            OneAdapterError, match=r"Cannot listen on no\.\.host:0: Name or service not known"
        ):
            open_slots("no..host", 0, 2)

    @pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
    def test_an_address_of_the_newer_kind_is_its_own(self) -> None:
        slots = open_slots("::1", 0, 2)
        assert {one.getsockname()[0] for slot in slots for one in slot} == {"::1"}
        assert all(one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) for slot in slots for one in slot)
        close(slots)


class TestRestarts:
    def test_each_death_in_a_row_makes_the_pause_longer_up_to_half_a_minute(self) -> None:
        restarts = Restarts()
        due = [restarts.died(0, 0.0, None) for _ in range(9)]
        assert due == [0, 1, 2, 4, 8, 16, 30, 30, 30]
        assert due[: len(PAUSES)] == [*PAUSES]

    def test_one_that_served_for_a_while_comes_back_at_once(self) -> None:
        restarts = Restarts()
        assert [restarts.died(0, 0.0, None) for _ in range(3)] == [0, 1, 2]
        assert restarts.died(0, 100.0, 100 - SETTLED_SECONDS) == 100
        assert restarts.died(0, 110.0, 110 - SETTLED_SECONDS / 2) == 111
        assert restarts.died(1, 110.0, None) == 110

    def test_five_that_never_served_within_a_minute_are_enough(self) -> None:
        restarts = Restarts()
        for number in range(4):
            restarts.died(number, 0.0, None)
        restarts.died(4, 1.0, 0.5)
        assert not restarts.hopeless(1.0)
        restarts.died(0, HOPELESS_SECONDS, None)
        assert restarts.hopeless(HOPELESS_SECONDS)
        assert not restarts.hopeless(HOPELESS_SECONDS + 1)


class TestAgreement:
    def test_nobody_commits_before_all_have_prepared(self) -> None:
        agreement = Agreement(2, (0, 1))
        agreement.prepared(0)
        agreement.committed(0)
        assert agreement.state is State.PREPARING
        agreement.prepared(1)
        assert agreement.state is State.COMMITTING
        agreement.refused(1, "too late")
        agreement.committed(0)
        assert agreement.state is State.COMMITTING
        agreement.committed(1)
        assert agreement.state is State.DONE

    def test_one_that_refuses_stops_it_for_all(self) -> None:
        agreement = Agreement(2, (0, 1))
        agreement.prepared(0)
        agreement.refused(1, "no")
        agreement.prepared(1)
        assert (agreement.state, agreement.reason) == (State.REFUSED, "no")

    def test_one_that_dies_is_not_waited_for(self) -> None:
        agreement = Agreement(2, (0, 1, 2))
        agreement.prepared(0)
        agreement.gone(1)
        assert agreement.state is State.PREPARING
        agreement.prepared(2)
        assert agreement.state is State.COMMITTING
        agreement.gone(0)
        agreement.committed(2)
        assert agreement.state is State.DONE

    def test_one_in_whose_preparation_all_die_is_refused(self) -> None:
        agreement = Agreement(2, (0, 1))
        agreement.prepared(0)
        agreement.gone(0)
        assert agreement.state is State.PREPARING
        agreement.gone(1)
        assert (agreement.state, agreement.reason[:12]) == (State.REFUSED, "every worker")

    def test_so_many_prepare_at_once_and_the_next_when_one_of_them_has(self) -> None:
        agreement = Agreement(2, (0, 1, 2, 3), at_once=2)
        assert agreement.next_to_ask(0.0) == [0, 1]
        assert agreement.next_to_ask(0.0) == []
        agreement.prepared(1)
        assert agreement.next_to_ask(0.0) == [2]
        agreement.gone(3)
        agreement.gone(0)
        assert agreement.next_to_ask(0.0) == []
        agreement.prepared(2)
        assert agreement.state is State.COMMITTING

    def test_nobody_is_asked_any_more_once_one_has_refused(self) -> None:
        agreement = Agreement(2, (0, 1))
        assert agreement.next_to_ask(0.0) == [0]
        agreement.refused(0, "no")
        assert agreement.next_to_ask(0.0) == []

    def test_one_that_takes_a_worker_too_long_to_prepare_is_refused(self) -> None:
        agreement = Agreement(2, (0, 1))
        agreement.next_to_ask(10.0)
        agreement.prepared(0)
        agreement.late(20 + PREPARE_SECONDS)
        agreement.next_to_ask(20.0)  # each has its own time
        agreement.late(20 + PREPARE_SECONDS)
        assert agreement.state is State.PREPARING
        agreement.late(20.5 + PREPARE_SECONDS)
        assert agreement.state is State.REFUSED
        assert "more than 60 s" in agreement.reason


class TestForking:
    def tasks(self, folder: Path, count: int) -> Path:
        for number in range(count):
            (folder / str(number)).mkdir()
        return folder

    def test_another_system_does_not_fork(self) -> None:
        assert forking.hindrance("darwin") == "on darwin a loaded process cannot be forked safely"

    def test_a_process_of_one_thread_may_be_forked(self, tmp_path: Path) -> None:
        assert forking.hindrance("linux", self.tasks(tmp_path, 1), list) == ""

    def test_a_native_thread_is_waited_for_for_a_second(self, tmp_path: Path) -> None:
        folder = self.tasks(tmp_path, 2)
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        assert forking.hindrance("linux", folder, list, lambda: now[0], sleep) == "1 native threads run"
        assert 1 <= now[0] < 1.1
        found = forking.hindrance("linux", folder, list, lambda: 0.0, lambda _: (folder / "1").rmdir())
        assert found == ""

    def test_a_thread_is_named(self, tmp_path: Path) -> None:
        done = threading.Event()
        thread = threading.Thread(target=done.wait, name="of the test")
        thread.start()
        times = iter(range(100))
        names = forking.other_threads
        found = forking.hindrance(
            "linux", self.tasks(tmp_path, 1), names, lambda: next(times), lambda _: None
        )
        done.set()
        thread.join()
        assert found.startswith("a thread runs (")
        assert "of the test" in found


class TestSilence:
    @pytest.mark.parametrize(
        ("ready_at", "seconds"), [(0.0, SILENCE_SECONDS), (None, LOADING_SECONDS)], ids=["serves", "loads"]
    )
    def test_a_worker_that_loads_may_say_nothing_for_longer(
        self, ready_at: float | None, seconds: float, ends: tuple[Channel, Channel]
    ) -> None:
        worker = Worker(0, 1, ends[0], 100.0, ready_at)
        assert not worker.hangs(100.0 + seconds)
        assert worker.hangs(100.5 + seconds)

    def test_its_end_is_told_in_words(self) -> None:
        assert how(9) == "by SIGKILL"
        assert how(40) == "by signal 40"
        assert how(3 << 8) == "with exit code 3"


class TestNotify:
    @pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
    def test_systemd_hears_each_word_in_a_datagram_of_its_own(self, abstract: bool, tmp_path: Path) -> None:
        name = f"@one-adapter-{os.getpid()}" if abstract else str(tmp_path / "s")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(f"\0{name[1:]}" if abstract else name)
            systemd.settimeout(5)
            environment = {VARIABLE: name, "A": "b"}
            notifier = from_environment(environment)
            assert environment == {"A": "b"}
            notifier.ready("two workers serve\nand more")
            notifier.reloading()
            notifier.ready()
            notifier.status("busy")
            notifier.stopping()
            heard = [systemd.recv(4096).decode() for _ in range(5)]
        assert heard[0] == "READY=1\nSTATUS=two workers serve"
        first, _, microseconds = heard[1].rpartition("\nMONOTONIC_USEC=")
        assert first == "RELOADING=1"
        assert microseconds.isdigit()
        assert heard[2:] == ["READY=1", "STATUS=busy", "STOPPING=1"]

    def test_without_systemd_nobody_is_told(self, tmp_path: Path) -> None:
        from_environment({}).ready()
        from_environment({VARIABLE: str(tmp_path / "none")}).ready()
