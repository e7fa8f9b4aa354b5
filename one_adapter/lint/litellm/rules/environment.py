"""LIT40x: values that come from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from one_adapter.config.node import Node, segments
from one_adapter.language import Message, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import REFERENCE, is_reference
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.walking import texts

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
#: What is meant as a reference and is none; the name is what is found between.
_LOOK_ALIKES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"os\.env/({_NAME})$",
        rf"os\.getenv/({_NAME})$",
        rf"(?:os[/:])?environ[/:.]({_NAME})$",
        rf"os\.environ[.:\\]({_NAME})$",
        rf"os\.environ/({_NAME})$",
        rf"os\.environ\[['\"]?({_NAME})['\"]?\]$",
        rf"os\.(?:environ\.get|getenv)\(['\"]({_NAME})['\"].*\)$",
        rf"env[./:]({_NAME})$",
        rf"\$\{{({_NAME})\}}$",
        rf"\$env:({_NAME})$",
        rf"%({_NAME})%$",
        rf"\{{\{{\s*(?:env\.)?({_NAME})\s*\}}\}}$",
    )
)
_SHELL = re.compile(rf"\$\{{?({_NAME})")
_BRACES = re.compile(rf"\$\{{({_NAME})(?::?[-=?+])([^}}]*)\}}")
#: Where a value that is no address ends every call.
_ADDRESSES = ("api_base", "base_url")
#: Variables whose value a file may not set, and those that LiteLLM has read before it reads the file.
BLOCKED = frozenset(
    [
        "PATH",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "HOME",
        "SHELL",
    ]
)
LATE = frozenset(
    [
        "LITELLM_LOCAL_MODEL_COST_MAP",
        "LITELLM_MODE",
        "LITELLM_LOG",
        "NUM_WORKERS",
        "PORT",
        "HOST",
        "DEFAULT_MAX_TOKENS",
        "REQUEST_TIMEOUT",
        "DEFAULT_MAX_RETRIES",
        "AIOHTTP_CONNECTOR_LIMIT",
        "LITELLM_DONT_SHOW_FEEDBACK_BOX",
    ]
)


def look_alike(text: str) -> str:
    """The name of the variable somebody means by a text that is no reference to one; empty where none.

    >>> look_alike("os.env/KEY"), look_alike("${KEY}"), look_alike("os.environ/KEY")
    ('KEY', 'KEY', '')
    """
    if text.startswith(REFERENCE) or len(text) > 200:
        return ""
    for pattern in _LOOK_ALIKES:
        found = pattern.match(text.strip())
        if found:
            return found[1]
    return text[1:] if re.fullmatch(rf"\${_NAME}", text) else ""


def _severe(pointer: str) -> bool:
    keys = segments(pointer)
    return keys[-1] in _ADDRESSES and keys[0] == "model_list"


@rule("LIT401", "not-a-reference", "warning")
def not_a_reference(context: Context) -> Iterator[Note]:
    """A value looks as if it came from the environment, and is taken as it is written.

    LiteLLM knows one form: `os.environ/NAME`. Shells and Compose files fill in `${NAME}` only where they read
    the text themselves.

    LiteLLM: uses the text itself, as the key, the password or the address. An address like that ends every
    call.
    """
    for pointer, node in texts(context):
        name = look_alike(node.value)
        severe = _severe(pointer)
        if not name and severe and not is_reference(node) and not _BRACES.search(node.value):
            found = _SHELL.match(node.value)
            name = found[1] if found else ""
            if name:
                said = tr("LiteLLM fills in no variable inside a text")
                advice = tr("Put the whole address into one variable: os.environ/{name}.", name=name)
                yield context.note(pointer, said, advice, severity="error")
                continue
        if name:
            said = tr("this is no reference to a variable: LiteLLM takes the text as it is")
            advice = tr("Write os.environ/{name}.", name=name)
            yield context.note(pointer, said, advice, severity="error" if severe else None)


@rule("LIT402", "reference-with-suffix", "error")
def reference_with_suffix(context: Context) -> Iterator[Note]:
    """A reference to a variable goes on behind its name.

    LiteLLM: looks for a variable called `BASE/v1`, finds none, and goes on without a value: an address
    becomes the vendor's default, and your key goes there. With a secret manager a slash may be part of a
    secret's name; then nothing is said.
    """
    if context.find("/general_settings/key_management_system") is not None:
        return
    for pointer, node in texts(context):
        name = node.value.removeprefix(REFERENCE)
        if not is_reference(node) or re.fullmatch(_NAME, name):
            continue
        found = re.match(_NAME, name)
        said = tr('LiteLLM looks for a variable called "{name}", which there cannot be', name=name)
        advice = (
            tr("Put the whole value into one variable.") if found else tr("Name a variable behind the slash.")
        )
        surely = segments(pointer)[0] == "model_list" and segments(pointer)[-1] in (
            "api_key",
            "model",
            *_ADDRESSES,
        )
        yield context.note(pointer, said, advice, severity=None if surely else "warning")


@rule("LIT403", "reference-in-list", "warning")
def reference_in_list(context: Context) -> Iterator[Note]:
    """A reference to a variable is an element of a list.

    LiteLLM: fills in variables where a key has one as its value, also inside the mappings of a list, but not
    where a list has the text itself as an element: that stays `os.environ/NAME`.
    """
    for pointer, node in texts(context):
        if is_reference(node) and segments(pointer)[-1].isdecimal() and _is_item(context, pointer):
            said = tr("LiteLLM fills in no variable that is an element of a list")
            yield context.note(pointer, said, tr("Write the value itself."))


def _is_item(context: Context, pointer: str) -> bool:
    parent = context.find(pointer.rpartition("/")[0])
    return parent is not None and parent.kind == "array"


#: What becomes of a deployment, or of an MCP server, by the key whose variable is not set.
_UNSET: Mapping[str, Message] = {
    "model": tr("{name} is not set: LiteLLM does not start without this model"),
    "api_key": tr("{name} is not set: every call fails that the provider's own variable gives no key"),
    "api_base": tr("{name} is not set: the calls and the key go to the vendor's own address"),
    "base_url": tr("{name} is not set: the calls and the key go to the vendor's own address"),
    "env": tr("{name} is not set: LiteLLM does not start with this MCP server"),
    "static_headers": tr("{name} is not set: LiteLLM does not start with this MCP server"),
}


@rule("LIT404", "unset-variable", "warning")
def unset_variable(context: Context) -> Iterator[Note]:
    """A variable that the file refers to is not set.

    Only said where `--env-file` or `--env` tells which variables there are. It is an info where neither a
    deployment nor an MCP server hangs on it.

    LiteLLM: goes on without a value. A model that is not set refuses the start, and so does the environment
    or a header of an MCP server. A key that is not set ends the first call, an address that is not set sends
    it to the vendor's default.
    """
    if context.variables is None:
        return
    for pointer, node in texts(context):
        name = node.value.removeprefix(REFERENCE)
        if is_reference(node) and name not in context.variables and re.fullmatch(_NAME, name):
            effect = _UNSET.get(_role(pointer))
            said = Message(effect.template, {"name": name}) if effect else tr("{name} is not set", name=name)
            advice = tr("Set it, or correct its name.")
            yield context.note(pointer, said, advice, severity=None if effect else "info")


def _role(pointer: str) -> str:
    """What a value is to a deployment or to an MCP server; empty where it is neither's."""
    keys = segments(pointer)
    if keys[0] == "model_list" and len(keys) == 4 and keys[2] == "litellm_params":
        return keys[3]
    return keys[2] if keys[0] == "mcp_servers" and len(keys) == 4 else ""


@rule("LIT405", "variable-too-late", "warning")
def variable_too_late(context: Context) -> Iterator[Note]:
    """A variable under `environment_variables` comes too late, may not be set there, or is no text.

    LiteLLM: sets these variables when it has read the file. What it reads itself while it starts is past by
    then, and so is every `os.environ/NAME` of the file, which gets no value. A value without text becomes
    `None`, `True` or a number in letters.
    """
    node = context.section("environment_variables")
    yield from _own_references(context, node)
    for member in node.members if node else ():
        pointer = f"/environment_variables/{member.key}"
        if member.key in BLOCKED or member.key in LATE:
            said = tr(
                "{name} cannot be set here: LiteLLM reads it before, or refuses to set it", name=member.key
            )
            yield Note(pointer, member.key_span, said, tr("Set it in the environment of the process."))
        elif member.node.kind in ("null", "bool"):
            value = "None" if member.node.kind == "null" else str(member.node.value)
            said = tr("{name} becomes the text {value}", name=member.key, value=value)
            yield context.note(pointer, said, tr("Put what you mean in quotes."))


def _own_references(context: Context, node: Node | None) -> Iterator[Note]:
    """References to what the file sets itself, and where nobody says that it is set before."""
    own = {member.key for member in node.members} if node is not None else set()
    for pointer, value in texts(context) if own else ():
        name = value.value.removeprefix(REFERENCE)
        if is_reference(value) and name in own and name not in (context.variables or ()):
            said = tr("{name} is set by this file, after LiteLLM has filled in its references", name=name)
            yield context.note(pointer, said, tr("Set it in the environment of the process."))


@rule("LIT504", "default-in-braces", "warning")
def default_in_braces(context: Context) -> Iterator[Note]:
    """A text has a variable with a default in it, as shells write it.

    LiteLLM: knows nothing of the kind. With `master_key: ${KEY:-sk-1234}` this very text is the key that
    opens the proxy, for everybody who has seen the file.
    """
    for pointer, node in texts(context):
        found = _BRACES.search(node.value)
        if found:
            said = tr("LiteLLM takes this text as it is, with the default in it")
            advice = tr(
                "Write os.environ/{name}, and give the default where the variable is set.", name=found[1]
            )
            yield context.note(pointer, said, advice, severity="error" if _severe(pointer) else None)
