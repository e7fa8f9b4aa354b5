"""A line of source with a caret under the exact token, fit for any terminal."""

from __future__ import annotations

from typing import NamedTuple

from one_adapter.config.document import Document, Span
from one_adapter.language import width
from one_adapter.lint.output.masking import Secrets

TAB_COLUMNS = 4
WIDTH_COLUMNS = 100
_ELLIPSIS = "…"


class Excerpt(NamedTuple):
    """One line as shown, and the carets to print under it."""

    line: int
    text: str
    carets: str


def harmless(text: str) -> str:
    """Text that cannot play tricks with a terminal: control and direction characters become `·`.

    >>> harmless("a\\x1b[31mb")
    'a·[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char == "\t" or _printable(char) else "·" for char in text)


def _printable(char: str) -> bool:
    return char.isprintable() or char in "\u3000\u200b\u200c\u200d"


def excerpt(document: Document, span: Span, secrets: Secrets) -> Excerpt | None:
    """The line on which `span` begins, cut to fit, with carets under the span; None for an empty text."""
    if not document.text:
        return None
    line, _ = document.position(span.start)
    start = document.line_starts[line - 1]
    end = document.line_starts[line] if line < len(document.line_starts) else len(document.text)
    while end > start and document.text[end - 1] in "\r\n":
        end -= 1
    low, high = _window(start, end, min(span.start, end))
    shown = harmless(secrets.mask(low, high))
    before = _expand(shown[: span.start - low], 0)
    under = _expand(shown[span.start - low : max(span.start, min(span.end, high)) - low], width(before))
    after = _expand(shown[max(span.start, min(span.end, high)) - low :], width(before) + width(under))
    lead = _ELLIPSIS if low > start else ""
    tail = _ELLIPSIS if high < end else ""
    indent = " " * (len(lead) + width(before))
    return Excerpt(line, f"{lead}{before}{under}{after}{tail}", indent + "^" * max(1, width(under)))


def _window(start: int, end: int, at: int) -> tuple[int, int]:
    """The part of a line to show: all of it, or about WIDTH_COLUMNS characters around `at`."""
    if end - start <= WIDTH_COLUMNS:
        return start, end
    low = max(start, min(at - WIDTH_COLUMNS // 3, end - WIDTH_COLUMNS))
    return low, min(end, low + WIDTH_COLUMNS)


def _expand(text: str, column: int) -> str:
    """`text` with tabs as blanks up to the next tab stop, beginning at a column."""
    if "\t" not in text:
        return text
    parts = []
    for char in text:
        part = " " * (TAB_COLUMNS - column % TAB_COLUMNS) if char == "\t" else char
        parts.append(part)
        column += len(part) if char == "\t" else width(char)
    return "".join(parts)
