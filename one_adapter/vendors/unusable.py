"""What stands in a credential's place and opens nothing: a table of kinds, each with its test.

A value of a kind that is `left_out` holds no key at all (a mask, a variable, a placeholder); the others hold
one with something about it that no vendor takes. What is no kind of these is passed on as it is: keys have
dots, colons, slashes and dollar signs in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from one_adapter.language import tr

#: A longer text is no key anybody copied; its beginning tells nothing either.
LONGEST_CHARACTERS = 4_096


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unusable credential: its name, what a value of it is, what to do, and how it is told."""

    name: str
    says: str
    help: str
    found: Callable[[str], bool]
    left_out: bool = False


_CHINESE = "[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff]"
_REDACTION = (
    r"redacted|^\W*(?:filtered|masked|hidden|censored|sanitized|removed|protected|secret hidden)\W*$"
    r"|脱敏|隐藏|打码"
)
_MASK = (
    r"\*{2,}|^[a-z]{0,8}[-_]?\*$|[＊•●·∙⋅◦▪■□█▓▒░×✱✳﹡★☆○⚫]{2,}|[…⋯‥]|\.{3,}"
    r"|^[\w-]{1,16}\.\.[\w-]{1,16}$|^(?:[a-z]{1,8}-)?[#?~^_+=-]{3,}$"
)
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,80}"
_VARIABLE = (
    rf"\$\{{\{{?[^{{}}]*\}}|\{{\{{.*\}}\}}|<%.*%>|^%\(?{_NAME}\)?%s?$|%\({_NAME}\)s"
    rf"|^[#@$]?\{{{_NAME}\}}$|^\$\({_NAME}\)$|^\$(?:env|secrets?|vars?)[:.]{_NAME}$"
    rf"|^!?\$?(?:env|environ|getenv|secrets?|vars?)(?:[:./ ]|::){_NAME}$"
    r"|^(?:os\.|process\.|import\.meta\.|system\.)?(?:env|environ|getenv|env\.get)[.\[(/].*$"
    rf"|^__{_NAME}__$|^@{_NAME}@$|^(?:vault:|(?:op|aws-sm|file|gcp-sm|ssm|keychain)://?).*$"
    r"|^arn:aws:secretsmanager:.*$|^ENC[\[(].*$"
)
#: Only in capitals, or with a word for a secret in it: a key may begin with a dollar sign by itself.
_DOLLAR = (
    r"(?:(?i:bearer) |sk-)?"
    r"\$(?:[A-Z][A-Z0-9]*_[A-Z0-9_]*|[A-Z]{2,24}|(?i:[a-z_]*(?:key|token|secret)[a-z_]*))"
)
_VARIABLE_NAME = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|APPID|ID)(?:_[0-9]{1,3})?"
_PLACEHOLDER = (
    r"^(?:[a-z]{1,8}[-_]{1,2})*x{3,}$|^x{3,}|[-_.]x{3,}$|x{6,}|^<.*>$|^\*+$|^\.{3,}$|^sk-\.*$"
    r"|(?:^|[^a-z])your(?:[-_ ]?own)?[-_ ]?(?:[a-z0-9]{2,16}[-_ ]?){0,4}(?:key|token|secret|id|password)"
    r"|^your[-_ ]|^(?:sk|key|api|app|ak|gsk|nvapi)[-_]+your"
    r"|^my[-_ ]?(?:api|secret|access)[-_ ]?(?:key|token)$"
    r"|^(?:please[-_ ])?(?:insert|enter|put|paste|add|replace|fill|provide|type|set|copy)[-_ ]"
    r".*(?:key|token|secret|here|this|me|in)"
    r"|change[-_ ]?(?:me|this)|placeholder|replace[-_ ]?(?:me|this|with)"
    r"|(?:key|token|secret)[-_ ](?:goes[-_ ])?here"
    r"|^(?:sk-)?(?:to[-_ ]?be[-_ ]?(?:filled|done|set)|to-?do|fix-?me|tbd|tba|foo|foobar|baz|lorem|abc123)$"
    r"|^(?:null|nil|undefined)$"
    r"|^(?:api|secret|access|app|client|auth)[-_ ]?(?:key|token|secret|id)(?:[-_ ]?(?:here|value))?$"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled when it is first asked for: most keys never need it."""
    return re.compile(pattern, re.IGNORECASE)


def _anywhere(pattern: str) -> Callable[[str], bool]:
    return lambda value: _compiled(pattern).search(value) is not None


#: What most keys look like: pieces of letters and digits, and nothing in them that any kind below has.
_PLAIN = re.compile(
    r"(?!.*(?:xxx|your|key|token|secret|redact|mask|hidden|filter|censor|sanit|remov|protect|my|insert|enter|put"
    r"|paste|add|replac|fill|provid|type|set|copy|change|place|here|to-?be|to_be|todo|to-do|fix|tb[da]|foo|baz"
    r"|lorem|abc123|null|nil|undef|empty|none|dummy|fake|thing|any|need|requir|used|neces|applic|n-a|na$|ollama"
    r"|studio|local|env|var|vault|bearer|basic|appid|password|id$|id_|\.(?:com|cn|net|org|ai|io)))"
    r"[a-z0-9]+(?:[-_.][a-z0-9]+)*",
    re.IGNORECASE,
)


#: What people give a server that asks for no key; elsewhere nothing is meant by it.
_NO_KEY = (
    r"(?:sk-)?(?:empty|none|dummy|fake|nothing|anything|any|nokey"
    r"|no[-_]?(?:api[-_]?)?key(?:[-_]?(?:needed|required|necessary))?"
    r"|not[-_]?(?:needed|required|used|necessary|applicable)|n/?a|unused|ollama|lm[-_]?studio|local|-+)"
)
_KEY = r"[\w\-.:/+=~]{3,}"
_SEVERAL = rf"[\[(\"' ]*{_KEY}(?:[\"']*\s*[,;，；、]\s*[\"']*{_KEY})+[\])\"',;\s]*"
#: With a blank or a line break between them they might be pieces of one key, so they must begin alike.
_SAME_BEGINNING = r"([a-z]{2,8}[-_])[\w\-.]+(?:[|&/\s]+\1[\w\-.]+)+"
_LABELLED = (
    r"^(?:bearer[\s:=]+|(?:basic|token|key|api-?key)\s+)\S+$"
    r"|^(?:authorization|proxy-authorization|x-[a-z-]*key)\s*[:=：]"
    r"|^(?:export\s+|set\s+)?[a-z_]*(?:key|token|secret|password|appid)[a-z0-9_]*\s*(?:=(?!=*$)|[:：]\s)\s*\S"
)
_QUOTED = r"^[\"'`“”‘’«»「」『』＂＇].*$|^.*[\"'`“”‘’«»「」『』＂＇]$|^\[.*\]$|^\(.*\)$|^\\.*$"
_ADDRESS = r"^(?:https?|wss?)://|^[a-z0-9.-]+\.(?:com|cn|net|org|ai|io)(?:/.*)?$"


def _is_variable(value: str) -> bool:
    return _VARIABLE_IN(value) or bool(re.fullmatch(_DOLLAR, value) or re.fullmatch(_VARIABLE_NAME, value))


_VARIABLE_IN = _anywhere(_VARIABLE)


def _is_several(value: str) -> bool:
    return bool(_compiled(_SEVERAL).fullmatch(value) or _compiled(_SAME_BEGINNING).fullmatch(value))


def _is_strange(value: str) -> bool:
    return not (value.isascii() and value.isprintable())


#: In the order in which they are asked; the first that fits is the one.
KINDS: tuple[Kind, ...] = (
    Kind(
        "redaction",
        tr("is the mark a console puts in a key's place"),
        tr("Put in the key itself; the mark opens nothing."),
        _anywhere(_REDACTION),
        left_out=True,
    ),
    Kind(
        "placeholder",
        tr("is a placeholder"),
        tr("Put in the real one."),
        _anywhere(f"{_PLACEHOLDER}|{_CHINESE}"),
        left_out=True,
    ),
    Kind(
        "variable",
        tr("names a variable, and the gateway replaces none: the text itself is sent"),
        tr("Put in the variable's value."),
        _is_variable,
        left_out=True,
    ),
    Kind(
        "mask",
        tr("is masked: part of it was replaced by signs that stand for nothing"),
        tr("Copy the whole key from the vendor's console."),
        _anywhere(_MASK),
        left_out=True,
    ),
    Kind(
        "several",
        tr("holds several keys, and they are sent as one"),
        tr('Write {{"api_key": "…"}} for each of them in credential_list.'),
        _is_several,
    ),
    Kind(
        "labelled",
        tr("begins with a word that is no part of the key"),
        tr("Write the key alone; the gateway puts Bearer before it by itself."),
        _anywhere(_LABELLED),
    ),
    Kind("quoted", tr("has quotes or brackets in it"), tr("Write the key alone."), _anywhere(_QUOTED)),
    Kind(
        "address",
        tr("is an address"),
        tr("The address goes into server_url; here stands the key."),
        _anywhere(_ADDRESS),
    ),
    Kind(
        "strange",
        tr("has a character in it that no key has"),
        tr("Type it again, or copy it anew."),
        _is_strange,
    ),
    Kind("blank", tr("has a blank in it"), tr("Take it away."), _anywhere(r"\s")),
)


def unusable(value: str, keyless: bool = False) -> Kind | None:
    """The kind of unusable credential a value is; None for one that may well open something.

    Blanks around it do not count. `keyless` says that the server may ask for no key, so that
    a word such as `EMPTY` is as good as any.

    >>> unusable("${OPENAI_API_KEY}").name, unusable("sk-ab...yz").name, unusable("bce-v3/ALTAK-a$b/0c1d:2e")
    ('variable', 'mask', None)
    """
    text = value.strip()
    if not text or len(text) > LONGEST_CHARACTERS or _PLAIN.fullmatch(text):
        return None
    if _compiled(_NO_KEY).fullmatch(text):
        return None if keyless else _BY_NAME["placeholder"]
    return next((kind for kind in KINDS if kind.found(text)), None)


_BY_NAME = {kind.name: kind for kind in KINDS}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def holds_control(value: str) -> bool:
    """Whether there is a control character inside a value, which no line of a file can hold safely."""
    return _CONTROL.search(value.strip()) is not None


def strange_character(value: str) -> str:
    """What the first character of a value that no key has is called.

    >>> strange_character("sk\\u200b-1"), strange_character("ｓk-1")
    ('the invisible character U+200B', "the full-width sign 'ｓ' (type 's')")
    """
    for char in value.strip():
        if not (char.isascii() and char.isprintable()):
            return _described(char)
    return ""


def _described(char: str) -> str:
    code = f"U+{ord(char):04X}"
    if char in "\r\n":
        return tr("a line break")
    if char == "\t":
        return tr("a tab")
    plain = unicodedata.normalize("NFKC", char)
    if plain != char and len(plain) == 1 and plain.isascii() and plain.isprintable() and plain != " ":
        return tr("the full-width sign {sign!r} (type {plain!r})", sign=char, plain=plain)
    if not char.isprintable() or unicodedata.category(char) in ("Cf", "Zs"):
        return tr("the invisible character {code}", code=code)
    return tr("the character {sign!r} ({code})", sign=char, code=code)
