"""The language in which people are spoken to: English as written in the code, or Chinese from catalogues.

A text is marked where it is made and translated where it is shown. `tr` marks: its value is the English
text, a `str` like any other, so that machine formats, comparisons and tests see what is written in the
code. `translated` shows: it turns a marked text into the language that `choose` has set for this command.
What is done to a marked text in between (joined, cut, put into an f-string) makes an ordinary `str` of it,
which stays English: sentences are written whole.
"""

from __future__ import annotations

from one_adapter.language.chosen import LANGUAGES, Language, choose, chosen, language_of
from one_adapter.language.message import (
    Message,
    changed,
    enumerated,
    joined,
    lines,
    listed,
    looked_up,
    sentences,
    tr,
    translated,
    trn,
    without_stop,
)
from one_adapter.language.width import padded, width, wrapped

__all__ = [
    "LANGUAGES",
    "Language",
    "Message",
    "changed",
    "choose",
    "chosen",
    "enumerated",
    "joined",
    "language_of",
    "lines",
    "listed",
    "looked_up",
    "padded",
    "sentences",
    "tr",
    "translated",
    "trn",
    "width",
    "without_stop",
    "wrapped",
]
