"""The old program itself: started on a private copy of its configuration, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.verify.old_program.copying import Copy
from one_adapter.verify.playing.child_process import ChildProcess

#: A port of loopback on which nobody listens: where whatever does not go to the echo ends.
NOWHERE = "http://127.0.0.1:9"
#: Variables of this process that a program may need to start at all.
NEEDED = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")


@contextmanager
def running(path: str, copy: Copy, port: int) -> Iterator[ChildProcess]:
    """Start the program at a path on a copy, whose only keys are words of our own, and end it afterwards.

    Raises `OneAdapterError` (exit code 2) where there is no such program, or it does not start.
    """
    program = shutil.which(path) or ""
    if not program:
        raise OneAdapterError(tr("{path}: no such program, or it may not be run", path=path))
    folder = Path(tempfile.mkdtemp(prefix="one-adapter-verify-"))
    try:
        config = folder / "config.json"
        config.touch(0o600)
        config.write_text(json.dumps(copy.config, ensure_ascii=False), encoding="utf-8")
        environment = {name: os.environ[name] for name in NEEDED if name in os.environ}
        environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
        environment |= {"HOME": str(folder), "SIMPLE_ONE_API_DB": str(folder / "config.db")}
        command = [str(Path(program).absolute()), str(config)]
        with ChildProcess(tr("the old program"), command, port, environment, str(folder)) as child:
            yield child
    finally:
        shutil.rmtree(folder, ignore_errors=True)
