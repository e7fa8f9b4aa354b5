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
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from one_adapter.contract import MASTER_KEY
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr
from one_adapter.runtime.dryrun import seal
from one_adapter.runtime.host import log
from one_adapter.runtime.host import profile as profiles
from one_adapter.runtime.host.starting import ELSEWHERE, Starting
from one_adapter.runtime.redaction import known
from one_adapter.runtime.workers import forking
from one_adapter.runtime.workers.signals import remember_hangups
from one_adapter.runtime.workers.slots import try_to_bind

if TYPE_CHECKING:
    from one_adapter.runtime.host.servers import Servers
    from one_adapter.runtime.reload.watch import Reloading
    from one_adapter.runtime.workers.redis_server import RedisServer

#: Seconds that open requests get when the proxy is told to end.
GRACE_SECONDS = 30.0
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
    workers: int = 1,
    grace: float = GRACE_SECONDS,
    redis: RedisServer | None = None,
    reloading: Reloading | None = None,
) -> int:
    """Run the proxy on `host`:`port` until it is told to end; return the exit code, 0.

    `environment` is added to this process's own: the secrets that the YAML names. With
    `litellm_args` LiteLLM's own command line runs in this process and takes them. `sealed` is the
    one port of loopback, beside the proxy's own, that the process may reach. `starting` hears what
    is done and when the port is open. Several `workers` are processes of their own, and this one, their
    parent, keeps `redis` alive for them. `grace` is how many seconds open requests get at the end. Raises
    `OneAdapterError` when the port is taken, LiteLLM is missing or there is no such `profile`.
    """
    profiles.choices(profile)
    _check(host, port, litellm_args, workers)
    if sealed is not None:
        seal.check(litellm_args)
    _prepare(environment, profile)
    known.learn([*environment.values(), os.environ[MASTER_KEY]])
    _change_process(None if sealed is None else {sealed, port}, host)
    with _file(config_yaml) as path:
        if workers > 1:
            os.environ.update(forking.ONE_THREAD)
        profiles.before_import(os.environ, profiles.choices(profile))
        if "yaml" in profiles.choices(profile):
            profiles.read_in_c(path)
        try:
            from one_adapter.runtime.host.servers import Servers

            numbers = (port, workers, grace)
            told = Servers(Path(path), host, *numbers, sealed is not None, starting, redis, reloading)
            _run(litellm_args, told)
        finally:
            gc.freeze()  # or the interpreter would look for garbage for seconds before it ends
    return 0


def _change_process(ports: set[int] | None, host: str) -> None:
    """Have this process say no secrets, end when told to, and reach these `ports` alone, if given."""
    log.clean_logs()
    log.clean_terminal()
    if ports is not None:
        for name in seal.VARIABLES:
            os.environ.pop(name, None)
        seal.seal(ports, host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    remember_hangups()  # or one would end the start, and leave its temporary files behind


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


def _check(host: str, port: int, litellm_args: Sequence[str], workers: int) -> None:
    for option in litellm_args:
        if option.partition("=")[0] in OWN_OPTIONS:
            told = tr("{option} is one-adapter's to set, it cannot be given to LiteLLM.", option=option)
            raise OneAdapterError(told)
        if workers > 1 and option.partition("=")[0] in (*ELSEWHERE, "--reload"):
            told = tr(
                "{option} cannot be given to LiteLLM with --workers {workers}.",
                option=option,
                workers=workers,
            )
            raise OneAdapterError(told)
    for package in ("litellm", "uvicorn", "fastapi"):
        if importlib.util.find_spec(package) is None:
            raise OneAdapterError(
                tr("The proxy is not installed: pip install 'one-adapter[proxy]', in a checkout '.[proxy]'.")
            )
    if not 0 <= port <= 65535:
        raise OneAdapterError(
            tr("Cannot listen on {host}:{port}: a port is a number from 0 to 65535.", host=host, port=port)
        )
    try:
        try_to_bind(host, port)
    except (OSError, UnicodeError) as problem:
        told = tr(
            "Cannot listen on {host}:{port}: {reason}.", host=host, port=port, reason=reason_of(problem)
        )
        raise OneAdapterError(told) from None


def _fill(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        try:
            os.environ[name] = value
        except ValueError:  # a NUL, or half of a surrogate pair
            told = tr(
                "The secret that becomes {name} has a character that no environment variable can hold.",
                name=name,
            )
            raise OneAdapterError(told, 1) from None


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """Give the text a path for the time of the block, from which LiteLLM reads it."""
    name = f"one-adapter-{secrets.token_hex(8)}"  # before it is made, for a signal may come right after
    try:
        path = _folder(name) / "config.yaml"
        try:
            path.touch(0o600)
            path.write_text(text, "utf-8")
        except OSError as problem:
            told = tr("Cannot write below {folder}: {reason}.", folder=path.parent, reason=reason_of(problem))
            raise OneAdapterError(told) from None
        os.environ["CONFIG_FILE_PATH"] = os.environ["WORKER_CONFIG"] = str(path)
        yield str(path)
    finally:
        for place in _places():
            shutil.rmtree(place / name, ignore_errors=True)


def _places() -> Iterator[Path]:
    """Where temporary files may lie: in memory where the disk is read-only, as in a container."""
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())
    yield Path(MEMORY)


def _folder(name: str) -> Path:
    for place in _places():
        with contextlib.suppress(OSError):
            (place / name).mkdir(0o700)
            return place / name
    raise OneAdapterError(tr("No folder for temporary files can be written to; set TMPDIR to one that can."))


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(0)


def _run(litellm_args: Sequence[str], servers: Servers) -> None:
    import uvicorn
    from litellm.proxy import proxy_server

    starting = servers.starting
    if starting is not None:
        starting.now(tr("reading the configuration"))
        if servers.workers == 1:
            starting.watch(uvicorn.Server, litellm_args)
    quiet = "log" in profiles.chosen()
    if quiet and not {"--debug", "--detailed_debug"} & {*litellm_args}:
        log.drop_prints(proxy_server)
    if litellm_args:
        place = ["--config", str(servers.file), "--host", servers.host, "--port", str(servers.port)]
        _command_line([*place, *litellm_args], servers)
        return
    servers.run(
        _entrance(proxy_server.app),
        interface="asgi3",
        host=servers.host,
        port=servers.port,
        loop="asyncio" if servers.sealed else "auto",
        log_level="error" if quiet else "info",
        access_log=not quiet,
        server_header=False,
    )


def _command_line(arguments: list[str], servers: Servers) -> None:
    """Run LiteLLM's own command line, with the server told what it has no option for."""
    import uvicorn
    from litellm.proxy.proxy_cli import run_server

    uvicorn.run = servers.run
    try:
        run_server.main(arguments, prog_name="one-adapter run", standalone_mode=False)
    except OneAdapterError:
        raise
    except Exception as problem:
        told = getattr(problem, "message", "") or str(problem)
        raise OneAdapterError(tr("LiteLLM did not start: {reason}", reason=known.clean(told)), 1) from problem


def _entrance(app: Any) -> Any:
    """The application as uvicorn is to ask it.

    Where no OpenTelemetry is configured, that is past FastAPI's own question for it with every request.
    """
    from starlette.applications import Starlette

    if app.root_path or any(name.startswith("OTEL_") for name in os.environ):
        return app
    return partial(Starlette.__call__, app)
