"""What is said by others in this command's language: by click, and by the processes that it starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from one_adapter.language.chosen import VARIABLE, Language, language_of, speaking

_DOMAIN = "click"


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Inside, we speak this language, and so do click and our own processes."""
    own: dict[str, str] = {} if language_of(os.environ) == language else {VARIABLE: language}
    with _environment(own), speaking(language):
        if language == "en":
            yield
        else:
            with _gettext(language):
                yield


@contextmanager
def _gettext(language: Language) -> Iterator[None]:
    """Click asks gettext's own domain, which looks at `LANGUAGE` whenever it is asked."""
    import gettext

    before = gettext.textdomain()
    gettext.bindtextdomain(_DOMAIN, str(Path(__file__).resolve().parent))
    gettext.textdomain(_DOMAIN)
    try:
        with _environment({"LANGUAGE": language}):
            yield
    finally:
        gettext.textdomain(before)


@contextmanager
def _environment(names: Mapping[str, str]) -> Iterator[None]:
    """Inside, these variables have these values; afterwards those before."""
    before = {name: os.environ.get(name) for name in names}
    os.environ |= names
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
