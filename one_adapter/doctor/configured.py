"""Whether the configuration is one that the gateway takes."""

from __future__ import annotations

from one_adapter.doctor.check import Check
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr


def accepted(name: str, warnings: int) -> Check:
    """It is; there may be warnings all the same."""
    if warnings:
        return Check("note", tr("the gateway takes {name}; one-adapter lint warns of something", name=name))
    return Check("ok", tr("the gateway takes {name}", name=name))


def refused(name: str) -> Check:
    """It is not."""
    return Check(
        "wrong", tr("the gateway would refuse {name}: one-adapter lint {name} says where", name=name)
    )


def unreadable(problem: OneAdapterError) -> Check:
    """It cannot be read, or there is nothing in it to run."""
    return Check("wrong", problem.message)


def stale(text: str) -> Check:
    """The gateway lives by another file than this one."""
    return Check("note", text)
