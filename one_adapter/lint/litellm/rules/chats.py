"""LIT226 to 229: deployments whose chats fail, or are told something else than is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config.node import Node
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.fitting import KINDS, is_number, is_reference
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.providers import provider

#: Providers of embeddings, pictures, sound or search for which LiteLLM has no chats.
_WITHOUT_CHATS = frozenset([
    "aws_polly", "aws_textract", "azure_speech", "black_forest_labs", "deepgram", "elevenlabs", "infinity",
    "jina_ai", "milvus", "openai_like", "pg_vector", "recraft", "reducto", "runwayml", "s3_vectors", "soniox",
    "stability", "topaz", "voyage",
])  # fmt: skip
_CHATS = ("chat", "completion")
_NO_CHAT = re.compile(r"embed|bge|rerank|e5-|gte-|minilm|whisper|tts", re.IGNORECASE)


def _mode(one: Deployment) -> str:
    info = one.node.get("model_info")
    node = info.get("mode") if info is not None and info.kind == "object" else None
    return str(node.value) if node is not None and node.kind == "string" else ""


@rule("LIT226", "no-chats", "error")
def no_chats(context: Context) -> Iterator[Note]:
    """A deployment for chats names a provider for which LiteLLM has none.

    `openai_like/` and `infinity/` are for embeddings, `voyage/` and `jina_ai/` for embeddings and reranking,
    `deepgram/` and `elevenlabs/` for sound. A server that speaks OpenAI's protocol is `openai/` or
    `hosted_vllm/`, with its `api_base`.

    LiteLLM: starts, and answers every chat with `Unmapped LLM provider for this endpoint`. Said as a warning
    of `openai_like/` where no `mode` says that chats are meant.
    """
    for one in context.deployments:
        name = provider(context, one)
        if name not in _WITHOUT_CHATS or is_own(context, name):
            continue
        mode = _mode(one)
        if mode not in _CHATS and (mode or name != "openai_like" or _NO_CHAT.search(one.model)):
            continue
        said = tr("LiteLLM has no chats for the provider {name}", name=name)
        model = one.model.partition("/")[2]
        advice = tr("Write {model}.", model=f"openai/{model}") if name in ("openai_like", "infinity") else ""
        yield context.note(one.at("model"), said, advice, severity=None if mode else "warning")


def is_own(context: Context, name: str) -> bool:
    """Whether a provider is one that the file itself brings along."""
    from one_adapter.lint.litellm.rules.providers import own_providers

    return name in context.once(own_providers)


@rule("LIT227", "empty-model", "warning")
def empty_model(context: Context) -> Iterator[Note]:
    """A provider stands in `model`, and no model behind it.

    LiteLLM: starts, and asks the vendor for a model with an empty name.
    """
    for one in context.deployments:
        prefix, slash, model = one.model.partition("/")
        if slash and not model.strip() and prefix and provider(context, one):
            said = tr("there is no model behind {prefix}", prefix=f"{prefix}/")
            yield context.note(one.at("model"), said, tr("Write the name by which the vendor knows it."))


#: Numbers that go to the vendor as they are written.
_NUMBERS = (
    "temperature", "top_p", "n", "seed", "max_tokens", "max_completion_tokens", "presence_penalty",
    "frequency_penalty", "top_logprobs",
)  # fmt: skip


@rule("LIT228", "number-sent-as-text", "warning")
def number_sent_as_text(context: Context) -> Iterator[Note]:
    """A number of a chat is written as a text, so that the vendor gets a text.

    `temperature: "0.2"`, and `temperature: os.environ/TEMPERATURE`, too: what comes from a variable is a
    text. Of `rpm`, `timeout` and the like LiteLLM makes numbers by itself; of these it does not.

    LiteLLM: sends it to the vendor as it is. OpenAI and most others answer with 400.
    """
    for one in context.deployments:
        for key in _NUMBERS:
            node = one.param(key)
            if node is None or node.kind in ("number", "null"):
                continue
            said = tr("{name} goes to the vendor as it is, and must be a number", name=key)
            advice = ""
            if node.kind == "string" and is_number(node.value):
                advice = tr("Remove the quotes.")
            elif is_reference(node):
                said = tr("what comes from a variable goes to the vendor as a text, not as a number")
                advice = tr("Write the number itself.")
            yield context.note(one.at(key), said, advice)


@rule("LIT229", "text-for-list", "warning")
def text_for_list(context: Context) -> Iterator[Note]:
    """A single name stands where a list of names belongs.

    `access_groups` of a model's info, and `allowed_openai_params` of its parameters.

    LiteLLM: reads a text letter by letter, so that the name is not in it. With a number or a truth value
    under `allowed_openai_params` every call fails.
    """
    for one in context.deployments:
        info = one.node.get("model_info")
        groups = info.get("access_groups") if info is not None and info.kind == "object" else None
        yield from _no_list(context, f"{one.pointer}/model_info/access_groups", groups)
        allowed = one.param("allowed_openai_params")
        fails = allowed is not None and allowed.kind in ("number", "bool")
        severity: Severity | None = "error" if fails and allowed is not None and allowed.value else None
        yield from _no_list(context, one.at("allowed_openai_params"), allowed, severity)


def _no_list(
    context: Context, pointer: str, node: Node | None, severity: Severity | None = None
) -> Iterator[Note]:
    if node is None or node.kind in ("array", "null") or node.value in ("", {}):
        return
    name = pointer.rpartition("/")[2]
    said = tr("{name} must be a list, this is {kind}", name=name, kind=KINDS[node.kind])
    advice = tr("Write [{name}].", name=node.value) if node.kind == "string" else ""
    yield context.note(pointer, said, "" if is_reference(node) else advice, severity=severity)
