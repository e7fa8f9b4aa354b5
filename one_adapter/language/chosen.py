"""Which language this command speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
#: The option that says it, and the variable that says it to a service, and to our own children.
OPTION, VARIABLE = "--lang", "ONE_ADAPTER_LANG"
#: The first of them that says anything decides, as POSIX has it for messages.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")

#: A process has one language, in all its threads.
_chosen: Language = "en"


def language_of(environ: Mapping[str, str], words: Sequence[str] = ()) -> Language:
    """The language that is asked for: by `--lang`, else by our variable, else by the locale's variables.

    `words` are those of the command line, which are read before anything else is, so that what is said
    about them is said in this language, too. English where a language is asked for that we lack.

    >>> language_of({"LANG": "zh_CN.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
    ('zh', 'en')
    >>> language_of({"LANG": "C"}, ["lint", "--lang=zh"])
    'zh'
    """
    asked = _told(words) or environ.get(VARIABLE)
    if asked in LANGUAGES:
        return asked
    asked = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return "zh" if asked.lower().replace("-", "_").partition(".")[0].partition("_")[0] == "zh" else "en"


def _told(words: Sequence[str]) -> str:
    """What the last `--lang` before a `--` says; "" where there is none."""
    ours = list(words[: words.index("--")] if "--" in words else words)
    told = ""
    for word, following in zip(ours, [*ours, ""][1:], strict=True):
        if word == OPTION:
            told = following
        elif word.startswith(f"{OPTION}="):
            told = word.partition("=")[2]
    return told


def chosen() -> Language:
    """The language that `translated` speaks now."""
    return _chosen


def choose(language: Language) -> None:
    """From now on, `translated` speaks this language."""
    global _chosen
    _chosen = language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Inside, `translated` speaks this language; afterwards the one before."""
    before = chosen()
    choose(language)
    try:
        yield
    finally:
        choose(before)
