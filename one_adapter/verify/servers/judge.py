"""Whether the new side's answers are like the old side's, aspect by aspect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from one_adapter.language import enumerated, joined, tr
from one_adapter.verify.vocabulary import enumeration, word_for

Facts = Mapping[str, Any]
#: Aspects in the order in which they are told, and what each is called where nothing is there of it.
ASPECTS = (
    "status",
    "error",
    "content type",
    "choices",
    "stream",
    "tool calls",
    "finish reason",
    "usage",
    "prompt tokens",
    "model",
    "upstream message",
    "upstream roles",
    "upstream tools",
    "vectors",
    "reasoning",
    "text",
    "kinds",
    "fields",
    "pieces",
    "first piece",
    "words",
)
#: aspect -> the aspects that a difference in it explains: they are not told besides.
EXPLAINS: Mapping[str, frozenset[str]] = {
    "status": frozenset(ASPECTS) - {"status"},
    "content type": frozenset(ASPECTS) - {"status", "content type"},
    "error": frozenset(ASPECTS) - {"status", "content type", "error"},
    "choices": frozenset(("stream", "tool calls", "finish reason", "reasoning", "text", "kinds"))
    | {"fields", "pieces", "first piece", "words"},
    "stream": frozenset(("text", "fields", "pieces", "first piece", "words")),
    "tool calls": frozenset(("finish reason", "text", "fields", "pieces", "first piece", "words")),
    "reasoning": frozenset(("pieces", "first piece")),
    "text": frozenset(("fields", "pieces", "first piece", "words")),
}
#: Answers of the new side that a difference takes to count: where it is plain, where it may be chance, and
#: where the old side does not agree with itself.
ROUNDS, STEADY_ROUNDS, UNSTEADY_ROUNDS = 2, 4, 8
#: Aspects that vary with an answer's length, or with the machine: they take `STEADY_ROUNDS`.
WAVERING = frozenset(("pieces", "first piece"))
#: Aspects that are a model's own choice: whether it reasons, and whether room for an answer is left then.
CHOSEN = frozenset(("reasoning", "text"))
#: How much slower, and how many seconds at least, a first piece comes that is told as slower.
SLOWER_TIMES, SLOWER_SECONDS = 3.0, 0.05
#: How many times more or fewer tokens a prompt has that is told as another, and how far the old side's own
#: counts may lie apart: vendors count a prompt alike each time.
TOKENS_APART, TOKENS_ALIKE = 3.0, 1.2


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference in one aspect: what each side has, in one sentence; `rounds` is what it takes to count."""

    aspect: str
    sentence: str
    old: Any
    new: Any
    rounds: int = ROUNDS


def differences(old: Sequence[Facts], new: Sequence[Facts], is_exact: bool = False) -> tuple[Finding, ...]:
    """What every answer of the new side has otherwise than every answer of the old one.

    What the old side does not agree with itself about is told only if it has never been as the new side
    has it always, and takes more answers to count.

    >>> old = [{"status": 404}, {"status": 404}]
    >>> [finding.sentence for finding in differences(old, [{"status": 400}])]
    ['status 400 instead of 404']
    """
    found: list[Finding] = []
    explained: set[str] = set()
    for aspect in ASPECTS:
        if aspect in explained or (aspect == "words" and not is_exact):
            continue
        finding = _difference(aspect, [each.get(aspect) for each in old], [each.get(aspect) for each in new])
        if finding is not None:
            found.append(finding)
            explained |= EXPLAINS.get(aspect, frozenset())
    return tuple(found)


def unsteady(old: Sequence[Facts]) -> tuple[str, ...]:
    """The aspects about which the old side does not agree with itself, its speed and its words left out."""
    quiet = (*WAVERING, *CHOSEN, "words", "kinds", "prompt tokens", "upstream message")
    return tuple(
        aspect
        for aspect in ASPECTS
        if aspect not in quiet and len({_key(each.get(aspect)) for each in old}) > 1
    )


def _difference(aspect: str, old: list[Any], new: list[Any]) -> Finding | None:
    if aspect == "fields":
        return _fields(old, new)
    if aspect == "kinds":
        return _kinds(old, new)
    if aspect == "first piece":
        return _slower(old, new)
    if aspect == "prompt tokens":
        return _tokens(old, new)
    before, after = {_key(value) for value in old}, {_key(value) for value in new}
    if len(after) != 1 or after & before:
        return None
    rounds = STEADY_ROUNDS if aspect in WAVERING else ROUNDS
    rounds = UNSTEADY_ROUNDS if len(before) > 1 or aspect in CHOSEN else rounds
    return Finding(aspect, _sentence(aspect, old[-1], new[-1]), old[-1], new[-1], rounds)


def _sentence(aspect: str, old: Any, new: Any) -> str:
    if isinstance(old, list) and isinstance(new, list):
        lost = [each for each in old if each not in new]
        more = [each for each in new if each not in old]
        parts: list[str] = [tr("{value} is missing", value=_shown(lost))] if lost else []
        parts += [tr("{value} is new", value=_shown(more))] if more else []
        other = tr("{new} instead of {old}", new=_shown(new), old=_shown(old))
        what = joined(parts, ", ", "，") if parts else other
        return tr("{aspect}: {what}", aspect=word_for(aspect), what=what)
    if old is None:
        return tr("{aspect} {value} is new", aspect=word_for(aspect), value=_shown(new))
    if new is None:
        return tr("{aspect} {value} is missing", aspect=word_for(aspect), value=_shown(old))
    return tr("{aspect} {new} instead of {old}", aspect=word_for(aspect), new=_shown(new), old=_shown(old))


def _fields(old: list[Any], new: list[Any]) -> Finding | None:
    before, after = [set(each or ()) for each in old], [set(each or ()) for each in new]
    lost = sorted(set.intersection(*before) - set.union(*after))
    more = sorted(set.intersection(*after) - set.union(*before))
    if not (lost or more):
        return None
    parts: list[str] = [tr("missing: {fields}", fields=_some(lost))] if lost else []
    parts += [tr("new: {fields}", fields=_some(more))] if more else []
    return Finding("fields", tr("fields {changes}", changes=joined(parts, "; ", "；")), lost, more)


def _kinds(old: list[Any], new: list[Any]) -> Finding | None:
    """What an object is called otherwise; one that a side does not call anything is told by its fields."""
    before, after = [set(each or ()) for each in old], [set(each or ()) for each in new]
    lost = sorted(set.intersection(*before) - set.union(*after))
    more = sorted(set.intersection(*after) - set.union(*before))
    paths = {each.rpartition(" ")[0] for each in lost} & {each.rpartition(" ")[0] for each in more}
    lost, more = ([each for each in some if each.rpartition(" ")[0] in paths] for some in (lost, more))
    if not paths:
        return None
    before_it = _some([each.rpartition(" ")[2] for each in lost])
    shown = tr("{new} instead of {old}", new=_some(more), old=before_it)
    return Finding("kinds", shown, lost, more)


def _slower(old: list[Any], new: list[Any]) -> Finding | None:
    before, after = [each for each in old if each is not None], [each for each in new if each is not None]
    if not before or not after or len(after) < len(new):
        return None
    usual, best = median(before), min(after)
    if best <= max(SLOWER_TIMES * usual, usual + SLOWER_SECONDS):
        return None
    shown = tr("the first piece comes after {new:.2g} s instead of {old:.2g} s", new=best, old=usual)
    return Finding("first piece", shown, round(usual, 3), round(best, 3), STEADY_ROUNDS)


def _tokens(old: list[Any], new: list[Any]) -> Finding | None:
    if not all(old) or not all(new) or max(old) > min(old) * TOKENS_ALIKE:
        return None
    if min(new) <= max(old) * TOKENS_APART and max(new) * TOKENS_APART >= min(old):
        return None
    shown = tr("the prompt has {new} tokens instead of {old}", new=new[-1], old=old[-1])
    return Finding("prompt tokens", shown, old[-1], new[-1], STEADY_ROUNDS)


def _some(paths: Sequence[str], shown: int = 4) -> str:
    first = enumeration([*paths[:shown]])
    if len(paths) <= shown:
        return first
    return tr("{first} and {count} more", first=first, count=len(paths) - shown)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return enumerated([joined([key, _shown(each)], " ", " ") for key, each in value.items()])
    if isinstance(value, list):
        return _some([str(each) for each in value]) or tr("nothing")
    text = str(value)
    return word_for(text) if len(text) <= 80 else f"{text[:80]}..."


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
