"""What the host has to do for every request beside making the call: plain values, for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Circumstances:
    """What LiteLLM has to do for every request at present.

    `listeners` are the operator's callbacks by name, `settings` names what one-adapter does not write.
    """

    database: bool = False
    listeners: Sequence[str] = ()
    cache: bool = False
    budget: bool = False
    logged: bool = False
    ordered: bool = False
    settings: Sequence[str] = ()
