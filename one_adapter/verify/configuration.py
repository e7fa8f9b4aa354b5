"""`verify CONFIG`: the proxy as it would run, held against the plan; nothing leaves the machine."""

from __future__ import annotations

import os
import secrets as chance
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from one_adapter.config.document import Document
from one_adapter.config.model import Gateway
from one_adapter.contract import MASTER_KEY
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import tr
from one_adapter.plan.types import Plan
from one_adapter.verify.old_program.compare import Sides, beside
from one_adapter.verify.old_program.copying import Copy, copied
from one_adapter.verify.old_program.program import running
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.asking import Asker, Ear
from one_adapter.verify.playing.child_process import LOOPBACK, ChildProcess, free_port
from one_adapter.verify.playing.clients import MODELS
from one_adapter.verify.playing.play import Part, Stage, played
from one_adapter.verify.playing.player import Player
from one_adapter.verify.result import Check, Verification

#: The variables by which an environment has calls of loopback go elsewhere.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration as the command line names it, and what was made of it.

    `reading` are the options by which it was read, as the command line has them.
    """

    path: str
    document: Document
    gateway: Gateway
    plan: Plan
    secrets: Secrets
    reading: Sequence[str] = ()


def verify_configuration(given: Configuration, wanted: VerifyOptions, old_program: str = "") -> Verification:
    """Start the proxy on a configuration and compare it with the plan, and with the program at a path.

    Raises `OneAdapterError` (exit code 2) where one of them does not start.
    """
    ear = Ear()
    more: Part | None = None
    left_out: tuple[str, ...] = ()
    try:
        master = f"sk-{chance.token_urlsafe(24)}"
        with ExitStack() as stack:
            child = stack.enter_context(proxy_on(given, ear.port, master))
            if old_program:
                port = free_port()
                copy = copied(given.document, given.gateway, port, ear.base_url)
                old = stack.enter_context(running(old_program, copy, port))
                old.wait()
                more = beside_the_old(old.base_url, copy, given.gateway)
                left_out = tuple(
                    tr("{service}: {reason}", service=each, reason=reason)
                    for each, reason in copy.left_out.items()
                )
            child.wait()
            stage = Stage(child.base_url, ear, master)
            checks, asked, interrupted = played(given.plan, given.secrets, stage, wanted, more)
    except KeyboardInterrupt:  # before anything was asked
        checks, asked, interrupted = (), 0, tr("interrupted")
    finally:
        ear.stop()
    name = given.document.name
    old_side = tr("the plan of {name}", name=name)
    if old_program:
        old_side = tr("the plan of {name}, and {program} on a copy", name=name, program=old_program)
    return Verification(
        old=old_side,
        new=tr("the proxy on it, with an echo in place of every vendor"),
        checks=checks,
        notes=left_out,
        interrupted=interrupted,
        asked={"new": asked},
    )


def beside_the_old(base_url: str, copy: Copy, gateway: Gateway) -> Part:
    """The questions that are put to the old program, which listens at an address, and to the proxy."""

    async def part(player: Player) -> list[Check]:
        async with Asker(base_url, player.ear) as asker:
            return await beside(Sides(asker, copy, player, gateway))

    return part


def proxy_on(given: Configuration, echo_port: int, master: str) -> ChildProcess:
    """The proxy as `run` starts it, with the echo at a port in place of every vendor."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "one_adapter",
        "run",
        given.path,
        "--host",
        LOOPBACK,
        "--port",
        str(port),
    ]
    command += ["--echo-port", str(echo_port), *given.reading]
    text = given.document.text.encode() if given.path == STANDARD_INPUT else b""
    environment = {**own_environment(), MASTER_KEY: master}
    return ChildProcess(tr("the proxy"), command, port, environment, given=text, healthy=MODELS, key=master)


def own_environment() -> dict[str, str]:
    """This process's environment, without what would send calls of loopback elsewhere."""
    return {name: value for name, value in os.environ.items() if name.upper() not in PROXIES}
