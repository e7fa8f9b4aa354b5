"""What export leaves on the disk: who can read it, and what it never writes over."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command import command
from configurations import openai, service

from one_adapter.errors import OneAdapterError
from one_adapter.export.files import write_new, write_stream

pytestmark = pytest.mark.slow

CANARY = "sk-canary-90d1"
COMMAND = [sys.executable, "-m", "one_adapter"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(openai(service("m", credentials={"api_key": CANARY}), api_key="k")))
    return path


@pytest.fixture
def _open_umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


def export(config: Path, *words: object, **more: Any) -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, "export", str(config), *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **more)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Who can read it.


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.parametrize("words", [[], ["--secrets", "inline"], ["--pure"], ["--env-format", "docker"]])
def test_every_file_with_a_secret_is_the_owners_alone(config: Path, tmp_path: Path, words: list[str]) -> None:
    folder = tmp_path / "deep" / "out"
    assert export(config, "-o", f"{folder}/", "--report", tmp_path / "r.md", *words).returncode == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != config]
    secret = [path for path in written if CANARY in path.read_text()]
    assert {path.name for path in secret} == ({".env", "config.yaml"} if "inline" in words else {".env"})
    assert {mode(path) for path in secret} == {0o600}
    assert {mode(path) for path in (folder, folder.parent)} == {0o700}


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.parametrize("target", ["out.yaml", "out/"])
def test_an_old_file_anybody_could_read_is_the_owners_alone_afterwards(
    config: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "out").mkdir()
    for name in ("out.yaml", "out/config.yaml", "out/.env"):
        (tmp_path / name).write_text("old")
        (tmp_path / name).chmod(0o644)
    assert export(config, "-o", f"{tmp_path}/{target}", "--secrets", "inline", "--force").returncode == 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != config and CANARY in path.read_text():
            assert mode(path) == 0o600


def test_a_file_its_owner_had_closed_is_not_opened(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.yaml"
    file.write_text("old")
    file.chmod(0o600)
    assert export(config, "-o", file, "--force").returncode == 0
    assert mode(file) == 0o600


@pytest.mark.usefixtures("_open_umask")
def test_a_secret_is_never_in_a_file_that_others_can_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watched from the first byte: each file is made with the mode it ends with."""
    made: list[int] = []
    opened = os.open

    def watch(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        made.append(mode)
        assert flags & os.O_EXCL
        assert flags & os.O_NOFOLLOW
        return opened(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", watch)
    write_new(tmp_path / "new", CANARY, force=False, private=True)
    write_new(tmp_path / "new", CANARY, force=True, private=True)
    assert made == [0o600, 0o600]


# What is never written over.


def made_fifo(path: Path) -> None:
    os.mkfifo(path)


def made_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address is short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as each:
            each.bind(path.name)
    finally:
        os.chdir(here)


def made_link(path: Path) -> None:
    (path.parent / "victim").write_text("victim")
    path.symlink_to("victim")


def made_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def made_loop(path: Path) -> None:
    path.symlink_to(path.name)


def made_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


def made_device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


ODD = [
    made_fifo,
    made_socket,
    made_link,
    made_dangling_link,
    made_loop,
    made_link_to_a_device,
    made_device,
    Path.mkdir,
]
WAYS = {
    "output": ("odd.yaml", ["-o", "{}/odd.yaml"]),
    "output without an ending": ("odd", ["-o", "{}/odd"]),
    "report": ("odd.md", ["--report", "{}/odd.md"]),
    "folder's secrets": (".env", ["-o", "{}"]),
    "folder's configuration": ("config.yaml", ["-o", "{}"]),
}


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize(("name", "words"), WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_only_a_regular_file_is_ever_written_over(
    config: Path, tmp_path: Path, make: Callable[[Path], None], name: str, words: list[str], force: list[str]
) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    make(folder / name)
    if make is Path.mkdir and words[0] == "-o" and name.startswith("odd"):
        return  # -o takes a folder
    before = shown(folder)
    done = command("export", str(config), *(word.format(folder) for word in words), *force)
    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    assert CANARY not in done.output
    assert shown(folder) == before, "nothing came, nothing went, nothing changed"


def shown(folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """What each entry of a folder is, when it was last written to, and its size."""
    found = {path.name: path.lstat() for path in folder.iterdir()}
    return {name: (each.st_ino, each.st_mode, each.st_mtime_ns, each.st_size) for name, each in found.items()}


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.yaml"
    opened = os.open

    def race(name: Any, *more: Any) -> int:
        path.write_text("somebody else's")
        return opened(name, *more)

    monkeypatch.setattr(os, "open", race)
    with pytest.raises(OneAdapterError, match="is there already"):
        write_new(path, "ours", force=False)
    assert path.read_text() == "somebody else's"


def test_a_link_that_appears_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, victim = tmp_path / "out.yaml", tmp_path / "victim"
    opened = os.open

    def race(name: Any, *more: Any) -> int:
        path.symlink_to(victim)
        return opened(name, *more)

    monkeypatch.setattr(os, "open", race)
    with pytest.raises(OneAdapterError, match="is there already"):
        write_new(path, "ours", force=False)
    assert not victim.exists()


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text("old")
    for name, force in (("new.yaml", False), ("old.yaml", True)):
        with pytest.raises(OneAdapterError, match="cannot be written"):
            write_new(tmp_path / name, "half \ud800", force)
    assert [path.name for path in tmp_path.iterdir()] == ["old.yaml"]
    assert (tmp_path / "old.yaml").read_text() == "old"


def test_a_folder_that_is_a_link_to_one_is_written_into(config: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert export(config, "-o", tmp_path / "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert mode(tmp_path / "real" / ".env") == 0o600


# Streams.


@pytest.mark.parametrize("option", ["-o", "--report"])
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"])
def test_standard_output_by_name_goes_on_where_it_stands(
    config: Path, tmp_path: Path, option: str, name: str
) -> None:
    expected = export(config, option, name).stdout
    assert expected
    with (tmp_path / "all").open("wb") as file:
        file.write(b"before\n")
        file.flush()
        command = [*COMMAND, "export", str(config), option, name, "--force"]
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
        file.seek(0, os.SEEK_END)
        file.write(b"after\n")
    assert (tmp_path / "all").read_bytes() == b"before\n" + expected + b"after\n"


def test_an_open_file_of_the_shell_is_written_to(config: Path) -> None:
    expected = export(config).stdout
    read, write = os.pipe()
    done = export(config, "-o", f"/dev/fd/{write}", pass_fds=[write])
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert (done.returncode, pipe.read()) == (0, expected)


@pytest.mark.parametrize(
    "words", [["-o", "/dev/null"], ["--report", "/dev/null"], ["-o", "/dev/null", "--force"]]
)
def test_dev_null_swallows_and_stays(config: Path, words: list[str]) -> None:
    done = export(config, *words)
    assert done.returncode == 0
    assert CANARY.encode() not in done.stdout + done.stderr
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/fd/999", "/dev/full", "/dev/zero"])
def test_what_cannot_be_written_to_ends_in_a_sentence(config: Path, name: str) -> None:
    done = export(config, "-o", name, "--force")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: ")
    assert done.stderr.count(b"\n") == 1


def test_standard_error_by_name_is_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    write_stream("/dev/stderr", "said")
    assert capsys.readouterr() == ("", "said")
