"""What differs between gateway and proxy on purpose, as it looks to a client: one table.

The old side is the gateway. A row holds in that direction alone: what the gateway has and the new side has
lost is never on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from one_adapter.verify.servers.judge import Finding

#: What a row may look at: the finding, and the facts of an answer of the new side.
Applies = Callable[[Finding, Mapping[str, Any]], bool]
GATEWAYS_ERROR = {"form": "a text"}
#: Fields that the gateway makes up: of Azure's answers and of its own client's.
GATEWAYS_FIELDS = frozenset(("content_filter_results", "prompt_filter_results", "HttpHeader"))
#: Fields that LiteLLM leaves out or adds where it writes an answer.
WRITTEN = frozenset(
    (
        *(
            "provider_specific_fields",
            "system_fingerprint",
            "service_tier",
            "logprobs",
            "annotations",
            "refusal",
        ),
        *("native_finish_reason", "obfuscation", "function_call", "citations", "created"),
    )
)


@dataclass(frozen=True, slots=True)
class Known:
    """A paragraph of docs/differences.md, the probes (none: all) and the aspect it shows in, and when."""

    name: str
    aspect: str
    applies: Applies
    probes: tuple[str, ...] = ()


def known_difference(probe: str, finding: Finding, new: Mapping[str, Any]) -> str:
    """The name of the known difference that a finding is; "" for none.

    `new` has `gateway` where the old side is known to be the gateway, by the form of its errors.

    >>> known_difference("whole", Finding("error", "", GATEWAYS_ERROR, {"form": ["code", "message"]}), {})
    'status-kept'
    """
    return next(
        (
            row.name
            for row in TABLE
            if row.aspect == finding.aspect
            and (not row.probes or probe in row.probes)
            and row.applies(finding, new)
        ),
        "",
    )


def is_gateways(answers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether answers to a question that is refused are the gateway's, by the form of their errors."""
    return any(facts.get("error") == GATEWAYS_ERROR for facts in answers)


def _has_words(finding: Finding, new: Mapping[str, Any]) -> bool:
    """The gateway has no reason, or a vendor's own word; the new side OpenAI's."""
    del new
    ordinary = {"an end", "a tool call"}
    return bool(finding.new) and set(finding.new) <= ordinary and not set(finding.old) & ordinary


def _is_written_by_litellm(finding: Finding, new: Mapping[str, Any]) -> bool:
    if new.get("way") != "litellm":
        return False
    changed = [path.rpartition(" ")[0] for path in (*finding.old, *finding.new)]
    return all(path.rpartition(".")[2].rpartition(":")[2].strip() in WRITTEN for path in changed)


def _is_written_by_gateway(finding: Finding, new: Mapping[str, Any]) -> bool:
    """The gateway writes fields of its own, and of the upstream's only those it knows."""
    own = all(any(name in GATEWAYS_FIELDS for name in _names(path)) for path in finding.old)
    return own and bool(finding.old or new.get("gateway")) and (not finding.new or bool(new.get("gateway")))


def _names(path: str) -> list[str]:
    return path.rpartition(" ")[0].replace("[]", "").split(".")


def _lost(ending: str) -> Applies:
    """The fields that differ are new ones of this name alone."""
    return lambda finding, _: (
        not finding.old and all(path.rpartition(" ")[0].endswith(ending) for path in finding.new)
    )


def _statuses(old: int, new: int) -> Applies:
    return lambda finding, _: (finding.old, finding.new) == (old, new)


TABLE: tuple[Known, ...] = (
    Known(
        "status-kept",
        "error",
        lambda finding, _: (
            finding.old == GATEWAYS_ERROR
            and isinstance(finding.new, dict)
            and "message" in finding.new["form"]
        ),
    ),
    Known(
        "forbidden-model-is-403",
        "status",
        lambda finding, new: (
            (finding.old, finding.new) == (401, 403) and new["error"].get("code") == "model_forbidden"
        ),
    ),
    Known("keys-guard-every-route", "status", _statuses(200, 401), ("list without key",)),
    Known("unknown-embedding-refused", "status", _statuses(200, 400), ("embeddings",)),
    Known("finish-reason-told", "finish reason", _has_words),
    Known(
        "answers-whole",
        "tool calls",
        lambda finding, _: not finding.old and bool(finding.new),
        ("whole", "tools"),
    ),
    Known("answers-whole", "reasoning", lambda finding, _: not finding.old, ("whole", "tools")),
    Known("answers-whole", "fields", _is_written_by_gateway),
    Known(
        "streams-end-properly",
        "stream",
        lambda finding, _: finding.old == "in order no [DONE]" and finding.new == "in order [DONE]",
    ),
    Known("streams-end-properly", "fields", _lost("object"), ("stream", "tool stream")),
    Known(
        "raw-responses-keep-the-name", "model", lambda _, new: new.get("model") == "as asked", ("responses",)
    ),
    Known("messages-kept", "upstream roles", lambda finding, _: finding.new == "system,user"),
    Known("litellm-writes-answers", "fields", _is_written_by_litellm),
)
