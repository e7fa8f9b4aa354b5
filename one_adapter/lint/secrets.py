"""Which parts of a source text are secret, so that no excerpt ever shows them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from one_adapter.config.document import Document
from one_adapter.config.node import Node, Span
from one_adapter.plan.addresses import KEY_IN_PATH

_SECRET = re.compile(
    r"api_?key|secret|token|passw|credential|access_?key|auth|appid|app_id|group_id|private|cookie|session",
    re.IGNORECASE,
)
_HARMLESS = frozenset(
    ["limit", "qps", "qpm", "rpm", "concurrency", "timeout", "domain", "location", "addresss"]
)
_CONTAINERS = frozenset(["credentials", "credential_list"])
#: What stands before the @ of an address, also of one whose scheme was forgotten.
_USERINFO = re.compile(r"(?:(?<=://)|(?:(?<=[\"'\s])|\A)(?=[^/\s\"'@]*:))([^/\s\"'@]*@)")
#: Where a port should be and none is: a password whose @ was forgotten.
_NO_PORT = re.compile(r"://[^/\s\"'@:\[]*:(?![0-9]*(?:[/?#\"'\s]|$))([^/\s\"'@]+)")
_FRAGMENT = re.compile(r"#([^\s\"']+)")
_QUERY = re.compile(r"\?([^\s\"'#]*)")
#: In a text that cannot be read: what follows a word that sounds like a secret, up to the end of the value.
_AFTER_WORD = re.compile(
    r"(?:api_?key|secret\w*|token\w*|passw\w*|access_?key|auth\w*|appid|app_id|group_id|credential\w*|private\w*|cookie)"
    r"[\"']?[\s:=,{\[]*[\"']?([^\"'\s,}\]]*(?:[^\"'\n,}\]]*[^\"'\s,}\]])?)",
    re.IGNORECASE,
)
#: And anything that looks like a key by itself: long, without blanks, no address and no model name.
_KEY_LIKE = re.compile(
    r"(?<![\w./@-])(?=[\w\-.+=]*[0-9])(?=[\w\-.+=]*[A-Za-z])[\w\-.+=]{20,}(?![\w./:-])|\b(?:sk|gsk|nvapi|AKID|AKLT)[-_\w]{3,}"
)


#: What nobody has as a key; shown, so that a reader sees what is meant by "a placeholder".
_DUMMY = re.compile(r"(?:[a-z]{1,8}[-_]{1,2}){0,2}x{3,8}")
#: How far before an excerpt a word that sounds like a secret may stand, in a text that cannot be read.
_REACH = 2_000


class Secrets:
    """The secret stretches of one document's text."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._readable = document.root is not None
        self._spans = sorted(_in_tree(document)) if self._readable else []
        self._starts = [span.start for span in self._spans]
        self._longest = max((span.end - span.start for span in self._spans), default=0)

    def mask(self, start: int, end: int) -> str:
        """The text from `start` to `end` with every secret character written as `*`."""
        shown = list(self._text[start:end])
        for span in self._near(start, end):
            for at in range(max(span.start, start), min(span.end, end)):
                if shown[at - start] not in "\r\n":
                    shown[at - start] = "*"
        return "".join(shown)

    def _near(self, start: int, end: int) -> list[Span]:
        if self._readable:
            low = bisect_left(self._starts, start - self._longest)
            return self._spans[low : bisect_right(self._starts, end)]
        first = max(0, start - _REACH)
        window = self._text[first : end + _REACH]
        return [Span(span.start + first, span.end + first) for span in _in_text(window)]


def _in_tree(document: Document) -> Iterator[Span]:
    """The values of credentials and keys, and what addresses hide: passwords and queries."""
    assert document.root is not None
    stack: list[tuple[Node, bool]] = [(document.root, False)]
    text = document.text
    while stack:
        node, secret = stack.pop()
        stack += [(item, secret) for item in node.items]
        for member in node.members:
            key = member.key.lower()
            inside = key in _CONTAINERS or (secret and key not in _HARMLESS) or bool(_SECRET.search(key))
            scalar = member.node.kind not in ("object", "array")
            hidden = inside and not (key == "api_keys" and not scalar)
            stack.append((member.node, hidden and (scalar or key not in _HARMLESS)))
        if node.kind in ("object", "array"):
            continue
        if secret and node.kind != "null" and not _DUMMY.fullmatch(str(node.value)):
            yield _inner(text, node.span)
        elif node.kind == "string" and ("://" in node.value or "@" in node.value):
            yield from _in_address(text, node)


def _in_address(text: str, node: Node) -> Iterator[Span]:
    """What an address hides; all of it where it is written with escapes or over several lines."""
    inner = _inner(text, node.span)
    as_it_is = text[inner.start : inner.end] == node.value
    for pattern, group in ((_USERINFO, 1), (_QUERY, 1), (_FRAGMENT, 1), (_NO_PORT, 1), (KEY_IN_PATH, 0)):
        for found in pattern.finditer(node.value):
            start, end = found.span(group)
            yield Span(inner.start + start, inner.start + end) if as_it_is else inner


def _inner(text: str, span: Span) -> Span:
    """A value without its quotes, so that a reader still sees that it is text."""
    quoted = (
        span.end - span.start > 1 and text[span.start] in "\"'" and text[span.end - 1] == text[span.start]
    )
    return Span(span.start + 1, span.end - 1) if quoted else span


def _in_text(text: str) -> Iterator[Span]:
    for pattern, group in ((_AFTER_WORD, 1), (_KEY_LIKE, 0), (_USERINFO, 1), (_QUERY, 1), (_NO_PORT, 1)):
        for found in pattern.finditer(text):
            yield Span(found.start(group), found.end(group))
