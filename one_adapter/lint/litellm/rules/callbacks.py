"""LIT602 to 604 and 615: callbacks, and other code that the file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from one_adapter.config.node import Node
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_reference
from one_adapter.lint.litellm.hints import nearest
from one_adapter.lint.litellm.rule import rule

_LISTS = ("success_callback", "failure_callback", "audit_log_callbacks")
#: Callbacks that `callbacks` takes beside those with a class of their own, and those that need a licence.
SPECIAL = frozenset(
    [
        "aporia_prompt_injection",
        "azure_content_safety",
        "batch_redis_requests",
        "code_interpreter_interception",
        "datadog_cost_management",
        "detect_prompt_injection",
        "lakera_prompt_injection",
        "presidio",
        "websearch_interception",
        "compression_interception",
    ]
)
LICENSED = frozenset(
    [
        "llamaguard_moderations",
        "hide_secrets",
        "openai_moderations",
        "google_text_moderation",
        "llmguard_moderations",
        "blocked_user_check",
        "banned_keywords",
    ]
)
#: Words that callbacks of other kinds have, by which LiteLLM does something with them.
_ALSO = frozenset(["cache", "lite_debugger", "langfuse_default", "email", "callable"])
#: Settings that name code: section, key.
CODE = (
    ("general_settings", "custom_auth"),
    ("general_settings", "custom_key_generate"),
    ("general_settings", "custom_key_update"),
    ("general_settings", "custom_key_policy"),
    ("general_settings", "custom_sso"),
    ("general_settings", "custom_ui_sso_sign_in_handler"),
    ("litellm_settings", "post_call_rules"),
)
#: Packages that are there wherever LiteLLM is, or that bring a proxy's code along.
_INSTALLED = ("litellm", "litellm_enterprise", "one_adapter")


def _named(context: Context, key: str) -> Iterator[tuple[str, Node]]:
    node = context.find(f"/litellm_settings/{key}")
    if node is None:
        return
    if node.kind == "array":
        for index, item in enumerate(node.items):
            yield f"/litellm_settings/{key}/{index}", item
    else:
        yield f"/litellm_settings/{key}", node


def named_callbacks(context: Context) -> Iterator[tuple[str, Node]]:
    """Every callback that a list names: pointer, node of its name."""
    for key in ("callbacks", *_LISTS):
        listed = context.find(f"/litellm_settings/{key}")
        if listed is not None and listed.kind == "array":
            yield from ((pointer, node) for pointer, node in _named(context, key) if node.kind == "string")


@rule("LIT602", "callback-name", "error")
def callback_name(context: Context) -> Iterator[Note]:
    """LiteLLM has no callback of this name.

    LiteLLM: refuses to start over a name under `callbacks` that it does not know, with `Empty module
    name`. Under `success_callback` and `failure_callback` it starts, and nothing is logged there.
    """
    listed = context.find("/litellm_settings/callbacks")
    known = {**context.tables.words("custom_logger_callbacks"), **dict.fromkeys(SPECIAL | LICENSED)}
    for pointer, node in _named(context, "callbacks"):
        if node.kind != "string" or "." in node.value or "/" in node.value or is_reference(node):
            continue
        if node.value not in known:
            said = tr('LiteLLM has no callback "{name}", and does not start with it', name=node.value)
            yield context.note(pointer, said, _meant(node.value, known))
        elif listed is not None and listed.kind == "string":
            said = tr("callbacks must be a list: LiteLLM takes a text for a module of your own")
            yield context.note(pointer, said, tr("Write [{name}].", name=node.value))
    loggers = {**context.tables.words("callbacks"), **known, **dict.fromkeys(_ALSO)}
    for key in _LISTS:
        listed = context.find(f"/litellm_settings/{key}")
        for pointer, node in _named(context, key) if listed and listed.kind == "array" else ():
            if node.kind == "string" and "." not in node.value and node.value not in loggers:
                said = tr('LiteLLM has no callback "{name}": nothing is logged there', name=node.value)
                yield context.note(pointer, said, _meant(node.value, loggers), severity="warning")


def _meant(name: str, known: dict[str, None]) -> str:
    meant = nearest(name, known, 0.75)
    if meant:
        return tr("Did you mean {name}?", name=meant)
    return tr("Code of your own is named file.instance, such as custom_callbacks.handler.")


@rule("LIT603", "callback-shape", "error")
def callback_shape(context: Context) -> Iterator[Note]:
    """Callbacks are not written as a list of names.

    LiteLLM: refuses to start where a value is neither. A single name as text under `success_callback` is read
    letter by letter, so nothing is logged.
    """
    for key in ("callbacks", *_LISTS):
        node = context.find(f"/litellm_settings/{key}")
        if node is None or (node.kind == "object" and key != "callbacks"):
            continue
        pointer = f"/litellm_settings/{key}"
        if node.kind == "array":
            for index, item in enumerate(node.items):
                if item.kind != "string":
                    said = tr("a callback is named by a text, this is {kind}", kind=KINDS[item.kind])
                    yield context.note(f"{pointer}/{index}", said)
        elif node.kind != "string":
            said = tr("{name} must be a list, this is {kind}", name=key, kind=KINDS[node.kind])
            yield context.note(pointer, said)
        elif key != "callbacks":
            said = tr("{name} must be a list: LiteLLM reads this text letter by letter", name=key)
            severity: Severity | None = None if "." in node.value else "warning"
            yield context.note(pointer, said, tr("Write [{name}].", name=node.value), severity=severity)


def _undotted(context: Context) -> Iterator[tuple[str, str]]:
    """Every setting that should name code and has no dot in it: pointer, name."""
    for section, key in CODE:
        node = context.find(f"/{section}/{key}")
        if node is not None and node.kind == "string" and "." not in node.value and "/" not in node.value:
            yield f"/{section}/{key}", node.value


def _code(context: Context) -> Iterator[tuple[str, str]]:
    """Every place that names code of the user's: pointer, name."""
    for key in ("callbacks", *_LISTS):
        listed = context.find(f"/litellm_settings/{key}")
        for pointer, node in _named(context, key):
            text = node.kind == "string" and "." in node.value
            if text and (key == "callbacks" or (listed is not None and listed.kind == "array")):
                yield pointer, node.value
    for section, key in CODE:
        found = context.find(f"/{section}/{key}")
        if found is not None and found.kind == "string" and "." in found.value:
            yield f"/{section}/{key}", found.value
    guards = context.find("/guardrails")
    for index, entry in enumerate(guards.items if guards else ()):
        params = entry.get("litellm_params")
        kind = params.get("guardrail") if params is not None else None
        if kind is not None and kind.kind == "string" and "." in kind.value:
            yield f"/guardrails/{index}/litellm_params/guardrail", kind.value
    providers = context.find("/litellm_settings/custom_provider_map")
    for index, item in enumerate(providers.items if providers else ()):
        handler = item.get("custom_handler")
        if handler is not None and handler.kind == "string" and "." in handler.value:
            yield f"/litellm_settings/custom_provider_map/{index}/custom_handler", handler.value


@rule("LIT604", "code-file-missing", "error")
def code_file_missing(context: Context) -> Iterator[Note]:
    """A file with code that the configuration names is not there.

    `custom_auth.user_api_key_auth` is the function `user_api_key_auth` in `custom_auth.py` beside the
    configuration. Names of packages (`package.module.name`) are not looked for, nor is anything imported.

    LiteLLM: refuses to start with `Could not import … from …`. Where the module is installed, or on the
    `PYTHONPATH`, it is found, too.
    """
    for pointer, name in _undotted(context):
        said = tr("{name} names no code: it takes a file and a name in it", name=name)
        yield context.note(pointer, said, tr("Write {name}.", name=f"{name}.{pointer.rpartition('/')[2]}"))
    if context.document.name == "-":
        return
    folder = Path(context.document.name).parent
    for pointer, name in _code(context):
        if "/" in name or is_reference_text(name):
            continue
        module, _, _ = name.rpartition(".")
        top = module.partition(".")[0]
        if top in _INSTALLED or not top.isidentifier() or "." in module:
            continue
        if not _is_there(folder, top):
            said = tr("there is no {file} beside this file", file=f"{top}.py")
            yield context.note(pointer, said, tr("LiteLLM needs it there, or installed."))


def is_reference_text(name: str) -> bool:
    """Whether a name comes from the environment, or from a bucket."""
    return name.startswith(("os.environ", "s3:", "gcs:"))


def _is_there(folder: Path, module: str) -> bool:
    try:
        return (folder / f"{module}.py").exists() or (folder / module).is_dir()
    except (OSError, ValueError):
        return False


@rule("LIT615", "doubled-callback", "info")
def doubled_callback(context: Context) -> Iterator[Note]:
    """A callback stands under `callbacks`, and under `success_callback` or `failure_callback` again.

    LiteLLM: `callbacks` are asked after every call, whether it failed or not; some of them then log a call
    twice.
    """
    everywhere = {node.value for _, node in _named(context, "callbacks") if node.kind == "string"}
    for key in ("success_callback", "failure_callback"):
        for pointer, node in _named(context, key):
            if node.kind == "string" and node.value in everywhere:
                said = tr("{name} stands under callbacks, too", name=node.value)
                yield context.note(pointer, said, tr("Remove it here."))


@rule("LIT613", "enterprise-only", "error")
def enterprise_only(context: Context) -> Iterator[Note]:
    """A setting belongs to LiteLLM's enterprise edition.

    LiteLLM: refuses to start without a licence, which it takes from `LITELLM_LICENSE` or from
    `general_settings.litellm_license`.
    """
    if context.find("/general_settings/litellm_license") is not None:
        return
    if context.variables is not None and "LITELLM_LICENSE" in context.variables:
        return
    advice = tr("Remove it where there is no licence in LITELLM_LICENSE.")
    for place in (
        "/general_settings/allowed_ips",
        "/general_settings/enforced_params",
        "/litellm_settings/tag_budget_config",
    ):
        node = context.find(place)
        if node is not None and node.kind != "null":
            name = place.rpartition("/")[2]
            said = tr("without a licence, LiteLLM does not start with {name}", name=name)
            yield context.key_note(place, said, advice)
    workers = context.find("/worker_registry")
    if workers is not None and workers.value:
        said = tr("without a licence, LiteLLM does not start with {name}", name="worker_registry")
        yield context.key_note("/worker_registry", said, advice)
    for pointer, node in _named(context, "callbacks"):
        if node.kind == "string" and node.value in LICENSED:
            said = tr("without a licence, LiteLLM does not start with {name}", name=node.value)
            yield context.note(pointer, said, advice)
