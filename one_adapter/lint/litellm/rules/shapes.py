"""LIT10x: is everything what it has to be: sections, entries and their parts."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.fitting import KINDS, fits, is_reference, wanted
from one_adapter.lint.litellm.hints import nearest, squeezed
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.tables import Key

#: Sections that have to be a mapping, and those that have to be a list.
MAPPINGS = ("litellm_settings", "general_settings", "environment_variables", "mcp_servers")
_BLOCKED = Key("blocked", ("boolean",))
LISTS = ("model_list", "guardrails", "credential_list", "vector_store_registry", "search_tools")


@rule("LIT105", "wrong-type", "error")
def wrong_type(context: Context) -> Iterator[Note]:
    """A value has a type that LiteLLM does not take there.

    A limit is a whole number (`100k` and `0.5` are none), tags are a list, a key is a text. Numbers in quotes
    do for numbers.

    LiteLLM: leaves a deployment out whose `litellm_params` or `model_info` do not fit, with a line in the
    log, and starts without it; a section that is a list or a text refuses the start.
    """
    yield from _sections(context)
    for one in context.deployments:
        yield from _fields(context, one, "litellm_params", one.params)
        yield from _info(context, one)
        blocked = one.node.get("blocked")
        if blocked is not None and blocked.kind != "null" and not fits(blocked, _BLOCKED):
            yield context.note(f"{one.pointer}/blocked", wanted("blocked", _BLOCKED, blocked))


def _sections(context: Context) -> Iterator[Note]:
    for name in (*MAPPINGS, *LISTS):
        node = context.find(f"/{name}")
        right = "object" if name in MAPPINGS else "array"
        if node is None or node.kind in ("null", right) or not node.value:
            continue
        said = tr("{name} must be a mapping, this is {kind}", name=name, kind=KINDS[node.kind])
        if right == "array":
            said = tr("{name} must be a list, this is {kind}", name=name, kind=KINDS[node.kind])
        yield context.note(f"/{name}", said, _advice(node, right))
    router = context.find("/router_settings")
    if router is not None and router.kind not in ("null", "object") and router.value:
        said = tr("{name} must be a mapping, this is {kind}", name="router_settings", kind=KINDS[router.kind])
        advice = tr("LiteLLM starts, and none of it has an effect.")
        yield context.note("/router_settings", said, advice, severity="warning")
    listed = context.find("/model_list")
    for index, node in enumerate(listed.items if listed else ()):
        if node.kind != "object":
            said = tr("an entry of model_list must be a mapping, this is {kind}", kind=KINDS[node.kind])
            yield context.note(f"/model_list/{index}", said, tr("It has model_name and litellm_params."))


def _advice(node: Node, right: str) -> str:
    if right == "array" and node.kind == "object":
        return tr("Begin each entry with a dash.")
    if right == "object" and node.kind == "array":
        return tr("Take the dashes away.")
    return ""


def _info(context: Context, one: Deployment) -> Iterator[Note]:
    node = one.node.get("model_info")
    if node is not None and node.kind == "object":
        yield from _fields(context, one, "model_info", node)
    elif node is not None and (node.kind != "null" or context.is_version(until="1.108")):
        said = tr("{name} must be a mapping, this is {kind}", name="model_info", kind=KINDS[node.kind])
        ignored = context.is_version(since="1.109")
        advice = tr("LiteLLM takes no notice of it.") if ignored else ""
        pointer = f"{one.pointer}/model_info"
        yield context.note(pointer, said, advice, severity="warning" if ignored else None)


def _fields(context: Context, one: Deployment, table: str, node: Node | None) -> Iterator[Note]:
    for member in context.members(node).values() if node else ():
        key = context.tables.keys(table).get(member.key)
        value = member.node
        if (
            key is None
            or not key.types
            or key.name in UNCHECKED
            or value.kind == "null"
            or is_reference(value)
        ):
            continue
        named = member.key == "model" or (member.key == "id" and value.kind not in ("array", "object"))
        if named or (value.kind == "date" and member.key == "api_version"):
            continue  # of these other rules speak; of any id LiteLLM makes a text
        if not fits(value, key):
            pointer = f"{one.pointer}/{table}/{escape(member.key)}"
            yield context.note(
                pointer, wanted(member.key, key, value), tr("LiteLLM leaves this deployment out.")
            )


#: What goes to the vendor as it is: LiteLLM checks the type of none of these.
UNCHECKED = frozenset(
    [
        "audio",
        "drop_params",
        "messages",
        "model_list",
        "base_url",
        "deployment_id",
        "enable_json_schema_validation",
        "extra_headers",
        "frequency_penalty",
        "function_call",
        "functions",
        "include_server_side_tool_invocations",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
        "mock_response",
        "timeout",
        "stream_timeout",
    ]
)


@rule("LIT106", "required-missing", "error")
def required_missing(context: Context) -> Iterator[Note]:
    """An entry lacks what it cannot do without.

    A deployment has a `model_name` and `litellm_params` with a `model`; a credential has a name, values and
    an info; a vector store has an id.

    LiteLLM: refuses to start, with a Python error such as `KeyError: 'litellm_params'` that names no entry.
    """
    for one in context.deployments:
        for name in ("model_name", "litellm_params"):
            if one.node.get(name) is None and not _slip(one.node, name):
                if name == "litellm_params" and is_flat(one.node):
                    continue  # of that LIT107 speaks
                yield context.note(one.pointer, tr("this entry has no {name}", name=name))
        yield from _parameters(context, one)
    yield from _entries(
        context, "credential_list", ("credential_name", "credential_values", "credential_info")
    )
    yield from _entries(context, "prompts", ("prompt_id",))
    yield from _vector_stores(context)


def _slip(node: Node, name: str) -> bool:
    """Whether a key of the mapping is this one in another spelling, of which another rule speaks."""
    return any(squeezed(member.key) == squeezed(name) and member.key != name for member in node.members)


def _parameters(context: Context, one: Deployment) -> Iterator[Note]:
    pointer = f"{one.pointer}/litellm_params"
    node = one.node.get("litellm_params")
    if node is None or (node.kind == "null" and is_flat(one.node)):
        return
    if node.kind != "object":
        said = tr("litellm_params must be a mapping, this is {kind}", kind=KINDS[node.kind])
        yield context.note(pointer, said, tr("Write model: under it."))
        return
    model = node.get("model")
    if model is None:
        if not _slip(node, "model"):
            close = nearest("model", [member.key for member in node.members], 0.7)
            advice = tr("Did you mean model by {key}?", key=close) if close else ""
            yield context.key_note(pointer, tr("these litellm_params have no model"), advice)
    elif model.kind != "string":
        yield context.note(
            f"{pointer}/model", tr("model must be text, this is {kind}", kind=KINDS[model.kind])
        )


def _entries(context: Context, section: str, names: tuple[str, ...]) -> Iterator[Note]:
    listed = context.find(f"/{section}")
    for index, node in enumerate(listed.items if listed else ()):
        missing = [name for name in names if node.kind == "object" and node.get(name) is None]
        for name in missing:
            advice = (
                tr("Write {name}: {{}} where there is nothing to say.", name=name)
                if name.endswith("info")
                else ""
            )
            yield context.note(f"/{section}/{index}", tr("this entry has no {name}", name=name), advice)


def _vector_stores(context: Context) -> Iterator[Note]:
    listed = context.find("/vector_store_registry")
    for index, node in enumerate(listed.items if listed else ()):
        params = node.get("litellm_params") if node.kind == "object" else None
        for name in ("vector_store_id", "custom_llm_provider"):
            if params is None or params.kind != "object" or params.get(name) is None:
                message = tr("this entry has no {name} in its litellm_params", name=name)
                yield context.note(f"/vector_store_registry/{index}", message)
                break


def is_flat(node: Node) -> bool:
    """Whether an entry has beside litellm_params what belongs under it."""
    params = node.get("litellm_params")
    return (params is None or params.kind == "null") and node.get("model") is not None


@rule("LIT107", "not-nested", "error")
def not_nested(context: Context) -> Iterator[Note]:
    """The parameters of a deployment stand beside `litellm_params`, not under it.

    YAML nests by indentation: what belongs under `litellm_params` is indented further than it.

    LiteLLM: refuses to start, with a Python error.
    """
    for one in context.deployments:
        if is_flat(one.node):
            empty = one.node.get("litellm_params") is not None
            pointer = f"{one.pointer}/{'litellm_params' if empty else 'model'}"
            said = tr("litellm_params is empty: what belongs to it stands beside it")
            if not empty:
                said = tr("model stands in the entry itself, and belongs under litellm_params")
            yield context.key_note(
                pointer, said, tr("Indent model, api_base and the like below litellm_params:.")
            )


@rule("LIT108", "dash-for-underscore", "error")
def dash_for_underscore(context: Context) -> Iterator[Note]:
    """A key is written with dashes, without signs or in another case than LiteLLM's own.

    LiteLLM: does not know `model-name`, `litellm-params` or `Model`, misses the right one, and refuses to
    start.
    """
    for one in context.deployments:
        for name in ("model_name", "litellm_params"):
            yield from _misspelt(one.node, one.pointer, name)
        if one.params is not None:
            yield from _misspelt(one.params, f"{one.pointer}/litellm_params", "model")


def _misspelt(node: Node, pointer: str, name: str) -> Iterator[Note]:
    if node.get(name) is None:
        for member in node.members:
            if squeezed(member.key) == squeezed(name):
                yield Note(
                    f"{pointer}/{escape(member.key)}",
                    member.key_span,
                    tr(
                        'LiteLLM knows no "{key}", and does not start without {name}',
                        key=member.key,
                        name=name,
                    ),
                    tr("Write {name}.", name=name),
                )
