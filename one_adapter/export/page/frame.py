"""The frame of a page, and the pieces that every page has: sections, tables, texts made safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from one_adapter.export.formatting import visible
from one_adapter.export.page.style import STYLE
from one_adapter.language import Language, chosen, tr, translated

#: No script, no font, no image, no request, whatever the names say.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


#: The languages as HTML calls them.
LANGUAGES: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


def page(title: str, body: str) -> str:
    """A whole page in the chosen language: `title` is a text, `body` is HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="{LANGUAGES[chosen()]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n<body>{body}</body></html>\n"
    )


def text(words: str) -> str:
    """`words`, in the chosen language, as they can stand between tags and in attributes.

    >>> text('<img src="x">')
    '&lt;img src=&quot;x&quot;&gt;'
    """
    return escape(visible(translated(words)))


def code(words: str) -> str:
    """`words` in the type of code; blank ones are named."""
    if not words.strip():
        named = tr("blank") if words else tr("empty")
        return f'<span class="quiet">{text(named)}</span>'
    return f"<code>{text(words)}</code>"


def section(anchor: str, title: str, *content: str) -> str:
    """A part of a page under its own heading: `title` is a text, `content` is HTML."""
    return f'<section id="{anchor}"><h2>{text(title)}</h2>{"".join(content)}</section>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Rows of HTML cells under their headings, which are texts; `kind` is the table's class.

    Where it is wider than the page, it scrolls, by the keys as well.
    """
    top = "".join(f"<th>{text(head)}</th>" for head in heads)
    lines = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="{kind}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
