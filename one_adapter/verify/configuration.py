"""`verify CONFIG`: the proxy as it would run, held against the plan; nothing leaves the machine."""

from __future__ import annotations

import os
import secrets as chance
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from one_adapter.config.document import Document
from one_adapter.contract import MASTER_KEY
from one_adapter.export.secrets.variables import Secrets
from one_adapter.plan.types import Plan
from one_adapter.verify.playing.asking import Ear
from one_adapter.verify.playing.child import LOOPBACK, Child, free_port
from one_adapter.verify.playing.play import Stage, played
from one_adapter.verify.result import Verification
from one_adapter.verify.wish import Wish

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
    plan: Plan
    secrets: Secrets
    reading: Sequence[str] = ()


def verify_configuration(given: Configuration, wish: Wish) -> Verification:
    """Start the proxy on a configuration and compare it with the plan.

    Raises `OneAdapterError` (exit code 2) where it does not start.
    """
    ear = Ear()
    try:
        master = f"sk-{chance.token_urlsafe(24)}"
        with proxy_on(given, ear.port, master) as child:
            child.wait()
            checks, asked, interrupted = played(
                given.plan, given.secrets, Stage(child.base_url, ear, master), wish
            )
    finally:
        ear.stop()
    return Verification(
        old=f"the plan of {given.document.name}",
        new="the proxy on it, with an echo in place of every vendor",
        checks=checks,
        interrupted=interrupted,
        asked={"new": asked},
    )


def proxy_on(given: Configuration, echo_port: int, master: str) -> Child:
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
    return Child("the proxy", command, port, environment, given=text)


def own_environment() -> dict[str, str]:
    """This process's environment, without what would send calls of loopback elsewhere."""
    return {name: value for name, value in os.environ.items() if name.upper() not in PROXIES}
