"""The command line in this process: what it prints, how it ends, and any exception that gets out."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from one_adapter.cli import cli


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


def command(*words: object) -> Done:
    """Run `one-adapter` with words; a traceback comes out as an exception."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            cli([str(word) for word in words], prog_name="one-adapter")
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return Done(code, out.getvalue(), err.getvalue())
