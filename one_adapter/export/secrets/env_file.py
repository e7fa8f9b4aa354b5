"""The `.env` in the words of the one who reads it: a shell, or `docker run --env-file`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from one_adapter.errors import OneAdapterError
from one_adapter.export.secrets.variables import dotenv, remarks_of
from one_adapter.language import tr, translated

FORMATS = ("shell", "docker")
HEADS = {
    "shell": (
        tr("Secrets for the LiteLLM proxy. Exact for a POSIX shell: set -a; . ./.env; set +a"),
        tr(
            "python-dotenv reads the same, but for a value with a carriage return, or with a backtick beside "
            "' \\ or ${{"
        ),
        tr("Not for docker run --env-file, which keeps the quotes: one-adapter export --env-format docker"),
    ),
    "docker": (
        tr(
            "Secrets for the LiteLLM proxy. Exact for docker run --env-file, which takes each line as it "
            "stands."
        ),
        tr(
            "Not for a shell, Docker Compose or python-dotenv, which undo quotes: one-adapter export "
            "--env-format shell"
        ),
    ),
}
#: What makes the start of LiteLLM's own command quick and quiet: its price list comes with the package, and
#: is not downloaded, which takes three tries where the network is shut. Others ask for less since 1.110.
STOCK = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_SUPPRESS_STARTUP_OUTPUT": "true",
}
REMARKS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": tr(
        "LiteLLM's own list of prices instead of a download at each start; change or delete as you like"
    ),
    "LITELLM_OFFLINE_MODE": tr("no downloads of news, releases and tokenizers either (from 1.110 on)"),
    "LITELLM_SUPPRESS_STARTUP_OUTPUT": tr("no banner and no list of models at the start (from 1.110 on)"),
}
#: Docker reads lines up to this many bytes, their end included.
LONGEST_LINE = 64 * 1024


def env_file(
    form: str, values: Mapping[str, str], to_create: Iterable[str], to_fill: Iterable[str] = ()
) -> str:
    """The text of a `.env` for one of `FORMATS`; its head says who reads it exactly.

    Raises `OneAdapterError` (exit code 1), with the variable's name, for a value the format cannot say.
    """
    ours = {name: value for name, value in values.items() if name not in STOCK}
    theirs = {name: value for name, value in values.items() if name in STOCK}
    text = assignments(form, ours, remarks_of(to_create, to_fill))
    head = "".join(f"# {translated(line)}\n" for line in HEADS[form])
    return head + text + assignments(form, theirs, REMARKS)


def assignments(form: str, values: Mapping[str, str], remarks: Mapping[str, str]) -> str:
    """The lines of a `.env` for one of `FORMATS`, below what is to be remarked about each.

    Raises `OneAdapterError` (exit code 1), with the variable's name, for a value the format cannot say.
    """
    return _docker(values, remarks) if form == "docker" else dotenv(values, remarks)


def _docker(values: Mapping[str, str], remarks: Mapping[str, str]) -> str:
    lines = []
    for name, value in values.items():
        _refuse_what_docker_cannot_read(name, value)
        lines += [f"# {translated(remarks[name])}"] if name in remarks else []
        lines.append(f"{name}={value}")
    return "".join(f"{line}\n" for line in lines)


def _refuse_what_docker_cannot_read(name: str, value: str) -> None:
    """Docker ends a value at the line's end, drops a carriage return before it, and reads no endless line."""
    if "\n" in value or value.endswith("\r"):
        told = tr(
            "{name}: its value has a line break, which docker run --env-file cannot read; --env-format shell "
            "can say it",
            name=name,
        )
        raise OneAdapterError(told, 1)
    if len(f"{name}={value}\n".encode()) >= LONGEST_LINE:
        told = tr(
            "{name}: its value is longer than 64 KiB, which docker run --env-file cannot read; --env-format "
            "shell can say it",
            name=name,
        )
        raise OneAdapterError(told, 1)
