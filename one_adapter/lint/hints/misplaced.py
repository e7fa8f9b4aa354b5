"""Where a field belongs that the gateway does not know at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from one_adapter.config import defaults, fields
from one_adapter.config.fields import Struct, known_name
from one_adapter.config.model import Service
from one_adapter.config.node import Member, Node
from one_adapter.dialect import DIALECTS, Dialect
from one_adapter.finding import Severity
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.hints.words import squeezed, template_called, word_for
from one_adapter.vendors.service_types import CREDENTIALS

#: What earlier versions, other gateways and hopeful people call a type, and what to write today.
TYPES_ELSEWHERE = {
    "aliyun": "dashscope",
    "qwen": "dashscope",
    "tongyi": "dashscope",
    "anthropic": "claude",
    "google": "gemini",
    "vertex": "vertexai",
    "baidu": "qianfan",
    "ernie": "qianfan",
    "wenxin": "qianfan",
    "tencent": "hunyuan",
    "spark": "xinghuo",
    "iflytek": "xinghuo",
    "xunfei": "xinghuo",
    "volcengine": "huoshan",
    "volc": "huoshan",
    "ark": "huoshan",
    "doubao": "huoshan",
    "glm": "zhipu",
    "chatglm": "zhipu",
    "zhipuai": "zhipu",
    "bigmodel": "zhipu",
}


#: The objects with fields of their own: what they are called in `words`, and in a sentence.
def _homes(dialect: Dialect) -> tuple[tuple[str, Struct, str], ...]:
    gateway, service, limit = fields.structs_of(dialect)
    homes = (
        ("top", gateway, tr("the top level")),
        ("service", service, tr("a service")),
        ("limit", limit, tr("a service's limit")),
        ("proxy", fields.PROXY, "proxy"),
        ("circuit_breaker", fields.BREAKER, "circuit_breaker"),
        ("translation", fields.TRANSLATION, "translation"),
        ("client key", fields.CLIENT_KEY, tr("an entry of api_keys")),
    )
    return (*homes, ("statistics", fields.STATISTICS, "statistics")) if dialect.statistics else homes


_HOMES = {dialect.version: _homes(dialect) for dialect in DIALECTS.values()}
_PLACES = {id(struct): place for homes in _HOMES.values() for place, struct, _ in homes}
_CREDENTIAL_NAMES = {squeezed(name): name for facts in CREDENTIALS.values() for name in facts.known}
#: Nobody has more unknown fields than this in one object, and hostile input must end.
_MOST = 1_000
#: What a key that stands for a whole service has in it.
_OF_A_SERVICE = frozenset(["models", "credentials", "server_url", "credential_list", "enabled"])


class Advice(NamedTuple):
    """What to do about an unknown field: the field that was meant ("" for none), and a sentence."""

    means: str
    says: str
    severity: Severity | None = None


def place_of(struct: Struct) -> str:
    """What an object with these fields is called in the table of words."""
    return _PLACES.get(id(struct), "")


def advice_for(struct: Struct, member: Member, form: str, dialect: Dialect) -> Advice:
    """What somebody means by a field that `struct` does not have.

    A slip of the keyboard first, then the words people use, then another place, then what looks alike.
    """
    key, spelt = member.key, {struct.written(name, form): name for name in struct.fields}
    for name in struct.fields:
        if {key, name} == {"promptTemplate", "prompt_template"} or key == name:
            written = struct.written(name, form)
            return Advice(
                name, tr("In a {format} file it is called {field}.", format=form.upper(), field=written)
            )
    if key == "prompt_template" and "promptTemplate" in struct.fields:
        return Advice(
            "promptTemplate",
            tr("In a {format} file it is called {field}.", format="JSON", field="promptTemplate"),
        )
    same = {squeezed(name): name for name in spelt}.get(squeezed(key))
    if same:
        return Advice(spelt[same], tr("Did you mean {name}?", name=same))
    place = place_of(struct)
    word = word_for(place, key, dialect)
    if word:
        if word.means == "promptTemplate":
            return Advice(word.means, template_called("prompt_template" if form == "yaml" else word.means))
        return Advice(word.means, word.says, word.severity)
    home = _home(place, key, member.node, dialect)
    if home:
        return home
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(key.lower().replace("-", "_"), list(spelt), 1, 0.7)
    return (
        Advice(spelt[close[0]], tr("Did you mean {name}?", name=close[0]))
        if close
        else Advice("", tr("It can be removed."))
    )


def _home(place: str, key: str, node: Node, dialect: Dialect) -> Advice | None:
    """The place a known field belongs to; None for one that is known nowhere."""
    lower = key.lower().replace("-", "_")
    if place in ("top", "service", "limit") and is_service_type(key, node):
        return Advice("services", tr("{said}.", said=_as_what(key, node, place)))
    name = _CREDENTIAL_NAMES.get(squeezed(key))
    if name:
        inside = "credentials" if place == "service" else tr("the credentials of a service")
        if name == lower:
            return Advice("credentials", tr("It belongs in {place}.", place=inside))
        return Advice(
            "credentials", tr("It belongs in {place}, where it is called {name}.", place=inside, name=name)
        )
    labels = []
    for other, struct, label in _HOMES[dialect.version]:
        if other != place and lower in struct.fields:
            inward = place in ("credentials", "limit") and other == "service"
            labels.append(tr("the service, one level higher") if inward else label)
    return Advice(lower, tr("It belongs in {place}.", place=listed(labels))) if labels else None


def is_service_type(key: str, node: Node) -> bool:
    """Whether a key outside of `services` stands for services: by its name, or by what is in it."""
    if node.kind not in ("array", "object"):
        return False
    lower = key.lower()
    if lower in defaults.SERVICE_TYPES or lower in TYPES_ELSEWHERE:
        return True
    entries = node.items if node.kind == "array" else (node,)
    return bool(entries) and all(len(_OF_A_SERVICE & {m.key for m in one.members}) > 1 for one in entries)


def _as_what(key: str, node: Node, place: str) -> str:
    """That a service type belongs in `services`, and how it is written there, when not as it stands."""
    lower = key.lower()
    known = lower if lower in defaults.SERVICE_TYPES else TYPES_ELSEWHERE.get(lower, "")
    said = tr("It belongs in services")
    if place != "top":
        said = tr("{said}, beside the other types", said=said)
    if not known:
        said = tr("{said}, under the type it speaks, such as openai", said=said)
    elif known != key:
        said = tr("{said}, where it is called {name}", said=said, name=known)
    if node.kind == "object":
        said = tr("{said}, with square brackets around it", said=said)
    return said


def credential_advice(service: Service, member: str, dialect: Dialect, names: Sequence[str]) -> Advice:
    """What somebody means by a credential that the type does not read; `names` are the key's own fields."""
    facts = CREDENTIALS[service.type]
    squeezed_names = {squeezed(name): name for name in (*facts.known, *names)}
    name = squeezed(member)
    same = squeezed_names.get(name)
    if same:
        return Advice(same, tr("Did you mean {name}? The names of credentials match exactly.", name=same))
    if facts.needed == (("api_key",),) and _is_key_word(name):
        return Advice("api_key", tr("The key is called api_key here."))
    structs = fields.structs_of(dialect)
    if member in structs.service.fields and member not in ("id", "enabled", "model_limits"):
        return Advice(member, tr("It belongs in the service, one level higher."))
    word = word_for("key" if "enabled" in names else "credentials", member, dialect)
    if word:
        return Advice(word.means, word.says, word.severity)
    if member in structs.limit.fields:
        return Advice("limit", tr('It belongs in a limit: "limit": {{"qps": …}}.'))
    if member in structs.gateway.fields:
        return Advice(member, tr("It belongs in the top level."))
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(member.lower(), facts.known, 1, 0.7)
    if close:
        return Advice(close[0], tr("Did you mean {name}?", name=close[0]))
    if not facts.known:
        return Advice("", tr("It reads none."))
    return Advice("", tr("It reads {names}.", names=listed(facts.known, "and")))


#: What the one key of most types is called elsewhere, without case and signs.
_KEY_WORDS = ("key", "token", "secret", "bearer", "auth", "sk", "password", "value")


def _is_key_word(name: str) -> bool:
    return name in _KEY_WORDS or name.endswith(("key", "keys", "token", "authorization"))


def unknown_members(context: Context, pointer: str, struct: Struct) -> Iterator[tuple[Member, Advice]]:
    """The fields of an object that the gateway does not know, with what to do about each."""
    node = context.find(pointer)
    form = context.document.format
    for member in node.members[:_MOST] if node else ():
        if known_name(struct, member.key, form) is None:
            other_case = known_name(struct, member.key, "json") or ""
            found = Advice(other_case, "") if other_case else None
            yield member, found or advice_for(struct, member, form, context.dialect)


def meant(context: Context, pointer: str, struct: Struct) -> Mapping[str, str]:
    """The fields that unknown ones of an object stand for -> the key as written."""
    return {advice.means: member.key for member, advice in unknown_members(context, pointer, struct)}
