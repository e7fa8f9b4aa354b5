"""A deployment for Docker Compose: the proxy, and a Redis or a database where it needs them."""

from __future__ import annotations

import ipaddress
import os
import secrets
from typing import Any

from one_adapter.contract import MASTER_KEY, REDIS_URL
from one_adapter.export.deploy.deployment import (
    BESIDE,
    FOLDER,
    GRACE_SECONDS,
    HEALTH,
    IMAGE,
    LAST_SECONDS,
    PORT,
    USER,
    Deployment,
    DeploymentRequest,
    language,
    master_key,
)
from one_adapter.export.yaml_writer import Comment, Flow, document
from one_adapter.language import Message, tr, translated
from one_adapter.plan.types import Plan

FILE = "compose.yaml"
OWNER, PASSWORD, SALT = "ONE_ADAPTER_USER", "POSTGRES_PASSWORD", "LITELLM_SALT_KEY"
REDIS_IMAGE, DATABASE_IMAGE = "valkey/valkey:8-alpine", "postgres:16-alpine"
UI_IMAGE = "docker.litellm.ai/berriai/litellm-database:main-stable"
#: Where LiteLLM's admin pages are opened, on this machine alone.
UI_ADDRESS = "127.0.0.1:4000"
LOOPBACK, INSIDE, DATA = "127.0.0.1", "inside", "database"
#: What PostgreSQL's image does as root before it runs as a user of its own.
DATABASE_RIGHTS = ("CHOWN", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID")
UI_HEALTH = (
    "python3",
    "-c",
    "import urllib.request as r; r.urlopen('http://127.0.0.1:4000/health/liveliness')",
)


def compose(request: DeploymentRequest) -> Deployment:
    """The files for `docker compose up`, and what is to be done with them."""
    services: dict[str, Any] = {"proxy": _proxy(request)}
    volumes: dict[str, Any] = {}
    if request.needs_redis:
        services["redis"] = _redis()
    if request.ui:
        services |= {"database": _database(), "ui": _ui()}
        volumes = {"volumes": {DATA: {}}}
    private = {"networks": {INSIDE: {"internal": True}}} if _inside(request) else {}
    text = document({Comment(_head(request)): None, "services": services, **private, **volumes})
    root = _is_root()
    user = f"{USER}:{USER}" if root else f"{os.getuid()}:{os.getgid()}"
    return Deployment(
        {FILE: text},
        {**master_key(), OWNER: user, **(_passwords() if request.ui else {})},
        {
            MASTER_KEY: translated(tr("opens LiteLLM's administration; no client of yours ever needs it")),
            OWNER: translated(tr("who may read etc/ inside the container: user and group")),
        },
        _next(request),
        owner=USER if root else None,
    )


def _head(request: DeploymentRequest) -> Message:
    return tr(
        "Written by one-adapter export --deploy compose. Keys of vendors and clients are in etc/{name},\n"
        "passwords in .env; here is none. The folder etc/ is mounted as a whole, so that an edit of\n"
        "{name} is seen and holds without a restart.",
        name=request.name,
    )


def _next(request: DeploymentRequest) -> list[Message]:
    target = " --target database" if request.ui else ""
    build = f"docker build -t {_image(request)}{target} ."
    start = f"docker compose -f {request.shown(FILE)} up -d"
    lines = [
        tr("In a checkout of one-adapter, once: {command}", command=build),
        tr("Start it: {command}", command=start),
        tr(
            "Change it: edit {file}; that holds without a restart.",
            file=request.folder / BESIDE / request.name,
        ),
    ]
    if request.ui:
        what = {"address": UI_ADDRESS, "key": MASTER_KEY}
        lines.append(
            tr(
                "LiteLLM's admin pages: http://{address}/ui, as admin with {key} of .env for a password.",
                **what,
            )
        )
    return lines


def _image(request: DeploymentRequest) -> str:
    return f"{IMAGE}-database" if request.ui else IMAGE


def _inside(request: DeploymentRequest) -> bool:
    """Whether there is anything that only the other services may reach."""
    return request.needs_redis or request.ui


def _proxy(request: DeploymentRequest) -> dict[Any, Any]:
    more = ["--workers", str(request.workers)] if request.workers > 1 else []
    address = ["--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - the container's own
    environment = {MASTER_KEY: _required(MASTER_KEY), **language()}
    after = {}
    if request.needs_redis:
        environment[REDIS_URL] = "redis://redis:6379/0"
        after["redis"] = Flow({"condition": "service_healthy"})
    if request.ui:
        environment |= _database_access()
        after["ui"] = Flow({"condition": "service_healthy"})  # which makes the database's tables
    mount = {"type": "bind", "source": f"./{BESIDE}", "target": FOLDER, "read_only": True}
    return {
        "image": f"${{ONE_ADAPTER_IMAGE:-{_image(request)}}}",
        "command": Flow([*request.command(f"{FOLDER}/{request.name}", *address, "--watch", *more)]),
        "user": f"${{{OWNER}:-{USER}:{USER}}}",
        "environment": environment,
        **_published(request.plan),
        "volumes": [{**mount, "bind": Flow({"create_host_path": False})}],
        **({"networks": Flow(["default", INSIDE])} if _inside(request) else {}),
        **({"depends_on": after} if after else {}),
        "read_only": True,
        "tmpfs": Flow(["/tmp:mode=1777,size=64m"]),  # noqa: S108
        **_confined(),
        "healthcheck": _health(HEALTH, start="60s"),
        Comment(
            tr(
                "Open requests get {grace} seconds (--grace), and Docker has to wait longer than that.",
                grace=GRACE_SECONDS,
            )
        ): None,
        "stop_grace_period": f"{GRACE_SECONDS + LAST_SECONDS}s",
        "restart": "unless-stopped",
    }


def _published(plan: Plan) -> dict[Any, Any]:
    """The gateway's port, at the gateway's address; without a key for clients, on this machine alone."""
    if plan.access.open:
        why = tr("The configuration has no key for clients, so that only this machine may reach the port.")
        return {Comment(why): None, "ports": Flow([f"{LOOPBACK}:{plan.port}:{PORT}"])}
    return {"ports": Flow([f"{_address(plan.host)}{plan.port}:{PORT}"])}


def _address(host: str) -> str:
    """The address before a port, as Docker takes it: a number; what is a name stays on this machine.

    >>> _address(""), _address("10.0.0.5"), _address("::1"), _address("localhost")
    ('', '10.0.0.5:', '[::1]:', '127.0.0.1:')
    """
    if not host:
        return ""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return f"{LOOPBACK}:"
    if number.is_unspecified:
        return ""
    return f"[{number}]:" if number.version == 6 else f"{number}:"


def _redis() -> dict[Any, Any]:
    """A Redis that keeps nothing on a disk and that nobody but the proxy can reach."""
    settings = ("--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction")
    return {
        Comment(
            tr("What workers share of limits. No password, as no other service is in its network.")
        ): None,
        "image": f"${{REDIS_IMAGE:-{REDIS_IMAGE}}}",
        "command": Flow(["valkey-server", *settings]),
        "user": f"{USER}:{USER}",
        "networks": Flow([INSIDE]),
        "read_only": True,
        "tmpfs": Flow(["/data"]),
        **_confined(),
        "healthcheck": _health(("valkey-cli", "ping"), start="10s"),
        "restart": "unless-stopped",
    }


def _database() -> dict[Any, Any]:
    return {
        "image": f"${{POSTGRES_IMAGE:-{DATABASE_IMAGE}}}",
        "environment": {
            "POSTGRES_USER": "litellm",
            "POSTGRES_DB": "litellm",
            PASSWORD: _required(PASSWORD),
        },
        "volumes": [f"{DATA}:/var/lib/postgresql/data"],
        "networks": Flow([INSIDE]),
        **_confined(),
        "cap_add": Flow(DATABASE_RIGHTS),
        "healthcheck": _health(("pg_isready", "-U", "litellm"), start="60s"),
        "restart": "unless-stopped",
    }


def _ui() -> dict[Any, Any]:
    """LiteLLM as it comes, for its pages alone: clients never reach it, and it has no vendor's key."""
    why = tr(
        "LiteLLM's own image, for its admin pages and the tables of the database: requests and spend of\n"
        "what the proxy serves. The proxy itself has no pages; clients go to the proxy."
    )
    return {
        Comment(why): None,
        "image": f"${{LITELLM_IMAGE:-{UI_IMAGE}}}",
        "command": Flow(["--port", "4000"]),
        "environment": {MASTER_KEY: _required(MASTER_KEY), **_database_access()},
        "ports": Flow([f"{UI_ADDRESS}:4000"]),
        "networks": Flow(["default", INSIDE]),
        "depends_on": {"database": Flow({"condition": "service_healthy"})},
        **_confined(),
        "healthcheck": _health(UI_HEALTH, start="300s"),
        "restart": "unless-stopped",
    }


def _database_access() -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgresql://litellm:{_required(PASSWORD)}@database:5432/litellm",
        SALT: _required(SALT),
    }


def _passwords() -> dict[str, str]:
    return {PASSWORD: secrets.token_urlsafe(32), SALT: f"sk-{secrets.token_urlsafe(32)}"}


def _confined() -> dict[str, Any]:
    return {"cap_drop": Flow(["ALL"]), "security_opt": Flow(["no-new-privileges:true"])}


def _health(command: tuple[str, ...], start: str) -> dict[str, Any]:
    return {
        "test": ["CMD", *command],
        "interval": "10s",
        "timeout": "6s",
        "retries": 3,
        "start_period": start,
    }


def _required(name: str) -> str:
    """The value of a variable of `.env`, without which Compose starts nothing."""
    return f"${{{name}:?}}"


def _is_root() -> bool:
    return os.geteuid() == 0
