"""The whole play: a server that has the echo for its vendors, asked for all that a plan promises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import tr
from one_adapter.plan.types import Plan
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.asking import Asker, Ear
from one_adapter.verify.playing.bursts import play_bursts
from one_adapter.verify.playing.clients import play_clients
from one_adapter.verify.playing.limits import play_limits
from one_adapter.verify.playing.names import play_names
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import PROBES, Probe
from one_adapter.verify.playing.shares import play_shares
from one_adapter.verify.result import Check

#: Questions of one kind.
Part = Callable[[Player], Awaitable[list[Check]]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A server to be asked: where it listens, who hears its calls, what it is asked in every name.

    `master` is the key that opens everything.
    """

    base_url: str
    ear: Ear
    master: str = field(default="", repr=False)
    probes: Sequence[Probe] = PROBES


async def play(
    plan: Plan,
    secrets: Secrets,
    stage: Stage,
    wanted: VerifyOptions,
    found: list[Check],
    more: Part | None = None,
) -> int:
    """Ask everything; `found` grows by the checks, part by part. Return the number of requests.

    Limits come last, because they use up what other questions need; what else is to be played with the same
    player, `more`, comes before them.
    """
    async with Asker(stage.base_url, stage.ear) as asker:
        player = Player(plan, secrets, asker, wanted, stage.master, stage.probes)
        for part in filter(None, (play_clients, play_names, more, play_shares, play_bursts, play_limits)):
            found += await part(player)
        return asker.requests


def played(
    plan: Plan, secrets: Secrets, stage: Stage, wanted: VerifyOptions, more: Part | None = None
) -> tuple[tuple[Check, ...], int, str]:
    """The checks of a whole play, the number of requests, and why it ended early, "" where it did not."""
    found: list[Check] = []
    try:
        asked = asyncio.run(play(plan, secrets, stage, wanted, found, more))
    except KeyboardInterrupt:
        return tuple(found), 0, tr("interrupted")
    return tuple(found), asked, ""
