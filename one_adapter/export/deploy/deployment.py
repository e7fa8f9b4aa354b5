"""What is to be deployed, and what a deployment consists of; the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from one_adapter import __version__
from one_adapter.contract import MASTER_KEY
from one_adapter.errors import OneAdapterError
from one_adapter.export.files import new_master_key
from one_adapter.language import Message, chosen, tr
from one_adapter.language.chosen import VARIABLE
from one_adapter.plan.division import limited
from one_adapter.plan.types import Plan

#: Seconds that open requests get at the end, and how much longer whoever ends the proxy has to wait.
GRACE_SECONDS, LAST_SECONDS = 30, 10
#: The folder of the configuration inside, which is mounted as a whole so that changes of it are seen.
FOLDER = "/etc/one-adapter"
#: The same folder beside the other files of a deployment.
BESIDE = "etc"
#: Where the proxy listens inside a container, and the user it is; docs and Dockerfile say the same.
PORT, USER = 9090, 10001
IMAGE = f"one-adapter:{__version__}"
#: What a container is asked whether it serves; exit code 0: it does.
HEALTH = (
    "python",
    "-c",
    "import http.client as h, sys; "
    f"c = h.HTTPConnection('127.0.0.1', {PORT}, timeout=5); c.request('GET', '/healthz'); "
    "sys.exit(c.getresponse().status != 200)",
)


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """What is asked for.

    `data` is the configuration as it was read, `name` what its copy is called, `folder` where everything is
    written. `reading` are the options of `run` that the configuration is read by. `ui`: with LiteLLM's admin
    pages and a database. `program` is how one-adapter is started on this machine.
    """

    data: bytes = field(repr=False)
    name: str
    plan: Plan
    folder: Path
    workers: int = 1
    ui: bool = False
    reading: Sequence[str] = ()
    program: Sequence[str] = ("one-adapter",)

    @property
    def needs_redis(self) -> bool:
        """Whether several processes would each hold the whole of a limit if they shared nothing."""
        return self.workers > 1 and bool(limited(self.plan))

    def shown(self, *names: str) -> str:
        """The path of a file of the deployment as a word of a shell's."""
        return quote(str(self.folder.joinpath(*names)))

    def command(self, path: str, *more: str) -> list[str]:
        """The words of `run` on the configuration at this path, for any kind of deployment."""
        return ["run", path, *self.reading, *more, "--grace", str(GRACE_SECONDS)]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Files by their names, the variables of `.env` with a remark on each, and what a person does next.

    `owner` is the user that has to be able to read the configuration, where that is another one. `form` is
    how `.env` is written, for who reads it.
    """

    files: Mapping[str, str]
    variables: Mapping[str, str] = field(repr=False)
    remarks: Mapping[str, str]
    next: Sequence[Message]
    owner: int | None = None
    form: str = "shell"


def language() -> dict[str, str]:
    """What has the proxy speak the language of who deploys it, where nobody else would tell it."""
    return {} if chosen() == "en" else {VARIABLE: chosen()}


def master_key() -> dict[str, str]:
    """The one variable of every deployment: a new admin key for LiteLLM."""
    return {MASTER_KEY: new_master_key()}


def misplaced(option: str, kind: str | None, of: str = "") -> OneAdapterError:
    """What is wrong with an option beside `--deploy KIND`, or without it; `of` is the kind it belongs to."""
    if of:
        return OneAdapterError(tr("{option} goes with --deploy {kind}.", option=option, kind=of))
    if kind is None:
        return OneAdapterError(tr("{option} goes with --deploy.", option=option))
    return OneAdapterError(
        tr("{option} is about an exported file, and --deploy writes none.", option=option),
    )
