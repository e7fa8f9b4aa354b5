"""Keeping a dry run's process on this machine: it reaches the echo and itself, and starts no other one."""

from __future__ import annotations

import ipaddress
import multiprocessing.process
import sys
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr

LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Options of LiteLLM's that change neither which server runs nor in how many processes, and call nobody.
HARMLESS = frozenset(
    (
        "--debug",
        "--detailed_debug",
        "--temperature",
        "--max_tokens",
        "--request_timeout",
        "--drop_params",
        "--add_function_to_prompt",
        "--log_config",
        "--keepalive_timeout",
        "--limit_concurrency",
        "--max_requests_before_restart",
        "--ssl_keyfile_path",
        "--ssl_certfile_path",
        "--ciphers",
    )
)
#: What uvicorn must be told, whatever LiteLLM's command line or environment says: a loop that uses Python's
#: sockets, and this process alone.
ALONE: dict[str, Any] = {"loop": "asyncio", "workers": None, "reload": False}
#: Variables by which LiteLLM's command line would start other processes.
VARIABLES = ("NUM_WORKERS", "WEB_CONCURRENCY", "PROMETHEUS_METRICS_PORT")
#: Events before which a process would be started or replaced; `multiprocessing` tells of none of its own.
PROCESSES = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
)
LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname")
REVERSE_LOOKUPS = ("socket.gethostbyaddr", "socket.getnameinfo")
CALLS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def check(arguments: Sequence[str]) -> None:
    """Raise `OneAdapterError` for an argument of LiteLLM's that a dry run does not take.

    >>> check(["--debug", "--request_timeout", "5"])
    """
    for argument in arguments:
        name = argument.partition("=")[0]
        if name.startswith("-") and name not in HARMLESS and not _is_number(name):
            raise OneAdapterError(
                tr(
                    "{option} cannot be given to LiteLLM in a dry run, which has one sealed process.",
                    option=name,
                )
            )


def _is_number(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdigit()


def seal(ports: Collection[int], host: str = "") -> None:
    """Refuse this process, for good, all but these ports of loopback, looking up no name but `host`.

    Holds for everything that goes through Python's sockets, so not for uvloop, which `ALONE` keeps away;
    other processes would not be sealed and are not started.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CALLS:
            _check_address(arguments[1], ports)
        elif event in LOOKUPS:
            _check_name(arguments[0], (host, *LOOPBACK))
        elif event in REVERSE_LOOKUPS:
            _check_address(arguments[0], ports)
        elif event in PROCESSES:
            _refuse("by another process")

    sys.addaudithook(hook)
    multiprocessing.process.BaseProcess.start = _no_start  # type: ignore[method-assign]


def _no_start(self: Any) -> None:
    del self
    _refuse("by another process")


def _check_address(address: Any, ports: Collection[int]) -> None:
    if address is None:  # on a connection that was let through
        return
    if not (isinstance(address, tuple) and address[0] in LOOPBACK and address[1] in ports):
        _refuse(f"to {address[0] if isinstance(address, tuple) else address}")


def _check_name(name: Any, allowed: Collection[str]) -> None:
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "localhost")
    if text not in allowed:
        try:
            ipaddress.ip_address(text)  # nobody is asked about a number
        except ValueError:
            _refuse(f"to {text}")


def _refuse(where: str) -> NoReturn:
    raise OSError(f"dry run: nothing may leave this machine, not even {where}")
