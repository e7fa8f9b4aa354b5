"""The one error a user of this package meets, and how it is said."""

from __future__ import annotations

import errno

from one_adapter.language import changed, tr


def visible(text: str) -> str:
    r"""`text` on one line, with control characters, line ends and direction marks written out.

    >>> visible("a\x1b[31m\nb")
    'a\\u001b[31m\\u000ab'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


#: A name that no machine has, by the number of Linux; or that is none, which Python says in its own way.
_NO_SUCH_HOST = tr("Name or service not known")
#: What the system says of what a person does wrong with files and addresses, by its number.
_REASONS = {
    -2: _NO_SUCH_HOST,
    -3: tr("Temporary failure in name resolution"),
    -5: tr("No address associated with hostname"),
    errno.EACCES: tr("Permission denied"),
    errno.EADDRINUSE: tr("Address already in use"),
    errno.EADDRNOTAVAIL: tr("Cannot assign requested address"),
    errno.ECONNREFUSED: tr("Connection refused"),
    errno.EEXIST: tr("File exists"),
    errno.EISDIR: tr("Is a directory"),
    errno.ELOOP: tr("Too many levels of symbolic links"),
    errno.EMFILE: tr("Too many open files"),
    errno.ENAMETOOLONG: tr("File name too long"),
    errno.ENOENT: tr("No such file or directory"),
    errno.ENOEXEC: tr("Exec format error"),
    errno.ENOSPC: tr("No space left on device"),
    errno.ENOTDIR: tr("Not a directory"),
    errno.EPERM: tr("Operation not permitted"),
    errno.EROFS: tr("Read-only file system"),
}


def reason_of(problem: BaseException) -> str:
    """Say what the system has against something; otherwise what the error itself says.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "x"))
    'No such file or directory'
    """
    if isinstance(problem, UnicodeError) and "idna" in str(problem):
        return _NO_SUCH_HOST
    said = getattr(problem, "strerror", None) or str(problem)
    known = _REASONS.get(getattr(problem, "errno", None) or 0, "")
    return known if known == said else said


class OneAdapterError(Exception):
    """Something the user can put right, said in one sentence fit for a terminal.

    `exit_code` follows the command line's convention: 1 when the configuration
    has errors, 2 for wrong usage or unreadable input. What the sentence quotes (a
    file's name, a model's) is written out, so that it cannot act on the terminal.
    `message` is the sentence, which may know itself in another language.

    >>> str(OneAdapterError("config.json: no such file"))
    'config.json: no such file'
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        self.message = changed(message, visible)
        super().__init__(str(self.message))
        self.exit_code = exit_code
