"""Starting the stock LiteLLM proxy in this process, and ending it without leaving a trace.

LiteLLM takes its configuration from a file whose name ends in .yaml, so there is one for as long
as the proxy runs. It holds no secrets, only its owner can read it, and it is removed at the end.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from one_adapter.contract import MASTER_KEY
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.dryrun import seal
from one_adapter.runtime.host import log
from one_adapter.runtime.host import profile as profiles
from one_adapter.runtime.host.starting import Starting
from one_adapter.runtime.redaction import known

#: Seconds that open requests get when the proxy is told to end, and after which it ends anyway.
GRACE, LAST = 2, 4.0
DEFAULTS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_SUPPRESS_STARTUP_OUTPUT": "true",
    "DEFAULT_MAX_RETRIES": "0",
    "PYTHONUNBUFFERED": "1",
}
#: What a service's own proxy setting stands for; the gateway's services do not read these.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
#: How variables begin by which LiteLLM and the vendors' SDKs find keys, addresses and headers for calls that
#: do not name their own. All calls of a gateway's services do, and what is meant for others stays here.
VENDOR_VARIABLES = ("ANTHROPIC_", "AZURE_", "GEMINI_", "GOOGLE_", "OLLAMA_", "OPENAI_", "PALM_", "VERTEX")
#: A folder in memory that even a read-only container can write to.
MEMORY = "/dev/shm"  # noqa: S108 - what is made there has a name of its own and mode 0700
OWN_OPTIONS = ("--config", "-c", "--host", "--port")


def serve(
    config_yaml: str,
    environment: Mapping[str, str],
    host: str,
    port: int,
    litellm_args: Sequence[str] = (),
    profile: str = "fast",
    sealed: int | None = None,
    starting: Starting | None = None,
) -> int:
    """Run the proxy on `host`:`port` until it is told to end; return the exit code, 0.

    `environment` is added to this process's own: the secrets that the YAML names. With
    `litellm_args` LiteLLM's own command line runs in this process and takes them. `sealed` is the
    one port of loopback, beside the proxy's own, that the process may reach. `starting` hears what
    is done and when the port is open. Raises `OneAdapterError` when the port is taken, LiteLLM is
    missing or there is no such `profile` (`profile.choices`).
    """
    profiles.choices(profile)
    _check(host, port, litellm_args)
    if sealed is not None:
        seal.check(litellm_args)
    _prepare(environment, profile)
    known.learn([*environment.values(), os.environ[MASTER_KEY]])
    log.clean_logs()
    log.clean_terminal()
    if sealed is not None:
        for name in seal.VARIABLES:
            os.environ.pop(name, None)
        seal.seal({sealed, port}, host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    with _file(config_yaml) as path:
        os.environ["CONFIG_FILE_PATH"] = path
        os.environ["WORKER_CONFIG"] = path
        profiles.before_import(os.environ, profiles.choices(profile))
        try:
            _run(path, host, port, litellm_args, sealed is not None, starting)
        finally:
            gc.freeze()  # or the interpreter would look for garbage for seconds before it ends
    return 0


def _prepare(environment: Mapping[str, str], profile: str) -> None:
    """Leave in this process's environment what the proxy is to read, and nothing that is meant for others."""
    for name in [*os.environ]:
        if name.upper() in PROXY_VARIABLES or name.startswith(VENDOR_VARIABLES):
            del os.environ[name]
    _fill(environment)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault(MASTER_KEY, f"sk-{secrets.token_urlsafe(32)}")
    os.environ[profiles.VARIABLE] = profile


def _check(host: str, port: int, litellm_args: Sequence[str]) -> None:
    for option in litellm_args:
        if option.partition("=")[0] in OWN_OPTIONS:
            raise OneAdapterError(f"{option} is one-adapter's to set, it cannot be given to LiteLLM.")
    for package in ("litellm", "uvicorn", "fastapi"):
        if importlib.util.find_spec(package) is None:
            raise OneAdapterError(
                "The proxy is not installed: pip install 'one-adapter[proxy]', in a checkout '.[proxy]'."
            )
    if not 0 <= port <= 65535:
        raise OneAdapterError(f"Cannot listen on {host}:{port}: a port is a number from 0 to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise OneAdapterError(f"Cannot listen on {host}:{port}: {reason}.") from None


def _fill(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        try:
            os.environ[name] = value
        except ValueError:  # a NUL, or half of a surrogate pair
            what = "has a character that no environment variable can hold"
            raise OneAdapterError(f"The secret that becomes {name} {what}.", 1) from None


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """Give the text a path for the time of the block."""
    directory = _folder()
    try:
        path = Path(directory, "config.yaml")
        try:
            path.touch(0o600)
            path.write_text(text, "utf-8")
        except OSError as problem:
            raise OneAdapterError(f"Cannot write below {directory}: {problem.strerror}.") from None
        yield str(path)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _folder() -> str:
    """Return a new folder for temporary files: in memory where the disk is read-only, as in a container."""
    for place in (None, MEMORY):
        with contextlib.suppress(OSError):
            return tempfile.mkdtemp(prefix="one-adapter-", dir=place)
    raise OneAdapterError("No folder for temporary files can be written to; set TMPDIR to one that can.")


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(0)


def _run(
    path: str, host: str, port: int, litellm_args: Sequence[str], sealed: bool, starting: Starting | None
) -> None:
    import uvicorn

    _end_in_any_case(Path(path).parent)
    from litellm.proxy import proxy_server

    if starting is not None:
        starting.now("reading the configuration")
        starting.watch(uvicorn.Server, litellm_args)
    quiet = "log" in profiles.chosen()
    if quiet and not {"--debug", "--detailed_debug"} & {*litellm_args}:
        log.drop_prints(proxy_server)
    if litellm_args:
        _command_line(["--config", path, "--host", host, "--port", str(port), *litellm_args], sealed)
        return
    config = uvicorn.Config(
        _entrance(proxy_server.app),
        interface="asgi3",
        host=host,
        port=port,
        loop="asyncio" if sealed else "auto",
        log_level="error" if quiet else "info",
        access_log=not quiet,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise OneAdapterError("The proxy did not start; its own messages above say why.", 1)


def _command_line(arguments: list[str], sealed: bool) -> None:
    """Run LiteLLM's own command line, with the server told what it has no option for."""
    import uvicorn
    from litellm.proxy.proxy_cli import run_server

    stock = uvicorn.run

    def run(*positional: Any, **named: Any) -> None:
        forced = seal.ALONE if sealed else {}
        stock(*positional, **{"timeout_graceful_shutdown": GRACE, **named, **forced})

    uvicorn.run = run
    try:
        run_server.main(arguments, prog_name="one-adapter run", standalone_mode=False)
    except Exception as problem:
        told = getattr(problem, "message", "") or str(problem)
        raise OneAdapterError(f"LiteLLM did not start: {known.clean(told)}", 1) from problem


def _entrance(app: Any) -> Any:
    """Return the application as uvicorn is to ask it.

    Where no OpenTelemetry is configured, that is past FastAPI's own question for it with every request.
    """
    from starlette.applications import Starlette

    if app.root_path or any(name.startswith("OTEL_") for name in os.environ):
        return app
    return partial(Starlette.__call__, app)


def _end_in_any_case(directory: Path) -> None:
    """Make uvicorn's server end within `LAST` seconds once it is told to, whatever still hangs."""
    import uvicorn

    told = uvicorn.Server.handle_exit

    def leave() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        os._exit(0)

    def handle_exit(server: uvicorn.Server, sig: int, frame: FrameType | None) -> None:
        watchdog = threading.Timer(LAST, leave)
        watchdog.daemon = True
        watchdog.start()
        told(server, sig, frame)

    uvicorn.Server.handle_exit = handle_exit  # type: ignore[method-assign,assignment]
