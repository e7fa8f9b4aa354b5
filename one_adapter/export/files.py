"""Writing what was exported: never over something that is there, and secrets for the owner alone."""

from __future__ import annotations

import os
import re
import secrets as random_secrets
import stat
import sys
from pathlib import Path

from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import listed, tr

CONFIG_NAME = "config.yaml"
ENV_NAME = ".env"
#: Rights of a file with secrets, of one without, and of a folder.
PRIVATE_FILE, PUBLIC_FILE, PRIVATE_FOLDER = 0o600, 0o644, 0o700
#: The names of this process's own open files, and of the place where things vanish.
_STREAM = re.compile(r"-|/dev/(?:null|stdin|stdout|stderr)|(?:/dev|/proc/self)/fd/([0-9]{1,6})")
_STANDARD = {"-": 1, "/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_KINDS = (
    (stat.S_ISLNK, tr("a symbolic link")),
    (stat.S_ISDIR, tr("a folder")),
    (stat.S_ISFIFO, tr("a named pipe")),
    (stat.S_ISSOCK, tr("a socket")),
)


def new_master_key() -> str:
    """A key for LiteLLM's own administration that nobody knows yet."""
    return f"sk-{random_secrets.token_urlsafe(32)}"


def is_stream(target: str) -> bool:
    """Whether a path names an open file of this process, or /dev/null: written to, and never replaced.

    >>> is_stream("-"), is_stream("/dev/fd/63"), is_stream("/dev/sda")
    (True, True, False)
    """
    return _STREAM.fullmatch(target) is not None


def write_stream(target: str, text: str) -> None:
    """Write to what `is_stream` knows, from where it stands.

    Raises `OneAdapterError` (exit code 2) when it is shut or full; a reader that left is click's to judge.
    """
    found = _STREAM.fullmatch(target)
    assert found is not None
    if target == "/dev/null":
        return
    number = int(found[1]) if found[1] else _STANDARD[target]
    stream = {1: sys.stdout, 2: sys.stderr}.get(number)
    try:
        if stream is not None:
            stream.write(text)
            stream.flush()
        else:
            # A copy of the open file goes on where it is; opening its name would begin at the front.
            with os.fdopen(os.dup(number), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise _unwritable(target, problem) from None


def refuse_what_is_there(path: Path, force: bool) -> None:
    """Raise `OneAdapterError` (exit code 2) where `write_new` would refuse a path for what is there."""
    there = _mode_of(path)
    if there is None:
        return
    if not stat.S_ISREG(there):
        what = next((words for test, words in _KINDS if test(there)), tr("a device"))
        told = tr("{path}: is {what}, and only a regular file is written over", path=path, what=what)
        raise OneAdapterError(told)
    if not force:
        raise OneAdapterError(tr("{path}: is there already; --force writes over it", path=path))


def _mode_of(path: Path) -> int | None:
    """Kind and permissions of what is at a path itself, links not followed; None where nothing is."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise _unwritable(path, problem) from None


def _unwritable(path: Path | str, problem: OSError | ValueError) -> OneAdapterError:
    return OneAdapterError(tr("{path}: cannot be written: {reason}", path=path, reason=reason_of(problem)))


def write_new(path: Path, text: str | bytes, force: bool, private: bool = False) -> None:
    """Write a file that is not there yet; with `force` also over a regular file that is.

    `private` files are readable by their owner alone from their first byte on; no file
    becomes readable by more people than the old one was. The text replaces an old file
    in one step, so that no half of it is ever seen. Links, pipes, sockets, devices and
    folders are never replaced or written through.
    Raises `OneAdapterError` (exit code 2) when the file is there, or cannot be written.
    """
    refuse_what_is_there(path, force)
    old = _mode_of(path)
    mode = PRIVATE_FILE if private else PUBLIC_FILE & (PUBLIC_FILE if old is None else old | PRIVATE_FILE)
    # Where nothing is, the name itself is taken, so that what appears there meanwhile stays.
    draft = path if old is None else path.with_name(f".{random_secrets.token_hex(8)}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    except FileExistsError:
        told = tr("{path}: is there already; somebody has just made it", path=path)
        raise OneAdapterError(told) from None
    except OSError as problem:
        raise _unwritable(path, problem) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8") if isinstance(text, str) else text)
        if draft != path:
            draft.replace(path)
    except (OSError, ValueError) as problem:
        draft.unlink(missing_ok=True)
        raise _unwritable(path, problem) from None


def is_folder(target: str) -> bool:
    """Whether an output path means a folder: it is one, or is written like one.

    >>> is_folder("litellm"), is_folder("out/"), is_folder("proxy.yaml")
    (True, True, False)
    """
    path = Path(target)
    return target.endswith(("/", os.sep)) or path.is_dir() or not (path.suffix or os.path.lexists(path))


def write_folder(folder: str, config: str, env: str, force: bool, private: bool = False) -> list[Path]:
    """Write `config.yaml` and `.env` into a folder, both or neither.

    A folder that is missing is made, for the owner alone, because the secrets are in it.
    What is written over stays beside it, under the same name with `.bak` at its end.
    `private`: there are secrets in `config.yaml` too.
    """
    base = Path(folder)
    paths = [base / CONFIG_NAME, base / ENV_NAME]
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        told = tr("{paths}: there already; --force writes over it", paths=listed(there, "and"))
        raise OneAdapterError(told)
    backups = [path.with_name(f"{path.name}.bak") for path in paths]
    for path in (*paths, *backups):
        refuse_what_is_there(path, force)
    make_folder(base)
    for path, backup in zip(paths, backups, strict=True):
        old = read_old(path)
        if old:
            write_new(backup, old, force, private=True)
    write_new(paths[1], env, force, private=True)
    write_new(paths[0], config, force, private)
    return paths


def read_old(path: Path) -> str:
    """The text of a file that is to be written over; empty where there is none, or none that can be read."""
    mode = _mode_of(path)
    if mode is None or not stat.S_ISREG(mode):
        return ""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for the owner alone."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        for each in reversed(missing):
            each.mkdir(PRIVATE_FOLDER, exist_ok=True)
        if not folder.is_dir():
            raise OneAdapterError(tr("{folder}: cannot be made: something else is there", folder=folder))
    except OSError as problem:
        told = tr("{folder}: cannot be made: {reason}", folder=folder, reason=reason_of(problem))
        raise OneAdapterError(told) from None
