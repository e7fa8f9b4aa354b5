"""An exported file as a `Source`, for the stock command: the YAML, and the `.env` beside it.

A variable has the value that the process was started with, until its line in the `.env` changes.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import enumerated, tr
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.naming import Names, generation_of, loaded
from one_adapter.runtime.reload.watch import Content, Files, Refused

ENV_NAME = ".env"
#: Bytes a file has at most.
LARGEST_FILE_BYTES = 64 << 20
#: What a reload applies of the settings beside the deployments: section -> the keys.
APPLIED: Mapping[str, tuple[str, ...]] = {
    "general_settings": (SECTION,),
    "router_settings": ("model_group_alias",),
    "litellm_settings": ("custom_provider_map",),
}


def exported(
    path: str, environment: Mapping[str, str], content: Content | None = None
) -> tuple[Files, Generation]:
    """What watches an exported file that has been loaded, and the generation that it was.

    `environment` is the process's own, `content` what the files said when they were loaded; None: what they
    say now. Raises `OneAdapterError` where the file is none any more.
    """
    watched = _Exported(path, environment, content)
    return watched.files, watched.first


class _Exported:
    def __init__(self, path: str, environment: Mapping[str, str], content: Content | None) -> None:
        self._path, self._environment = path, dict(environment)
        content = self._read() if content is None else content
        self._env_before = _variables(content[1])
        self._began = _read_yaml(path, content[0])
        self._kept = Names(self._began, self._environment).meanings()
        self.first = self._make(content, 1)
        self.files = Files((path, _env_path(path)), self._read, self._make, self.first, content)

    def _read(self) -> Content:
        return content_of(self._path)

    def _make(self, content: Content, number: int) -> Generation:
        config = _read_yaml(self._path, content[0])
        changed = {
            name: value
            for name, value in _variables(content[1]).items()
            if self._env_before.get(name) != value and name != MASTER_KEY
        }
        text = content[0].decode("utf-8")
        notes = _restarts(self._began, config)
        return generation_of(number, text, {**self._environment, **changed}, notes, self._kept)


def content_of(path: str) -> Content:
    """What an exported file and the `.env` beside it say; raises `OneAdapterError` without a file."""
    return read_file(path), read_file(_env_path(path), optional=True)


def _env_path(path: str) -> str:
    return str(Path(path).with_name(ENV_NAME))


def read_file(path: str, optional: bool = False) -> bytes:
    """What is in a regular file; nothing where one that is `optional` is missing.

    Raises `OneAdapterError` for what cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OneAdapterError(tr("{path}: is not a regular file", path=path))
            data = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        if optional:
            return b""
        raise OneAdapterError(tr("{path}: there is no such file", path=path)) from None
    except (OSError, ValueError) as problem:
        told = tr("{path}: cannot be read: {reason}", path=path, reason=reason_of(problem))
        raise OneAdapterError(told) from None
    if len(data) > LARGEST_FILE_BYTES:
        raise OneAdapterError(tr("{path}: larger than 64 MiB, that is no configuration", path=path))
    return data


def _read_yaml(path: str, data: bytes) -> dict[str, Any]:
    try:
        found = loaded(data)
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        told = tr("{place}: cannot be read", place=where)
        if known := getattr(problem, "problem", None):
            told = tr("{place}: {problem}", place=where, problem=known)
        raise Refused(told, half=True) from None
    if not isinstance(found.get("model_list"), list):
        raise Refused(tr("{path}: has no model_list", path=path), half=True)
    return found


def _variables(data: bytes) -> dict[str, str]:
    """What a `.env` says, read as LiteLLM reads one."""
    text = io.StringIO(data.decode("utf-8", "replace"))
    return {name: value for name, value in dotenv_values(stream=text).items() if value is not None}


def _restarts(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """A line about the settings that only a start reads, where they have changed."""
    changed = []
    for section in sorted({*before, *after} - {"model_list"}):
        old, new = (_stays(section, one.get(section)) for one in (before, after))
        if old != new:
            if not (isinstance(old, dict) and isinstance(new, dict)):
                changed.append(section)
                continue
            changed += [f"{section}.{one}" for one in sorted({*old, *new}) if old.get(one) != new.get(one)]
    told = tr("holds from the next start on: {settings}", settings=enumerated(changed))
    return (told,) if changed else ()


def _stays(section: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return {} if value is None else value
    return {str(name): one for name, one in value.items() if name not in APPLIED.get(section, ())}
