"""What is around the configuration: who may read it, and whether its port is free."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path

from one_adapter.doctor.check import Check
from one_adapter.errors import reason_of
from one_adapter.language import tr
from one_adapter.runtime.workers.slots import try_to_bind

#: Rights of others than the owner.
OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: Names beside a configuration that hold keys as well.
SECRETS_BESIDE = (".env",)


def rights(path: str) -> Iterator[Check]:
    """Who may read a file with keys in it, and those beside it."""
    given = Path(path)
    files = [given, given.with_suffix(".db"), *(given.with_name(name) for name in SECRETS_BESIDE)]
    open_ = [str(file) for file in dict.fromkeys(files) if _is_open(file)]
    for name in open_:
        yield Check(
            "note", tr("others on this machine may read the keys in {file}: chmod 600 {file}", file=name)
        )
    if not open_ and path != "-":
        yield Check("ok", tr("nobody else may read {file}", file=path))


def _is_open(file: Path) -> bool:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & OTHERS)


def port(host: str, number: int) -> Check:
    """Whether the proxy could listen there."""
    where = {"host": host, "port": number}
    try:
        try_to_bind(host, number)
    except (OSError, UnicodeError) as problem:
        code = getattr(problem, "errno", None)
        if code == errno.EADDRINUSE:
            return Check(
                "wrong",
                tr(
                    "{host}:{port} is taken, by the gateway perhaps: stop it, or try another with --port",
                    **where,
                ),
            )
        if code == errno.EACCES:
            return Check(
                "wrong",
                tr("{host}:{port} is for root alone: take a port above 1023 with --port", **where),
            )
        why = reason_of(problem)
        return Check(
            "wrong",
            tr("{host}:{port} cannot be listened on ({why}): say another with --host", **where, why=why),
        )
    return Check("ok", tr("{host}:{port} is free", **where))
