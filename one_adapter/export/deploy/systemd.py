"""A unit for systemd: a user of its own, a reload that is waited for, and the old gateway ended."""

from __future__ import annotations

import re
from pathlib import Path

from one_adapter.contract import MASTER_KEY
from one_adapter.errors import OneAdapterError
from one_adapter.export.deploy.deployment import (
    BESIDE,
    GRACE_SECONDS,
    LAST_SECONDS,
    Deployment,
    DeploymentRequest,
    language,
    master_key,
)
from one_adapter.export.files import ENV_NAME
from one_adapter.language import Message, tr, translated

FILE, SERVICE = "one-adapter.service", "one-adapter"
#: The unit that the gateway's own installer writes.
OLD_SERVICE = "simple-one-api.service"
#: What a path may have in it: the rest means something to systemd, or ends a word.
SAFE = re.compile(r"[^\s\x00-\x1f\x7f\"'`\\%$:;*?#|&<>]+")
#: The first port that not only root may open.
FIRST_FREE_PORT = 1024
#: Where a unit of systemd's, which runs as nobody you know, can usually not read.
HOMES = ("/home/", "/root/")
CONFINED = """\
DynamicUser=yes
UMask=0077
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM"""


def systemd(request: DeploymentRequest) -> Deployment:
    """The unit, and how it is installed; raises `OneAdapterError` for a path that a unit cannot hold."""
    for word in (*request.program, str(request.folder)):
        if not SAFE.fullmatch(word):
            raise OneAdapterError(
                tr(
                    "{word}: a unit of systemd cannot hold this; it takes plain letters and no spaces.",
                    word=word,
                )
            )
    return Deployment(
        {FILE: _unit(request)},
        master_key(),
        {MASTER_KEY: translated(tr("opens LiteLLM's administration; no client of yours ever needs it"))},
        _next(request),
    )


def _next(request: DeploymentRequest) -> list[Message]:
    install = f"sudo cp {request.shown(FILE)} /etc/systemd/system/ && sudo systemctl daemon-reload"
    start, once = f"sudo systemctl enable --now {SERVICE}", f"sudo systemctl disable {OLD_SERVICE}"
    file, reload = request.folder / BESIDE / request.name, f"sudo systemctl reload {SERVICE}"
    lines = [
        tr("Install it: {command}", command=install),
        tr("Start it, which ends the gateway's own service: {command}", command=start),
        tr("So that not both start with the machine: {command}", command=once),
        tr("Change it: edit {file}, then {command}", file=file, command=reload),
    ]
    if any(word.startswith(HOMES) for word in request.program):
        lines.append(
            tr(
                "Warning: the service runs as a user of its own, who can hardly read {program}; install "
                "one-adapter elsewhere, in /opt/one-adapter say, and export again from there.",
                program=request.program[0],
            )
        )
    return lines


def _unit(request: DeploymentRequest) -> str:
    """The text of the unit."""
    lines = (
        *_remark(tr("Written by one-adapter export --deploy systemd.")),
        "[Unit]",
        "Description=one-adapter, a LiteLLM proxy on the configuration of simple-one-api",
        "Wants=network-online.target",
        "After=network-online.target",
        *_remark(tr("One of the two has the port: starting either ends the other, which is the way back.")),
        f"Conflicts={OLD_SERVICE}",
        f"After={OLD_SERVICE}",
        "",
        "[Service]",
        *_remark(tr("systemd before 253 does not know the second word, says so, and stays with the first.")),
        "Type=notify",
        "Type=notify-reload",
        "NotifyAccess=main",
        *_processes(request),
        "Restart=always",
        "RestartSec=2",
        "KillMode=mixed",
        "TimeoutStartSec=180",
        f"TimeoutStopSec={GRACE_SECONDS + LAST_SECONDS}",
        "LimitNOFILE=65536",
        CONFINED,
        *_rights(request.plan.port),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    )
    return "\n".join(lines)


def _processes(request: DeploymentRequest) -> list[str]:
    """What is run at the start and at a reload, and what it may read."""
    source, name = request.folder / BESIDE / request.name, request.name
    copy = f"${{RUNTIME_DIRECTORY}}/{name}"
    more = ["--workers", str(request.workers)] if request.workers > 1 else []
    start = [*request.program, *request.command(copy, *more, "--no-watch")]
    spoken = "".join(f" {name}={value}" for name, value in language().items())
    why = tr(
        "The configuration stays its owner's alone. The service has a copy in memory, which a\n"
        "reload makes anew before the process looks at it."
    )
    return [
        f"EnvironmentFile={request.folder / ENV_NAME}",
        f"Environment=HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1{spoken}",
        *_remark(why),
        f"LoadCredential={name}:{source}",
        f"RuntimeDirectory={SERVICE}",
        "RuntimeDirectoryMode=0700",
        f"ExecStartPre=/usr/bin/install -m 0600 ${{CREDENTIALS_DIRECTORY}}/{name} {copy}",
        f"ExecStart={' '.join(start)}",
        f"ExecReload=+/usr/bin/install -m 0444 {source} {copy}",
        "ExecReload=/bin/kill -HUP $MAINPID",
    ]


def _rights(port: int) -> list[str]:
    """No rights of root's but that of a low port."""
    if port >= FIRST_FREE_PORT:
        return ["CapabilityBoundingSet="]
    right = "CAP_NET_BIND_SERVICE"
    return [f"CapabilityBoundingSet={right}", f"AmbientCapabilities={right}"]


def _remark(text: Message) -> list[str]:
    return [f"# {line}" for line in translated(text).split("\n")]


def program_of(executable: str) -> tuple[str, ...]:
    """How one-adapter is started by somebody who has no PATH: its script, else the interpreter with it."""
    script = Path(executable).with_name("one-adapter")
    return (str(script),) if script.is_file() else (executable, "-m", "one_adapter")
