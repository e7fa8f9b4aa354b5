"""Where a new generation comes from, and who asks for one: the loop of the one process that watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from one_adapter.runtime.reload.generation import Generation


@dataclass(frozen=True)
class Told:
    """What a person has to hear instead: why there is no new generation. It ends without a line break."""

    text: str


class Source(Protocol):
    """What is watched."""

    @property
    def pause(self) -> float:
        """Seconds until it is to be looked at again."""

    def look(self, asked: bool = False) -> Generation | Told | None:
        """Return the next generation where there is one; None where nothing is new.

        To be called off the loop: it reads files and takes its time. `asked`: somebody wants to know
        (SIGHUP), so that it never returns None. Never raises.
        """


@dataclass(frozen=True)
class Reloading:
    """What a start says of later configurations: which it began with, where others come from.

    `watch` false: only when it is asked to (SIGHUP).
    """

    first: Generation
    source: Source
    watch: bool = True
