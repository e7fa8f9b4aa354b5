"""The frame of a page, and the pieces that every page has: sections, tables, texts made safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from one_adapter.export.page.style import STYLE
from one_adapter.export.wording import visible

#: No script, no font, no image, no request, whatever the names say.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def page(title: str, body: str) -> str:
    """A whole page: `title` is a text, `body` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n<body>{body}</body></html>\n"
    )


def text(words: str) -> str:
    """`words` as they can stand between tags and in attributes.

    >>> text('<img src="x">')
    '&lt;img src=&quot;x&quot;&gt;'
    """
    return escape(visible(words))


def code(words: str) -> str:
    """`words` in the type of code; blank ones are named."""
    if not words.strip():
        return '<span class="quiet">empty</span>' if not words else '<span class="quiet">blank</span>'
    return f"<code>{text(words)}</code>"


def section(anchor: str, title: str, *content: str) -> str:
    """A part of a page under its own heading; `title` and `content` are HTML."""
    return f'<section id="{anchor}"><h2>{title}</h2>{"".join(content)}</section>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Rows of HTML cells under their headings; `kind` is the table's class."""
    top = "".join(f"<th>{head}</th>" for head in heads)
    lines = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
