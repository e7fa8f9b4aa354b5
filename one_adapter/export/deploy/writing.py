"""Writing a deployment: all of its files or none, and never over one that is there unless told to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.export.deploy.compose import compose
from one_adapter.export.deploy.deployment import BESIDE, Deployment, DeploymentRequest
from one_adapter.export.deploy.helm import helm
from one_adapter.export.deploy.systemd import systemd
from one_adapter.export.files import ENV_NAME, make_folder, read_old, refuse_what_is_there, write_new
from one_adapter.export.secrets.env_file import assignments
from one_adapter.export.secrets.env_merge import read_env
from one_adapter.language import Message, listed, tr, translated

KINDS: Mapping[str, Callable[[DeploymentRequest], Deployment]] = {
    "compose": compose,
    "helm": helm,
    "systemd": systemd,
}


def deploy(kind: str, request: DeploymentRequest, force: bool) -> list[Message]:
    """Write a deployment of one of `KINDS`; return what was written and what is to be done next.

    With `force` what is written over stays beside it, with `.bak` at its end, and `.env` keeps what it has:
    a database takes no other password afterwards. Raises `OneAdapterError` (exit code 2) for files that are
    there, and for what cannot be written.
    """
    made = KINDS[kind](request)
    folder, copy, env = request.folder, request.folder / BESIDE / request.name, request.folder / ENV_NAME
    texts = {folder / name: text for name, text in made.files.items()}
    _refuse((*texts, env, copy), force)
    if copy.parent.is_symlink():  # its owner is changed below, and is not to be changed elsewhere
        raise OneAdapterError(tr("{path}: is a symbolic link, and has to be a folder", path=copy.parent))
    values = {**made.variables, **(read_env(read_old(env), made.form) if force else {})}
    for inner in (folder, copy.parent):
        make_folder(inner)
    for path in (*texts, env, copy):
        _keep(path, force)
    write_new(env, _head() + assignments(made.form, values, made.remarks), force, private=True)
    write_new(copy, request.data, force, private=True)
    if made.owner is not None:
        for path in (copy, copy.parent):
            os.chown(path, made.owner, made.owner, follow_symlinks=False)
    for path, text in texts.items():
        write_new(path, text, force)
    written = listed([str(path) for path in (*texts, env, copy)], "and")
    return [tr("Written: {files}", files=written), *made.next]


def _head() -> str:
    text = tr("Passwords of this deployment; the keys of vendors and clients are in etc/.")
    return f"# {translated(text)}\n"


def _refuse(paths: tuple[Path, ...], force: bool) -> None:
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        files = listed(there, "and")
        raise OneAdapterError(tr("{files}: there already; --force writes over it", files=files))
    for path in paths:
        refuse_what_is_there(path, force)
        refuse_what_is_there(_backup(path), force)


def _backup(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")


def _keep(path: Path, force: bool) -> None:
    """Leave a copy of a file that is to be written over."""
    if not path.is_file():
        return
    try:
        old = path.read_bytes()
    except OSError as problem:
        raise OneAdapterError(
            tr("{path}: cannot be read: {why}", path=path, why=reason_of(problem))
        ) from None
    write_new(_backup(path), old, force, private=True)
