"""What to do about a text that cannot be read: the sign that is wrong, and the one to type."""

from __future__ import annotations

import re
from typing import NamedTuple

from one_adapter.config import defaults, fields
from one_adapter.config.document import Document
from one_adapter.config.node import Problem
from one_adapter.language import listed, sentences, tr, trn

#: Signs of a Chinese keyboard -> what JSON and YAML want in their place.
FULL_WIDTH = {
    **dict.fromkeys("“”„＂「」『』«»‘’＇", '"'),
    **dict.fromkeys("：﹕︰", ":"),
    **dict.fromkeys("，﹐、；", ","),
    **dict(zip("｛｝［］【】〔〕（）．。－—–＃｜", "{}[][][][]..---#|", strict=True)),
}
_INVISIBLE = {
    "\xa0": tr("a no-break space"),
    "\u3000": tr("a full-width blank"),
    "\u200b": tr("a zero-width space"),
    "\u200c": tr("a zero-width non-joiner"),
    "\u200d": tr("a zero-width joiner"),
    "\u2060": tr("a word joiner"),
    "\ufeff": tr("a byte order mark"),
    "\u2028": tr("a line separator"),
    "\u00ad": tr("a soft hyphen"),
}
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SIGNS = re.compile("[" + "".join(map(re.escape, FULL_WIDTH)) + "]")
_WORD = re.compile(r"[\w.+-]+")
_WORDS = {
    **dict.fromkeys(("True", "TRUE", "yes", "Yes", "on", "On"), "true"),
    **dict.fromkeys(("False", "FALSE", "no", "No", "off", "Off"), "false"),
    **dict.fromkeys(("None", "NULL", "Null", "nil", "undefined", "NaN", "nan"), "null"),
}
#: More lines than this are not named.
_LINES_NAMED = 5


class Hint(NamedTuple):
    """What is wrong, said more exactly than the parser does ("" where it is exact), and what to do."""

    message: str
    help: str


def hint_for(document: Document, problem: Problem) -> Hint:
    """What to do about a syntax problem."""
    if not document.text.strip():
        return Hint("", tr("An empty configuration is written {{}}."))
    if document.format == "yaml":
        return _in_yaml(document, problem.message, problem.span.start)
    return _in_json(document, problem)


def _in_json(document: Document, problem: Problem) -> Hint:
    text, message, at = document.text, problem.message, problem.span.start
    char = text[at : at + 1]
    if "comma after the last" in message:
        return Hint("", tr("Remove the comma."))
    if "no comments" in message:
        return Hint(
            "", tr("Remove the comment, or keep the configuration in a .yaml file, where # begins one.")
        )
    if "no end" in message or "in a string" in message:
        return _in_string(document, message, at)
    if "is no escape" in message:
        return Hint("", tr("Write \\\\ for a backslash."))
    fragment = _fragment(text, message, at)
    if fragment:
        return fragment
    if char in FULL_WIDTH:
        return _full_width(document, at, problem.wanted)
    if char in _INVISIBLE:
        wanted = problem.wanted
        name = tr("{sign} (U+{code:04X})", sign=_INVISIBLE[char], code=ord(char))
        return Hint(
            tr("{sign} where {wanted} should be", sign=name, wanted=wanted) if wanted else name,
            tr("Delete it, or type a plain blank."),
        )
    if "double quotes" in message and "file ends" not in message:
        return _key_or_quotes(text, at)
    return Hint("", _next_to(document, message, at, char))


def _key_or_quotes(text: str, at: int) -> Hint:
    """A key without quotes, a quote of another kind, or what is no key at all."""
    word = _WORD.match(text, at)
    if word and re.match(r"\s*:(?:\s|$)", text[word.end() :]) and not text[:at].strip():
        return Hint("", tr("This looks like YAML: call the file .yaml."))
    if word:
        return Hint("", tr("Write the key in double quotes."))  # not the word itself: it may be a secret
    if text[at : at + 1] == ",":
        return Hint("", tr("There is a comma too many."))
    return Hint("", tr('Write "like this".'))


def _next_to(document: Document, message: str, at: int, char: str) -> str:
    """What to do where one sign stands in place of another."""
    text = document.text
    if "file ends" in message:
        opened = _unclosed(text)
        if opened is None:
            return tr("Something is missing at the end.")
        line, column = document.position(opened)
        closing = "}" if text[opened] == "{" else "]"
        return tr(
            "A {closing} is missing: the {opening} in line {line}, column {column} is never closed.",
            closing=closing,
            opening=text[opened],
            line=line,
            column=column,
        )
    if "comma or" in message:
        if char in "]}":
            return tr(
                "Another bracket was opened last: this should be {sign}.", sign="]" if char == "}" else "}"
            )
        return (
            tr("A comma is missing before this.")
            if char not in ":="
            else tr("Write a comma, or take it away.")
        )
    word = _WORD.match(text, at)
    if word and word.group() in _WORDS:
        return tr("Write {word}.", word=_WORDS[word.group()])
    if "a value should be" in message:
        if not text[:at].strip() and word and text[word.end() :].lstrip().startswith(":"):
            return tr("This looks like YAML: call the file .yaml.")
        if char == ",":
            return tr("There is a comma too many, or a value is missing.")
        if word:
            return tr("Put it in double quotes.")
        if char in "}]":
            return tr("A value is missing before this.")
    if "colon" in message and char in "=,":
        return tr("Write a colon.")
    if "after the end" in message:
        return tr("There is a bracket too many.") if char in "}]" else tr("One file holds one configuration.")
    return tr("The gateway reads strict JSON; look at this place and just before it.")


def _unclosed(text: str) -> int | None:
    """Where the last bracket stands that is opened and never closed."""
    opened: list[int] = []
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', text):
        if found.group() in "{[":
            opened.append(found.start())
        elif found.group() in "}]" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _in_string(document: Document, message: str, at: int) -> Hint:
    """A string that does not end, or not on its line: often its closing quote is a full-width one."""
    text = document.text
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : len(text) if end < 0 else end]
    if text[at : at + 1] == "\t":
        return Hint(tr("a tab in a string"), tr("Write \\t, or a blank."))
    quotes = [line.find(char) for char, sign in FULL_WIDTH.items() if sign == '"' and char in line]
    if quotes:
        return _full_width(document, start + min(quotes))
    if text[at : at + 1] in ("\n", "\r"):
        return Hint(
            tr("a line break in a string"),
            tr('Put the closing " at the end of the line, or write \\n where a line break is meant.'),
        )
    return Hint("", tr('Put the closing " where the text ends.') if "no end" in message else tr("Remove it."))


def _full_width(document: Document, at: int, wanted: str = "") -> Hint:
    """A sign of a Chinese keyboard, and where the others stand."""
    char = document.text[at]
    sign = tr("the full-width sign {sign} (U+{code:04X})", sign=char, code=ord(char))
    typed = tr("Type {sign} in its place, with the input method switched to English.", sign=FULL_WIDTH[char])
    others = sorted({document.position(other)[0] for other in _outside_strings(document.text) if other != at})
    return Hint(
        tr("{sign} where {wanted} should be", sign=sign, wanted=wanted)
        if wanted
        else tr("{sign} in place of a plain one", sign=sign),
        sentences(typed, _more_such(others)),
    )


def _more_such(others: list[int]) -> str:
    """In which lines more such signs stand; empty for none."""
    if not others:
        return ""
    lines = listed([str(line) for line in others[:_LINES_NAMED]], "and")
    if len(others) > _LINES_NAMED:
        return tr("There are more such signs in lines {lines} and below.", lines=lines)
    return trn(
        "There are more such signs in line {lines}.",
        "There are more such signs in lines {lines}.",
        count=len(others),
        lines=lines,
    )


def _outside_strings(text: str) -> list[int]:
    """Where full-width signs stand that are no part of a string; no more than a reader would count."""
    blanked = _STRING.sub(lambda found: " " * len(found.group()), text[:200_000])
    return [found.start() for found in _SIGNS.finditer(blanked)][:1_000]


def _fragment(text: str, message: str, at: int) -> Hint | None:
    """A part of a configuration, copied without what stands around it."""
    if "after the end" not in message:
        return None
    rest, bare = text[at : at + 1], text.lstrip()
    comma = tr("Take away the comma at its end.") if text.rstrip().endswith(",") else ""
    first = _STRING.match(bare)
    if first and rest in (":", "："):
        key = first.group()[1:-1]
        what = tr("this is a part of a configuration, without what stands around it")
        return Hint(what, sentences(_around(key), comma))
    if bare.startswith("{") and rest == ",":
        around = tr('Put {{"services": {{"openai": […]}}}} around them.')
        what = tr("these are several objects, without what stands around them")
        return Hint(what, sentences(around, comma))
    return None


def _around(key: str) -> str:
    """What to put around a member that stands by itself."""
    if key in defaults.SERVICE_TYPES:
        return tr('Put braces and services around it: {{"services": {{…}}}}.')
    if key in fields.SERVICE.fields and key not in fields.GATEWAY.fields:
        return tr('Put it into a service: {{"services": {{"openai": [{{…}}]}}}}.')
    return tr("Put braces around it: {{…}}.")


def _in_yaml(document: Document, message: str, at: int) -> Hint:
    text = document.text
    line, _ = document.position(at)
    lines = text.splitlines()
    near = lines[max(0, line - 3) : line]
    if "\t" in text[at : at + 1] or any("\t" in one[: len(one) - len(one.lstrip())] for one in near[-2:]):
        return Hint(tr("a tab: YAML indents with blanks alone"), tr("Put blanks in the place of each tab."))
    for place, one in zip(range(max(0, line - 3), line), near, strict=False):
        found = re.search(r"[：，“”‘’｛｝［］【】、；＂]", one.partition(" #")[0])
        if found:
            return _full_width(document, document.line_starts[place] + found.start())
    if "quoted scalar" in message or "unexpected end of stream" in message:
        return Hint("", tr("A quote is opened and never closed."))
    if any(re.match(r"\s*(?:- )?[\w.-]+:[^\s/]", one) for one in near):
        return Hint("", tr("Put a blank after the colon."))
    if "cannot start any token" in message:
        return Hint("", tr("Put the value in quotes: this sign means something to YAML."))
    if "mapping values are not allowed" in message:
        return Hint("", tr("Indent this line as its neighbours, or put a value with a colon in quotes."))
    return Hint(
        "", tr("Check the indentation, the quotes and the colon-space of this line and the one before it.")
    )


def hint_for_root(document: Document) -> str:
    """What to do about a file that can be read and is no configuration as a whole."""
    root = document.root
    if root is None:
        return ""
    if root.kind == "array" and any(item.kind == "object" for item in root.items):
        return tr('Put {{"services": {{"openai": …}}}} around it, with the type the services speak.')
    if root.kind == "string" and document.format == "yaml":
        found = re.search("[：]", root.value)
        if found:
            return tr("Type : and a blank in the place of the full-width sign ：.")
        if re.search(r"[\w]:\S", root.value):
            return tr("Put a blank after each colon.")
    return ""
