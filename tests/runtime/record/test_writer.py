"""The access log's file: whose it is, who may move it away, and what a disk that fails costs."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.record import writer as writers
from one_adapter.runtime.record.writer import Writer


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def log(tmp_path: Path, said: list[str]) -> Iterator[Writer]:
    """A writer that writes when it is told to, and at the end."""
    one = Writer(str(tmp_path / "log"), said.append, every=3600)
    yield one
    one.close()


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_lines_are_written_by_themselves_and_the_file_is_its_owners(tmp_path: Path, said: list[str]) -> None:
    one = Writer(str(tmp_path / "log"), said.append, every=0.01)
    one.put(b"1\n")
    limit = time.monotonic() + 30
    while not (tmp_path / "log").exists() or not lines(tmp_path / "log"):
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert lines(tmp_path / "log") == [b"1"]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    one.close()
    assert said == []


def test_the_end_writes_what_is_left(tmp_path: Path, log: Writer) -> None:
    for number in range(500):
        log.put(b"%d\n" % number)
    log.close()
    assert lines(tmp_path / "log") == [b"%d" % number for number in range(500)]


def test_what_comes_after_the_end_is_written_by_another_end(tmp_path: Path, log: Writer) -> None:
    log.put(b"1\n")
    log.close()
    log.put(b"2\n")
    log.close()
    assert lines(tmp_path / "log") == [b"1", b"2"]


def test_a_process_that_ends_writes_what_is_left(tmp_path: Path) -> None:
    code = (
        "import sys; from one_adapter.runtime.record.writer import Writer;"
        "Writer(sys.argv[1], print, 3600).put(b'x\\n')"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "log"], check=True, timeout=60)
    assert lines(tmp_path / "log") == [b"x"]


def test_a_file_that_was_moved_away_gets_no_more_lines(tmp_path: Path, log: Writer) -> None:
    log.put(b"1\n")
    log.flush()
    (tmp_path / "log").rename(tmp_path / "log.1")
    log.put(b"2\n")
    log.flush()
    assert (lines(tmp_path / "log.1"), lines(tmp_path / "log")) == ([b"1"], [b"2"])


def test_another_file_in_its_place_is_taken_and_keeps_its_mode(tmp_path: Path, log: Writer) -> None:
    log.put(b"1\n")
    log.flush()
    (tmp_path / "new").touch(0o640)
    (tmp_path / "new").chmod(0o640)
    (tmp_path / "new").replace(tmp_path / "log")
    log.put(b"2\n")
    log.flush()
    assert lines(tmp_path / "log") == [b"2"]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_emptied_is_written_from_its_beginning(tmp_path: Path, log: Writer) -> None:
    log.put(b"1\n")
    log.flush()
    os.truncate(tmp_path / "log", 0)
    log.put(b"2\n")
    log.flush()
    assert (tmp_path / "log").read_bytes() == b"2\n"


def test_two_writers_of_one_file_leave_each_others_lines_whole(tmp_path: Path, said: list[str]) -> None:
    path = str(tmp_path / "log")

    def write(sign: bytes) -> None:
        one = Writer(path, said.append, every=3600)
        for _ in range(2000):
            one.put(sign * 300 + b"\n")
            one.flush()

    threads = [threading.Thread(target=write, args=(sign,)) for sign in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines(tmp_path / "log")
    assert sorted(set(found)) == [b"a" * 300, b"b" * 300]
    assert len(found) == 4000


def test_a_full_disk_is_told_once_and_again_when_it_is_not(
    tmp_path: Path, log: Writer, said: list[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"o" * 99 + b"\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (105, hard))
        for _ in range(3):
            log.put(b"123456789\n")
            log.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    told = f"The access log {path} cannot be written: File too large. Requests go on without it."
    assert (said, log.lost) == ([told], 3)
    log.put(b"whole\n")
    log.flush()
    assert lines(path)[1:] == [b"12345", b"whole"]
    assert said[1:] == [f"The access log {path} is written again; 3 lines are missing by now."]


def test_a_folder_that_is_gone_loses_lines_and_stops_nobody(tmp_path: Path, said: list[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    one = Writer(str(folder / "log"), said.append, every=3600)
    folder.rmdir()
    one.put(b"1\n")
    one.flush()
    assert one.lost == 1
    assert len(said) == 1
    folder.mkdir()
    one.put(b"2\n")
    one.flush()
    assert lines(folder / "log") == [b"2"]
    one.close()


def test_a_disk_that_does_not_keep_up_keeps_nobody_waiting_and_fills_no_memory(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    monkeypatch.setattr(writers, "KEPT_LINES", 1000)
    monkeypatch.setattr(writers, "END_SECONDS", 0.01)
    one = Writer(str(tmp_path / "log"), said.append, every=0.01)
    for _ in range(20_000):  # two megabytes into a pipe that nobody empties
        one.put(b"x" * 99 + b"\n")
    assert one.lost > 15_000
    one.close()
    os.close(reader)


def test_a_pipe_gets_pieces_that_are_not_divided(tmp_path: Path, log: Writer) -> None:
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    for _ in range(100):
        log.put(b"x" * 99 + b"\n")
    log.flush()
    assert len(os.read(reader, 1 << 16)) == 10_000
    os.close(reader)


def test_the_standard_output_is_a_file_like_others() -> None:
    code = (
        "from one_adapter.runtime.record.writer import Writer; one = Writer('-', print); one.check();"
        "one.put(b'1\\n'); one.flush(); one.put(b'2\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"1\n2\n"


def test_a_file_that_cannot_be_written_is_told_before_anything_starts(tmp_path: Path, log: Writer) -> None:
    with pytest.raises(OneAdapterError, match="cannot be written: Is a directory"):
        Writer(str(tmp_path), print).check()
    with pytest.raises(OneAdapterError, match="cannot be written: Invalid argument"):
        Writer("a\0b", print).check()
    with pytest.raises(OneAdapterError, match="cannot be written: No such file or directory"):
        Writer(str(tmp_path / "none" / "log"), print).check()
    log.check()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    assert json.dumps(lines(tmp_path / "log")) == "[]"
