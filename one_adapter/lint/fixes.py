"""What of a finding can be put right by itself: the token it points at, and what to write in its place.

Only what a finding's help names exactly, and what cannot mean anything else: never a secret, a model, a
provider or a timeout. A finding whose help says something else stays for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from one_adapter.config.document import Document, Span
from one_adapter.config.node import Node
from one_adapter.finding import Finding
from one_adapter.language import Message

#: What stands in the file, and what the help names, make what is to stand there.
Make = Callable[[str, str], str]


class Edit(NamedTuple):
    """A stretch of a document's text, and what is to stand there."""

    span: Span
    text: str


def _quoted(source: str, _: str) -> str:
    return f'"{source}"'


def _as_written(source: str, named: str) -> str:
    """The named text in the quotes that stand there."""
    quote = source[:1] if source[:1] in ("'", '"') and source[-1:] == source[:1] else ""
    return f"{quote}{named}{quote}"


def _slip(source: str, named: str) -> str:
    """The named key, where one letter makes the difference; otherwise what stands there."""
    return _as_written(source, named) if is_slip(source.strip("'\""), named) else source


def _reference(source: str, named: str) -> str:
    return _as_written(source, f"os.environ/{named}")


def _listed(source: str, _: str) -> str:
    return f"[{source}]"


_MEANT = "Did you mean {name}?"
#: Code -> the help of findings that can be put right, and how.
TABLE: Mapping[str, tuple[tuple[str, Make], ...]] = {
    "SOA101": ((_MEANT, _slip),),
    "SOA102": (
        ("Put it in quotes.", _quoted),
        ("Write {word}, without quotes.", lambda _, named: named),
    ),
    "LIT101": ((_MEANT, _slip),),
    "LIT103": ((_MEANT, _slip),),
    "LIT119": (("Put it in quotes.", _quoted),),
    "LIT108": (("Write {name}.", _as_written),),
    "LIT204": (("Write {address}.", _as_written),),
    "LIT205": (("Write {address}.", _as_written),),
    "LIT211": (('Write "{date}".', _quoted),),
    "LIT304": (("Write [{name}].", _listed),),
    "LIT401": (("Write os.environ/{name}.", _reference),),
}


def is_slip(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two that changed places, make the difference.

    >>> is_slip("num_retires", "num_retries"), is_slip("modles", "models"), is_slip("rpm", "tpms")
    (True, True, False)
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return one != other
    rest, others = one[start:], other[start:]
    swapped = rest[:2] == others[1::-1] if len(others) > 1 else False
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (swapped and rest[2:] == others[2:])
    )


def edits_for(finding: Finding, document: Document) -> Iterator[Edit]:
    """What to change for a finding; nothing where that is for the user to say."""
    if finding.code == "SOA002":
        yield Edit(finding.span, "")
        return
    if finding.code == "LIT304" and (node := document.find(finding.pointer)) and node.kind == "object":
        yield from _mapping_to_list(node, document)
        return
    source = document.text[finding.span.start : finding.span.end]
    if not isinstance(finding.help, Message) or "\n" in source or not source:
        return
    for template, make in TABLE.get(finding.code, ()):
        named = [str(value) for value in finding.help.values.values()]
        if finding.help.template == template and len(named) < 2:
            made = make(source, *(named or [""]))
            if made != source:
                yield Edit(finding.span, made)


def _mapping_to_list(node: Node, document: Document) -> Iterator[Edit]:
    """A mapping of fallbacks as a list of mappings with one key each."""
    text = document.text
    if text[node.span.start] == "{":
        yield Edit(Span(node.span.start, node.span.start + 1), "[")
        yield Edit(Span(node.span.end - 1, node.span.end), "]")
        for member in node.members:
            yield Edit(Span(member.key_span.start, member.key_span.start), "{")
            yield Edit(Span(member.node.span.end, member.node.span.end), "}")
        return
    for member in node.members:
        yield Edit(Span(member.key_span.start, member.key_span.start), "- ")
        at = text.find("\n", member.key_span.end, member.node.span.end)
        while at >= 0:
            yield Edit(Span(at + 1, at + 1), "  ")
            at = text.find("\n", at + 1, member.node.span.end)


def applied(text: str, edits: list[Edit]) -> str:
    """The text with the edits made; of two that overlap the first alone.

    >>> applied("abc", [Edit(Span(1, 2), "x"), Edit(Span(0, 2), "y")])
    'yc'
    """
    parts, at = [], 0
    for edit in sorted(edits, key=lambda one: one.span):
        if edit.span.start >= at:
            parts += [text[at : edit.span.start], edit.text]
            at = edit.span.end
    return "".join([*parts, text[at:]])
