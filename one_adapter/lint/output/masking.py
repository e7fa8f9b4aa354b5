"""Which parts of a source text are secret, so that no excerpt ever shows them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from one_adapter.config.document import Document
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.node import Member, Node, Span
from one_adapter.plan.addresses import KEY_IN_PATH

_SECRET = re.compile(
    r"api_?key|secret|token|passw|credential|access_?key|auth|appid|app_id|group_id|private|cookie|session",
    re.IGNORECASE,
)
#: In credentials: what is no secret, with all that is in it.
_HARMLESS = frozenset(
    [
        "limit",
        "qps",
        "qpm",
        "rpm",
        "tpm",
        "concurrency",
        "timeout",
        "model_limits",
        "models",
        "model",
        "embedding_models",
        "model_map",
        "model_redirect",
        "enabled",
        "enable",
        "active",
        "disabled",
        "status",
        "domain",
        "location",
        "addresss",
        "project_id",
        "weight",
        "priority",
        "remark",
        "comment",
        "note",
        "description",
        "server_url",
        "base_url",
        "api_base",
        "url",
        "provider",
        "type",
        "region",
    ]
)
#: No secret unless it looks like one.
_NAMES = frozenset(["id", "name", "label", "title"])
#: Of numbers and what they count.
_COUNTS = re.compile(r"max|min|limit|per|count|tokens|expire|ttl|seconds|budget", re.IGNORECASE)
#: What else is secret in a configuration of LiteLLM, and what is no secret there: names of variables.
_LITELLM_SECRET = re.compile(
    rf"{_SECRET.pattern}|api-key|master_key|license|salt|_key$|webhook|dsn|database_url|headers$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"os\.(?:environ|env)[/.][A-Za-z0-9_/.]+|\$\{?[A-Z][A-Z0-9_]*\}?|true|false")
_CONTAINERS = frozenset(["credentials", "credential_list", "environment_variables", "env"])
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
_NEXT_KEY = re.compile(r"[\"'“”]\s*[:：]")
#: And anything that looks like a key by itself: long, without blanks, no address and no model name.
_KEY_LIKE = re.compile(
    r"(?<![\w./@-])(?=[\w\-.+=]*[0-9])(?=[\w\-.+=]*[A-Za-z])[\w\-.+=]{20,}(?![\w./:-])|\b(?:sk|gsk|nvapi|AKID|AKLT)[-_\w]{3,}"
)


#: What nobody has as a key; shown, so that a reader sees what is meant by "a placeholder".
_DUMMY = re.compile(r"(?:[a-z]{1,8}[-_]{1,2}){0,2}x{3,8}")
#: How far before an excerpt a word that sounds like a secret may stand, in a text that cannot be read.
_WINDOW_CHARACTERS = 2_000


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
        first = max(0, start - _WINDOW_CHARACTERS)
        window = self._text[first : end + _WINDOW_CHARACTERS]
        return [Span(span.start + first, span.end + first) for span in _in_text(window)]


def _in_tree(document: Document) -> Iterator[Span]:
    """The values of credentials and keys, and what addresses hide: passwords and queries."""
    assert document.root is not None
    stack: list[tuple[Node, bool]] = [(document.root, False)]
    text = document.text
    litellm = isinstance(document, LiteLLMFile)
    secrets = _LITELLM_SECRET if litellm else _SECRET
    while stack:
        node, secret = stack.pop()
        stack += [(item, secret) for item in node.items]
        stack += [(member.node, _is_secret(member, secret, secrets)) for member in node.members]
        if node.kind in ("object", "array"):
            continue
        if litellm and node.kind == "string" and _REFERENCE.fullmatch(node.value):
            continue
        if secret and node.kind in ("string", "number") and not _DUMMY.fullmatch(str(node.value)):
            yield _inner(text, node.span)
        elif node.kind == "string" and ("://" in node.value or "@" in node.value):
            yield from _in_address(text, node)


def _is_secret(member: Member, inside: bool, secrets: re.Pattern[str]) -> bool:
    """Whether a member's value is secret: by its key, or because it stands inside of credentials."""
    key, kind = member.key.lower(), member.node.kind
    scalar = kind not in ("object", "array")
    if key in _HARMLESS or (key == "api_keys" and not scalar):
        return False
    if key in _CONTAINERS:
        return True
    if kind == "number" and _COUNTS.search(key):
        return False
    if inside and key in _NAMES and kind == "string":
        return bool(_KEY_LIKE.search(member.node.value))
    return inside or bool(secrets.search(key))


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
    for found in _AFTER_WORD.finditer(text):
        # The next key is none, and neither is a word of JSON.
        if not _NEXT_KEY.match(text, found.end(1)) and found.group(1) not in ("true", "false", "null"):
            yield Span(found.start(1), found.end(1))
    for pattern, group in ((_KEY_LIKE, 0), (_USERINFO, 1), (_QUERY, 1), (_NO_PORT, 1)):
        for found in pattern.finditer(text):
            yield Span(found.start(group), found.end(group))
