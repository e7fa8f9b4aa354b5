"""What is installed: Python, LiteLLM and whether it was tried, what the extras bring, a Redis server."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata

from one_adapter.doctor.check import Check
from one_adapter.language import listed, tr
from one_adapter.runtime.host.facts import ROWS, row_of
from one_adapter.runtime.workers.redis_server import program

#: The versions of Python that the tests run on: from the first, below the second.
PYTHONS = ((3, 10), (3, 14))
#: Releases of LiteLLM that somebody else put on the registry.
MALICIOUS = frozenset(("1.82.7", "1.82.8", "1.107.0"))
#: What LiteLLM's own extra brings, and without which it serves nothing.
SERVER = ("uvicorn", "fastapi")
NAME = re.compile(r"[A-Za-z0-9._-]+")

Version = Callable[[str], str | None]


def version_of(package: str) -> str | None:
    """The version of an installed package; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Check:
    """Whether this Python is one that the tests run on."""
    told = ".".join(map(str, version))
    first, beyond = PYTHONS
    if first <= version[:2] < beyond:
        return Check("ok", tr("Python {version}", version=told))
    bounds = {"first": ".".join(map(str, first)), "beyond": ".".join(map(str, beyond))}
    return Check(
        "wrong",
        tr(
            "Python {version} was not tried: take one from {first} on, below {beyond}", version=told, **bounds
        ),
    )


def litellm(version: Version = version_of) -> Check:
    """Which LiteLLM is installed, and whether it was tried with this one-adapter."""
    told = version("litellm")
    if told is None:
        return Check(
            "wrong",
            tr("LiteLLM is not installed, which only run needs: pip install '.[proxy]' in a checkout"),
        )
    if told in MALICIOUS:
        return Check(
            "wrong",
            tr(
                "LiteLLM {version} is a malicious release: uninstall it, change every key this machine had",
                version=told,
            ),
        )
    lacking = [name for name in SERVER if version(name) is None]
    if lacking:
        return Check(
            "wrong",
            tr(
                "LiteLLM {version} is there without its server ({names}): pip install 'litellm[proxy]'",
                version=told,
                names=listed(lacking, "and"),
            ),
        )
    row = row_of(told)
    if row is not None and row.tried == told:
        return Check("ok", tr("LiteLLM {version}, which was tried", version=told))
    if row is not None:
        return Check(
            "ok", tr("LiteLLM {version}; its sister {tried} was tried", version=told, tried=row.tried)
        )
    return Check(
        "note",
        tr(
            "LiteLLM {version} was not tried, {first} to {last} were; it goes its own way, slower: "
            "pip install 'litellm[proxy]=={newest}'",
            version=told,
            first=ROWS[0].minor,
            last=ROWS[-1].minor,
            newest=ROWS[-1].tried,
        ),
    )


def extras(
    version: Version = version_of, required: Callable[[str], list[str] | None] = metadata.requires
) -> Iterator[Check]:
    """Whether what the extras `proxy` and `report` bring is there."""
    try:
        lines = required("one-adapter") or []
    except metadata.PackageNotFoundError:  # a folder that is imported and was never installed
        return
    for extra, what in (("proxy", "wrong"), ("report", "note")):
        names = [found[0] for line in lines if _of(extra, line) and (found := NAME.match(line))]
        lacking = [name for name in names if version(name) is None]
        if not lacking:
            yield Check("ok", tr("everything of the extra {extra} is installed", extra=extra))
        elif extra == "proxy" and "litellm" in lacking:
            continue  # said by `litellm`
        else:
            yield Check(
                "wrong" if what == "wrong" else "note",
                tr(
                    "of the extra {extra} is missing: {names}: pip install {all}",
                    extra=extra,
                    names=listed(lacking, "and"),
                    all=" ".join(lacking),
                ),
            )


def _of(extra: str, line: str) -> bool:
    return re.search(rf"extra *== *['\"]{extra}['\"]", line) is not None


def redis_program(find: Callable[[], str | None] = program) -> Check:
    """Whether several workers find a Redis server that they can start."""
    if find() is not None:
        return Check("ok", tr("redis-server is installed, for run --workers"))
    return Check(
        "note",
        tr(
            "no redis-server is installed; run --workers then needs --redis URL or --approximate where there "
            "are limits"
        ),
    )


def temporary() -> Check:
    """Whether there is a place for the files that live as long as the proxy."""
    try:
        return Check("ok", tr("temporary files go to {folder}", folder=tempfile.gettempdir()))
    except OSError:
        return Check("wrong", tr("no folder takes temporary files: set TMPDIR to one that does"))
