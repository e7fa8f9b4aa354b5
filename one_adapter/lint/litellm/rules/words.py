"""LIT116 and 117: words that LiteLLM does not know, and lists without anything in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_reference
from one_adapter.lint.litellm.hints import one_of
from one_adapter.lint.litellm.rule import rule

#: What a model is for, as the price list and the health checks say it.
MODES = (
    "chat", "completion", "embedding", "image_generation", "image_edit", "audio_transcription",
    "audio_speech",
    "moderation", "rerank", "responses", "realtime", "batch", "video_generation", "ocr", "search",
    "vector_store", "guardrail",
)  # fmt: skip
_DURATION = re.compile(r"\d+(?:s|m|h|d|w|mo)$")
#: What the strategies that measure take.
_STRATEGY_ARGS = ("ttl", "lowest_latency_buffer", "max_latency_list_size")
_MEASURING = ("latency-based-routing", "usage-based-routing", "usage-based-routing-v2", "cost-based-routing")


@rule("LIT116", "unknown-word", "warning")
def unknown_word(context: Context) -> Iterator[Note]:
    """A value is none of the words that LiteLLM looks for there.

    The `mode` of a model, the provider of a search tool, the arguments of a routing strategy, the duration of
    a budget, also where it is missing, the kind of a database.

    LiteLLM: takes it as it is. A mode it does not know makes of the model one for chats; a search tool of an
    unknown provider fails when it is asked.
    """
    yield from _modes(context)
    yield from _search_tools(context)
    yield from _durations(context)
    yield from _endless_budgets(context)
    yield from _database(context)
    strategy = context.find("/router_settings/routing_strategy")
    node = context.find("/router_settings/routing_strategy_args")
    if strategy is None or strategy.value not in _MEASURING or node is None:
        return
    for member in node.members:
        if member.key not in _STRATEGY_ARGS:
            said = tr('LiteLLM reads no "{key}" in {where}', key=member.key, where="routing_strategy_args")
            pointer = f"/router_settings/routing_strategy_args/{escape(member.key)}"
            yield Note(pointer, member.key_span, said, one_of(member.key, _STRATEGY_ARGS))


def _modes(context: Context) -> Iterator[Note]:
    for one in context.deployments:
        info = one.node.get("model_info")
        node = info.get("mode") if info is not None and info.kind == "object" else None
        if node is None or node.kind == "null" or is_reference(node):
            continue
        pointer = f"{one.pointer}/model_info/mode"
        if node.kind != "string":
            said = tr("mode must be text, this is {kind}: every call fails", kind=KINDS[node.kind])
            yield context.note(pointer, said, severity="error")
        elif node.value not in MODES:
            said = tr('LiteLLM knows no mode "{name}"', name=node.value)
            yield context.note(pointer, said, one_of(node.value, MODES))


def _endless_budgets(context: Context) -> Iterator[Note]:
    places = [(f"{one.pointer}/litellm_params", one.params) for one in context.deployments]
    for pointer, node in [*places, ("/litellm_settings", context.section("litellm_settings"))]:
        budget = node.get("max_budget") if node is not None else None
        duration = node.get("budget_duration") if node is not None else None
        counts = budget is not None and budget.kind == "number" and budget.value > 0
        if counts and (duration is None or duration.kind == "null"):
            said = tr("LiteLLM keeps no budget without a budget_duration")
            yield context.note(f"{pointer}/max_budget", said, tr("Write budget_duration: 30d beside it."))


def _durations(context: Context) -> Iterator[Note]:
    places = [(one.at("budget_duration"), one.param("budget_duration")) for one in context.deployments]
    places.append(("/litellm_settings/budget_duration", context.find("/litellm_settings/budget_duration")))
    for pointer, node in places:
        if (
            node is not None
            and node.kind == "string"
            and not is_reference(node)
            and not _DURATION.match(node.value)
        ):
            said = tr("LiteLLM reads no duration in this")
            yield context.note(pointer, said, tr("Write a number and a unit, such as 30d, 12h or 1mo."))


def _database(context: Context) -> Iterator[Note]:
    pointer = "/general_settings/database_url"
    node = context.find(pointer)
    written = node is not None and node.kind == "string" and not is_reference(node)
    scheme, found, _ = str(node.value).partition("://") if node is not None else ("", "", "")
    if written and found and scheme not in ("postgresql", "postgres"):
        yield context.note(pointer, tr("LiteLLM keeps its data in PostgreSQL alone"))


def _search_tools(context: Context) -> Iterator[Note]:
    entries = context.find("/search_tools")
    known = dict(context.tables.words("search_providers"))
    for index, entry in enumerate(entries.items if entries else ()):
        params = entry.get("litellm_params")
        node = params.get("search_provider") if params is not None else None
        if node is not None and node.kind == "string" and node.value not in known and not is_reference(node):
            said = tr('LiteLLM knows no search provider "{name}"', name=node.value)
            pointer = f"/search_tools/{index}/litellm_params/search_provider"
            yield context.note(pointer, said, one_of(node.value, known))


@rule("LIT117", "no-models", "warning")
def no_models(context: Context) -> Iterator[Note]:
    """`model_list:` is there, and nothing stands under it.

    Often what belongs to it is commented out, or indented no further than it.

    LiteLLM: starts without any model, and answers every request with an error.
    """
    node: Node | None = context.find("/model_list")
    stored = context.find("/general_settings/store_model_in_db")
    if node is not None and node.kind == "null" and (stored is None or not stored.value):
        yield context.key_note("/model_list", tr("model_list is empty: LiteLLM starts without any model"))
