"""Which language this command speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_CHOSEN: ContextVar[Language] = ContextVar("language", default="en")
#: The first of them that says anything decides, as POSIX has it for messages.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(environ: Mapping[str, str]) -> Language:
    """The language that the locale's variables ask for; English where they ask for one we lack.

    >>> language_of({"LANG": "zh_CN.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
    ('zh', 'en')
    """
    asked = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "zh" if asked.lower().replace("-", "_").partition(".")[0].partition("_")[0] == "zh" else "en"


def chosen() -> Language:
    """The language that `translated` speaks now."""
    return _CHOSEN.get()


def choose(language: Language) -> None:
    """From now on, `translated` speaks this language."""
    _CHOSEN.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Inside, `translated` speaks this language; afterwards the one before."""
    token = _CHOSEN.set(language)
    try:
        yield
    finally:
        _CHOSEN.reset(token)
