"""Writing what was exported: never over something that is there, and secrets for the owner alone."""

from __future__ import annotations

import os
import secrets as random_secrets
from pathlib import Path

from one_adapter.errors import OneAdapterError

CONFIG_NAME = "config.yaml"
ENV_NAME = ".env"


def new_master_key() -> str:
    """A key for LiteLLM's own administration that nobody knows yet."""
    return f"sk-{random_secrets.token_urlsafe(32)}"


def write_new(path: Path, text: str, force: bool, private: bool = False) -> None:
    """Write a file that is not there yet; with `force` also over one that is.

    `private` files are readable by their owner alone from their first byte on.
    The text replaces an old file in one step, so that no half of it is ever seen.
    Raises `OneAdapterError` (exit code 2) when the file is there, or cannot be written.
    """
    if path.exists() and not force:
        raise OneAdapterError(f"{path}: is there already; --force writes over it")
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        draft.replace(path)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise OneAdapterError(f"{path}: cannot be written: {problem.strerror}") from None


def is_folder(target: str) -> bool:
    """Whether an output path means a folder: it is one, or is written like one.

    >>> is_folder("litellm"), is_folder("out/"), is_folder("proxy.yaml")
    (True, True, False)
    """
    path = Path(target)
    return target.endswith(("/", os.sep)) or path.is_dir() or not (path.suffix or path.is_file())


def write_folder(folder: str, config: str, env: str, force: bool) -> list[Path]:
    """Write `config.yaml` and `.env` into a folder, made when it is missing; both or neither."""
    base = Path(folder)
    paths = [base / CONFIG_NAME, base / ENV_NAME]
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise OneAdapterError(f"{' and '.join(there)}: there already; --force writes over it")
    try:
        base.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OneAdapterError(f"{folder}: cannot be made: {problem.strerror}") from None
    write_new(paths[1], env, force, private=True)
    write_new(paths[0], config, force)
    return paths
