"""The one error a user of this package meets."""

from __future__ import annotations


class OneAdapterError(Exception):
    """Something the user can put right, said in one sentence fit for a terminal.

    `exit_code` follows the command line's convention: 1 when the configuration
    has errors, 2 for wrong usage or unreadable input.

    >>> str(OneAdapterError("config.json: no such file"))
    'config.json: no such file'
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
