"""One thing that was looked at, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from one_adapter.errors import visible
from one_adapter.language import Message, padded, tr, translated, width

State = Literal["ok", "note", "wrong"]
STATES: dict[State, Message] = {"ok": tr("ok"), "note": tr("note"), "wrong": tr("wrong")}


@dataclass(frozen=True, slots=True)
class Check:
    """What was seen, in one sentence that says what to do where there is something.

    `ok`: nothing is to be done; `note`: it runs, and you should know; `wrong`: it does not run.
    """

    state: State
    said: str


def lines(checks: Iterable[Check]) -> list[str]:
    """The checks for a terminal, a line each.

    >>> lines([Check("ok", tr("Python 3.11.2")), Check("wrong", tr("LiteLLM is missing"))])
    ['ok     Python 3.11.2', 'wrong  LiteLLM is missing']
    """
    words = {state: translated(word) for state, word in STATES.items()}
    cells = max(map(width, words.values()))
    return [f"{padded(words[one.state], cells)}  {visible(translated(one.said))}" for one in checks]
