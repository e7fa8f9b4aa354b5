"""What differs between gateway and proxy on purpose, as a comparison sees it: a table for each pair of sides.

The old side is the gateway. A row holds in that direction alone: what the gateway has and the new side has
lost is never on purpose. The first row that applies gives a difference its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from one_adapter.verify.playing.answer_facts import FIRST_ERROR_STATUS, STREAM_IS_WHOLE, WITHOUT_ID

GATEWAYS_ERROR = {"form": "a text"}
#: Fields that the gateway makes up: of Azure's answers and of its own client's.
GATEWAYS_FIELDS = frozenset(("content_filter_results", "prompt_filter_results", "HttpHeader"))
#: Fields that LiteLLM leaves out or adds where it writes an answer.
WRITTEN = frozenset(
    (
        "annotations",
        "citations",
        "created",
        "function_call",
        "logprobs",
        "native_finish_reason",
        "obfuscation",
        "provider_specific_fields",
        "refusal",
        "service_tier",
        "system_fingerprint",
    )
)
#: Types whose requests the gateway builds by hand.
BY_HAND = ("claude", "gemini", "ollama", "minimax", "dashscope", "dify", "xinghuo")
#: Reasons to finish that clients know: as the vendors of three protocols tell them, and as facts name them.
ORDINARY = ("stop", "tool_calls", "length", "end_turn", "tool_use", "completed")
ORDINARY_FACTS = frozenset(("an end", "a tool call"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which the sides are not alike, and what is known of how it came about.

    Between servers these are the `probe` and the facts of the new side's `answer`, with `gateway` where the
    old side is known to be one; beside the old program the question's `protocol` and the service's `type`.
    """

    aspect: str
    old: Any
    new: Any
    probe: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    protocol: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A paragraph of docs/differences.md, the aspects it shows in, when, and to which probes (none: all)."""

    name: str
    aspects: tuple[str, ...]
    applies: Callable[[Difference], bool]
    probes: tuple[str, ...] = ()


def known_difference(it: Difference, table: Sequence[Known]) -> str:
    """The name of the known difference that one is, by one of the tables below; "" for none.

    >>> known_difference(Difference("tool call", "", "look_up(city)", protocol="chat"), BESIDE_OLD_PROGRAM)
    'answers-whole'
    """
    return next(
        (
            row.name
            for row in table
            if it.aspect in row.aspects and (not row.probes or it.probe in row.probes) and row.applies(it)
        ),
        "",
    )


def is_gateways(answers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether answers to a question that is refused are the gateway's, by the form of their errors."""
    return any(facts.get("error") == GATEWAYS_ERROR for facts in answers)


def _is_new(it: Difference) -> bool:
    return not it.old and bool(it.new)


def _is_told_by_openais_words(it: Difference) -> bool:
    """The gateway has no reason, or a vendor's own word; the new side OpenAI's."""
    return bool(it.new) and set(it.new) <= ORDINARY_FACTS and not set(it.old) & ORDINARY_FACTS


def _is_written_by_litellm(it: Difference) -> bool:
    if it.answer.get("way") != "litellm":
        return False
    changed = [path.rpartition(" ")[0] for path in (*it.old, *it.new)]
    return all(path.rpartition(".")[2].rpartition(":")[2].strip() in WRITTEN for path in changed)


def _is_written_by_gateway(it: Difference) -> bool:
    """The gateway writes fields of its own, and of the upstream's only those it knows."""
    is_gateway = bool(it.answer.get("gateway"))
    own = all(any(name in GATEWAYS_FIELDS for name in _names(path)) for path in it.old)
    return own and (bool(it.old) or is_gateway) and (not it.new or is_gateway)


def _names(path: str) -> list[str]:
    return path.rpartition(" ")[0].replace("[]", "").split(".")


def _is_new_field(ending: str) -> Callable[[Difference], bool]:
    """The fields that differ are new ones of this name alone."""
    return lambda it: not it.old and all(path.rpartition(" ")[0].endswith(ending) for path in it.new)


def _turns(old: Any, new: Any) -> Callable[[Difference], bool]:
    return lambda it: (it.old, it.new) == (old, new)


def _is_of(*types: str) -> Callable[[Difference], bool]:
    return lambda it: it.type in types


def _is_asked_by(protocol: str) -> Callable[[Difference], bool]:
    return lambda it: it.protocol == protocol


#: Two servers that run, as a client sees them.
BETWEEN_SERVERS: tuple[Known, ...] = (
    Known(
        "status-kept",
        ("error",),
        lambda it: it.old == GATEWAYS_ERROR and isinstance(it.new, dict) and "message" in it.new["form"],
    ),
    Known(
        "forbidden-model-is-403",
        ("status",),
        lambda it: (it.old, it.new) == (401, 403) and it.answer["error"].get("code") == "model_forbidden",
    ),
    Known("keys-guard-every-route", ("status",), _turns(200, 401), ("list without key",)),
    Known("unknown-embedding-refused", ("status",), _turns(200, 400), ("embeddings",)),
    Known("finish-reason-told", ("finish reason",), _is_told_by_openais_words),
    Known("answers-whole", ("tool calls",), _is_new, ("whole", "tools")),
    Known("answers-whole", ("reasoning",), lambda it: not it.old, ("whole", "tools")),
    Known("answers-whole", ("fields",), _is_written_by_gateway),
    Known("streams-end-properly", ("stream",), _turns("in order no [DONE]", "in order [DONE]")),
    Known("streams-end-properly", ("fields",), _is_new_field("object"), ("stream", "tool stream")),
    Known(
        "raw-responses-keep-the-name",
        ("model",),
        lambda it: it.answer.get("model") == "as asked",
        ("responses",),
    ),
    Known("messages-kept", ("upstream roles",), lambda it: it.new == "system,user"),
    Known("litellm-writes-answers", ("fields",), _is_written_by_litellm),
)

#: The old program and the proxy, as a client and an echo for the vendors see them.
BESIDE_OLD_PROGRAM: tuple[Known, ...] = (
    Known("answers-whole", ("tool call", "usage", "text"), _is_new),
    Known("answers-whole", ("tool call",), lambda it: it.old.replace(WITHOUT_ID, "") == it.new),
    Known(
        "finish-reason-told",
        ("finish_reason",),
        lambda it: it.new in ORDINARY and it.old not in ORDINARY,
    ),
    Known(
        "responses-upstream-gets-more",
        ("finish_reason",),
        lambda it: it.protocol == "chat" and (it.old, it.new) == ("stop", "tool_calls"),
    ),
    Known(
        "finish-reason-told",
        ("stream",),
        lambda it: it.new == STREAM_IS_WHOLE and "finish" not in str(it.old),
    ),
    Known("streams-end-properly", ("stream",), lambda it: it.new == STREAM_IS_WHOLE),
    Known("dify-answers", ("status", "calls"), lambda it: it.type == "dify" and it.protocol == "chat"),
    Known("status-kept", ("error",), lambda it: it.old == "text"),
    Known("status-kept", ("status",), lambda it: it.old == 500 and it.new >= FIRST_ERROR_STATUS),
    Known("url-query-kept", ("address",), lambda it: "?" in str(it.old) + str(it.new)),
    Known("url-suffix-once", ("address",), lambda it: str(it.old).count("/chat/completions") > 1),
    Known("minimax-new-endpoint", ("address", "fields"), _is_of("minimax")),
    Known("claude-messages-path", ("address",), _is_of("claude")),
    Known("gemini-models-path", ("address",), _is_of("gemini")),
    Known("spark-max32k-domain", ("upstream model",), _is_of("xinghuo")),
    Known("raw-responses-keep-the-name", ("model",), _is_asked_by("responses")),
    Known(
        "huoshan-parameters-kept",
        ("system message", "tools"),
        lambda it: it.type == "huoshan" and bool(it.new),
    ),
    Known(
        "native-request-shape",
        ("system message", "tools"),
        lambda it: it.type in BY_HAND and bool(it.new),
    ),
    Known("huoshan-parameters-kept", ("fields",), _is_of("huoshan")),
    Known("native-request-shape", ("fields",), _is_of(*BY_HAND)),
    Known("groq-parameters", ("fields",), _is_of("groq")),
    Known("messages-route-keeps-fields", ("fields",), _is_asked_by("messages")),
    Known("responses-route-takes-more", ("fields",), _is_asked_by("responses")),
    Known("request-numbers-exact", ("fields",), lambda it: {*it.new} < {*it.old}),
    Known("keys-guard-every-route", ("no key", "a wrong key"), _turns(200, 401)),
)
