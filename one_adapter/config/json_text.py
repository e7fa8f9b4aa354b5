"""A strict JSON reader that keeps positions.

The grammar is the one the gateway's parser takes: RFC 8259 with nothing added,
10,000 levels at most. YAML readers are no help here (they refuse JSON that is
indented with tabs), and the standard library's reader tells no positions.
The reader keeps its own stack, so that no input can exhaust Python's.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any

from one_adapter.config.node import Duplicate, Kind, Member, Node, Span, SyntaxProblem, escape
from one_adapter.language import tr

#: Levels of nesting, as many as Go's decoder follows.
MAX_DEPTH = 10_000
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"([^"\\\x00-\x1f]*)(?:"|(?=\\))')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, tuple[Kind, Any]] = {
    "true": ("bool", True),
    "false": ("bool", False),
    "null": ("null", None),
}
#: Characters of a number that may be a whole one; longer ones are beyond every type there is.
_LONGEST_INTEGER = 40


class _Open:
    """An object or array still being read."""

    __slots__ = ("items", "key", "key_span", "members", "place", "seen", "start")

    def __init__(self, start: int, place: str, is_object: bool) -> None:
        self.start = start
        self.place = place
        self.members: list[Member] | None = [] if is_object else None
        self.items: list[Node] = []
        self.seen: dict[str, Span] = {}
        self.key = ""
        self.key_span = Span(start, start)

    def close(self, end: int) -> Node:
        span = Span(self.start, end)
        if self.members is None:
            return Node("array", [item.value for item in self.items], span, (), tuple(self.items))
        values = {member.key: member.node.value for member in self.members}
        return Node("object", values, span, tuple(self.members))

    def child_place(self) -> str:
        return f"{self.place}/{len(self.items) if self.members is None else escape(self.key)}"


def read_json(text: str) -> tuple[Node, tuple[Duplicate, ...]]:
    """The tree of a JSON text and its repeated keys.

    Raises `SyntaxProblem` with the place and the reason where the text is no JSON.

    >>> node, repeated = read_json('{"a": [1, 2]}')
    >>> node.value, node.get("a").span
    ({'a': [1, 2]}, Span(start=6, end=12))
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.duplicates: list[Duplicate] = []

    def read(self) -> tuple[Node, tuple[Duplicate, ...]]:
        node = self._value_tree()
        self._skip()
        if self.at < len(self.text):
            raise SyntaxProblem(tr("there is something after the end of the JSON value"), self.at)
        return node, tuple(self.duplicates)

    def _skip(self) -> str:
        """Go past white space; the character there, empty at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _value_tree(self) -> Node:
        stack: list[_Open] = []
        while True:
            node = self._start(stack)
            while node is not None:
                if not stack:
                    return node
                node = self._after(stack, node)

    def _start(self, stack: list[_Open]) -> Node | None:
        """Read a scalar, or open a container (None, unless it is empty)."""
        char = self._skip()
        if char == '"':
            start = self.at
            value = self._string()
            return Node("string", value, Span(start, self.at))
        if char and char in "{[":
            if len(stack) >= MAX_DEPTH:
                raise SyntaxProblem(tr("this is nested more than 10,000 levels deep"), self.at)
            opened = _Open(self.at, stack[-1].child_place() if stack else "", char == "{")
            self.at += 1
            if self._skip() == ("}" if char == "{" else "]"):
                self.at += 1
                return opened.close(self.at)
            stack.append(opened)
            if char == "{":
                self._key(opened)
            return None
        return self._number_or_word(char)

    def _after(self, stack: list[_Open], node: Node) -> Node | None:
        """Put a finished value into its container; the container itself when that ends it."""
        top = stack[-1]
        closing = "]" if top.members is None else "}"
        if top.members is None:
            top.items.append(node)
        else:
            top.members.append(Member(top.key, top.key_span, node))
        char = self._skip()
        if char == ",":
            self.at += 1
            if top.members is not None:
                self._key(top)
            elif self._skip() == "]":
                raise SyntaxProblem(tr("JSON allows no comma after the last element"), self.at)
            return None
        if char == closing:
            self.at += 1
            stack.pop()
            return top.close(self.at)
        raise self._unexpected(
            char,
            tr("a comma or {sign!r} after an array element", sign=closing)
            if top.members is None
            else tr("a comma or {sign!r} after a member", sign=closing),
        )

    def _key(self, top: _Open) -> None:
        char = self._skip()
        if char == "}" and top.members:
            raise SyntaxProblem(tr("JSON allows no comma after the last member"), self.at)
        if char != '"':
            raise self._unexpected(char, tr("a key in double quotes"))
        start = self.at
        top.key = self._string()
        top.key_span = Span(start, self.at)
        first = top.seen.setdefault(top.key, top.key_span)
        if first is not top.key_span:
            self.duplicates.append(Duplicate(top.child_place(), first, top.key_span))
        if self._skip() != ":":
            raise self._unexpected(self.text[self.at : self.at + 1], tr("a colon after the key"))
        self.at += 1

    def _string(self) -> str:
        start = self.at
        found = _STRING.match(self.text, start)
        if found and self.text[found.end() - 1] == '"' and found.end() > start + 1:
            self.at = found.end()
            return found.group(1)
        return self._long_string(start)

    def _long_string(self, start: int) -> str:
        """A string with escapes in it, or one that is broken."""
        try:
            value, self.at = scanstring(self.text, start + 1, True)
        except JSONDecodeError as problem:
            raise self._broken_string(start, problem) from None
        return _join_surrogates(value)

    def _broken_string(self, start: int, problem: JSONDecodeError) -> SyntaxProblem:
        """Why a string is none, at the exact place."""
        half_escape = (len(self.text) - len(self.text.rstrip("\\"))) % 2
        if problem.msg.startswith("Unterminated") and not half_escape:
            return SyntaxProblem(tr("this string has no end"), start)
        if problem.msg.startswith("Invalid control"):
            return SyntaxProblem(tr("a line break or control character in a string"), problem.pos)
        last = len(self.text) if problem.msg.startswith("Unterminated") else problem.pos + 1
        at = self.text.rfind("\\", start, last)
        letter = self.text[at + 1 : at + 2]
        return SyntaxProblem(tr("'\\{letter}' is no escape JSON knows", letter=letter), at, at + 2)

    def _number_or_word(self, char: str) -> Node:
        start = self.at
        number = _NUMBER.match(self.text, start)
        if number:
            self.at = number.end()
            raw = number.group()
            whole = number.group(1) is None and number.group(2) is None and len(raw) <= _LONGEST_INTEGER
            return Node("number", int(raw) if whole else float(raw), Span(start, self.at))
        for word, (kind, value) in _WORDS.items():
            if self.text.startswith(word, start):
                self.at = start + len(word)
                return Node(kind, value, Span(start, self.at))
        raise self._unexpected(char, tr("a value"))

    def _unexpected(self, char: str, wanted: str) -> SyntaxProblem:
        if not char:
            return SyntaxProblem(
                tr("the file ends where {wanted} should be", wanted=wanted), max(0, self.at - 1), self.at
            )
        if char in "/#":
            return SyntaxProblem(tr("JSON has no comments; {wanted} should be here", wanted=wanted), self.at)
        if char == "'":
            return SyntaxProblem(
                tr("JSON strings take double quotes; {wanted} should be here", wanted=wanted), self.at
            )
        if char == "\ufeff":
            return SyntaxProblem(
                tr("the file begins with a byte order mark, which the gateway refuses"), self.at
            )
        message = tr("{sign} where {wanted} should be", sign=_shown(char), wanted=wanted)
        return SyntaxProblem(message, self.at, wanted=wanted)


def _shown(char: str) -> str:
    return repr(char) if char.isprintable() else tr("the character U+{code:04X}", code=ord(char))


def _join_surrogates(text: str) -> str:
    r"""Pairs of \u escapes as the character they stand for; a lone half becomes U+FFFD, as in Go."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
