"""How the exported configuration is started."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from one_adapter.language import tr
from one_adapter.plan.types import Plan

#: Where a try-out listens while the gateway may go on running.
TRY_OUT_PORT = 9091
#: What an export writes, in its folder.
EXPORTED = ("config.yaml", ".env")


@dataclass(frozen=True, slots=True)
class Command:
    """A line for the shell, and what it does."""

    line: str
    what: str


def start_line(plan: Plan, config: str, env: str = "") -> str:
    """The shell's line that starts LiteLLM's own command on an exported file, after reading a `.env`."""
    # An open proxy stays on loopback; any other listens where the gateway did, everywhere by default.
    host = plan.host or ("127.0.0.1" if plan.access.open else "")
    address = f"--host {quote(host)} --port {plan.port}" if host else f"--port {plan.port}"
    # The dot looks for a name without a slash among the commands.
    read = f"set -a; . {quote(env if '/' in env else f'./{env}')}; set +a; " if env else ""
    return f"{read}litellm --config {quote(config)} {address}"


def commands_of(
    source_name: str, plan: Plan, pure: bool, exported: tuple[str, str] = EXPORTED
) -> tuple[Command, ...]:
    """The commands that start the proxy on the port the gateway had; `exported` are its file and its .env.

    They work where the export was called. The try-out keeps off the gateway's port.
    """
    litellm = start_line(plan, *exported)
    aside = TRY_OUT_PORT if plan.port != TRY_OUT_PORT else TRY_OUT_PORT + 1
    if pure:
        return (
            Command(f"pip install 'litellm[proxy]'{_also(plan)}", tr("installs stock LiteLLM")),
            Command(litellm, tr("reads the secrets from .env and starts it")),
        )
    # A store is called by its file and its revision; the commands take the file.
    source = "config.json" if source_name == "-" else re.sub(r"#[0-9]+\Z", "", source_name)
    return (
        Command("pip install 'one-adapter[proxy]'", tr("installs LiteLLM and what the exported file needs")),
        Command(
            f"one-adapter run {quote(source)} --dry-run --port {aside}",
            tr("tries it: no call leaves the machine"),
        ),
        Command(
            f"one-adapter run {quote(source)}",
            tr("starts it on port {port}, as the gateway was", port=plan.port),
        ),
        Command(litellm, tr("the same with the exported config.yaml and .env, from then on yours")),
    )


def _also(plan: Plan) -> str:
    """What `litellm[proxy]` does not bring and this plan needs."""
    vertex = any(service.type == "vertexai" for service in plan.services)
    return " 'google-auth[requests]'" if vertex else ""
