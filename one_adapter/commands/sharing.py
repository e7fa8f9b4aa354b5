"""What the workers of `run` share: a Redis that is there, one of their own, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from one_adapter.contract import REDIS_URL, REFERENCE
from one_adapter.errors import OneAdapterError
from one_adapter.language import enumerated, sentences, tr
from one_adapter.plan.division import divided, limited, told, wants_sharing
from one_adapter.plan.types import Plan
from one_adapter.runtime.announcing import announce
from one_adapter.runtime.gateway.sharing import check_name, check_url
from one_adapter.runtime.workers import redis_server

Command = TypeVar("Command", bound=Callable[..., Any])
AUTO, NONE = "auto", "none"
#: Where the command's context keeps what is told of a Redis beside its URL.
NAME, REQUIRED = f"{__name__}.name", f"{__name__}.required"


@dataclass(frozen=True)
class Sharing:
    """How the limits, breakers and turns of several processes are one.

    `url` is the Redis that holds them, `server` that Redis where it is ours. Without a Redis each worker has
    its own; `divide`: its part of them. `name` and `required` are the exported file's `redis_name` and
    `redis_required`.
    """

    workers: int
    url: str = field(default="", repr=False)
    server: redis_server.RedisServer | None = None
    divide: bool = False
    name: str = ""
    required: bool = False

    def plan(self, plan: Plan) -> Plan:
        """A plan as one worker holds it; raises `OneAdapterError` where that would multiply limits."""
        if self.workers == 1 or self.url:
            return plan
        services = limited(plan)
        if services and not self.divide:
            names: str = enumerated(services[:3])
            if len(services) > 3:
                names = tr("{names} and others", names=names)
            raise OneAdapterError(
                tr(
                    "{workers} workers that share nothing would let through {workers} times the limits of "
                    "{names}: install redis-server, name a Redis with --redis, or have each worker hold its "
                    "part with --approximate.",
                    workers=self.workers,
                    names=names,
                ),
                1,
            )
        return divided(plan, self.workers)

    def lines(self, plan: Plan) -> list[str]:
        """Say what is shared, for a person."""
        if self.server is not None:
            return [
                tr(
                    "{workers} workers share limits, breakers and turns through a Redis of their own.",
                    workers=self.workers,
                )
            ]
        if self.workers == 1 or self.url or not wants_sharing(plan):
            return []
        parts = told(plan, self.workers)
        nothing = tr(
            "{workers} workers share nothing: each has breakers and turns of its own.", workers=self.workers
        )
        limits = tr("Limits of each: {limits}.", limits="; ".join(parts)) if parts else ""
        return [sentences(nothing, limits)]

    def running(self) -> AbstractContextManager[object]:
        """What runs while the workers do."""
        return self.server if self.server is not None else nullcontext()

    @property
    def settings(self) -> dict[str, object]:
        """What the exported file says of it; nothing where there is no Redis."""
        if not self.url:
            return {}
        settings: dict[str, object] = {"redis": f"{REFERENCE}{REDIS_URL}"}
        if self.name:
            settings["redis_name"] = self.name
        if self.required:
            settings["redis_required"] = True
        return settings

    @property
    def environment(self) -> dict[str, str]:
        """The variable by which the exported file names the Redis."""
        return {REDIS_URL: self.url} if self.url else {}


def sharing(plan: Plan, workers: int, where: str | None, approximate: bool) -> Sharing:
    """Settle it; `where` is `auto`, `none`, a URL or not told.

    Raises `OneAdapterError` for a URL that is none, and where `auto` is asked for and no server is installed.
    """
    if where not in (None, AUTO, NONE):
        check_url(where, "--redis")
        context = click.get_current_context(silent=True)
        told = context.meta if context is not None else {}
        name = told.get(NAME) or ""
        check_name(name, "--redis-name")
        return Sharing(workers, str(where), name=name, required=bool(told.get(REQUIRED)))
    if where == NONE or approximate or workers == 1 or not wants_sharing(plan):
        return Sharing(workers, divide=approximate)
    program = redis_server.program()
    if program is not None:
        server = redis_server.RedisServer(program, announce)
        return Sharing(workers, server.url, server)
    if where == AUTO:
        raise OneAdapterError(tr("No redis-server is installed that --redis auto could start."), 1)
    return Sharing(workers)


def sharing_options(command: Command) -> Command:
    """Give a command the options by which it is told."""
    redis = click.option(
        "--redis",
        metavar="URL|auto|none",
        envvar=REDIS_URL,
        show_envvar=True,
        help="The Redis through which processes share limits, breakers and turns. auto: a redis-server of "
        "our own, that ends with us; the default with several workers, where one is installed.",
    )
    approximate = click.option(
        "--approximate",
        is_flag=True,
        help="Share nothing: each of several workers holds its part of a limit, rounded down, at least 1.",
    )
    name = click.option(
        "--redis-name",
        metavar="NAME",
        expose_value=False,
        callback=_kept(NAME),
        help="Who shares: all that name the same Redis and NAME. Default: made from the services.",
    )
    required = click.option(
        "--redis-required",
        is_flag=True,
        expose_value=False,
        callback=_kept(REQUIRED),
        help="While that Redis is away, answer 503 where there is a limit; otherwise by a part of the limit.",
    )
    return redis(name(required(approximate(command))))


def _kept(key: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Keep an option's value in the command's context."""

    def keep(context: click.Context, _option: click.Parameter, value: Any) -> Any:
        context.meta[key] = value
        return value

    return keep
