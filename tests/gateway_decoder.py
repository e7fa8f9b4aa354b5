"""The gateway's decoding and checks once more, for tests alone: is a file taken or not?

It knows nothing of the linter and works on plain values, where an object is `Obj`, a list of pairs. A file is
decoded into typed structs, written as JSON, decoded again, filled in and checked, as the gateway does it.
"""

from __future__ import annotations

import json
import re
from typing import Any


class Refused(Exception):  # noqa: N818 - an outcome
    """The gateway ends."""


class Obj(list[tuple[str, Any]]):
    """An object as written: its pairs in order, equal keys included."""


class Raw(str):
    """A number as it is spelt, where Python has none for it."""

    __slots__ = ()


#: A struct's fields by name; a list has its element's type, `{"*": …}` is a map, `None` is anything.
Kind = Any
LIMIT = {"qps": float, "qpm": float, "rpm": float, "concurrency": float, "timeout": int}
PROXY_TEXTS = ("strategy", "type", "http_proxy", "https_proxy", "socks5_proxy")


def structs(newer: bool) -> Kind:
    """The whole configuration's type, as gateway 0.12 (`newer`) or 0.10 has it."""
    limit = {**LIMIT, "tpm": float} if newer else LIMIT
    texts = {"*": str}
    service: Kind = {
        **dict.fromkeys(("id", "provider", "server_url"), str),
        "models": [str],
        "embedding_models": [str],
        **dict.fromkeys(("reasoning_models", "model_map", "model_redirect"), texts),
        **dict.fromkeys(("limit", "embedding_limit"), limit),
        **dict.fromkeys(("enabled", "use_proxy"), bool),
        "credentials": {"*": None},
        "credential_list": [{"*": None}],
        "timeout": int,
    }
    more: Kind = {}
    if newer:
        service = {**service, "upstream_protocol": str, "model_limits": {"*": limit}}
        more = {"statistics": {"enabled": bool, "retention_days": int, "": "drops"}}
    ranges = {"min": float, "max": float}
    return {
        **dict.fromkeys(("server_port", "log_level", "api_key", "load_balancing"), str),
        **dict.fromkeys(("debug", "enable_web"), bool),
        "proxy": {**dict.fromkeys(PROXY_TEXTS, str), "timeout": int},
        "circuit_breaker": {
            "enabled": bool,
            **dict.fromkeys(("failure_threshold", "recovery_timeout_seconds", "half_open_max_requests"), int),
            "": "drops",
        },
        "multi_content_models": [str],
        "model_redirect": texts,
        "params_range": {"*": {"temperatureRange": ranges, "topPRange": ranges, "maxTokens": int}},
        "services": {"*": [service]},
        "translation": {"enable": bool, "promptTemplate": str, "retry": int, "concurrency": int},
        "api_keys": [{"api_key": str, "supported_models": {"*": [str]}}],
        **more,
    }


def accepts(value: Any, form: str, newer: bool) -> bool:
    """Whether the gateway takes a file of this form (json or yaml) with this value."""
    kind = structs(newer)
    try:
        first = Decoder(form).decode(kind, value, None)
        again = Decoder("json").decode(kind, written(kind, first), None)
        check(again or {}, newer)
    except Refused:
        return False
    return True


class Decoder:
    """A decoder of one form; what it makes is dicts, lists and scalars, with "" -> what it does not know."""

    def __init__(self, form: str) -> None:
        self.json = form == "json"

    def decode(self, kind: Kind, value: Any, old: Any) -> Any:
        if kind is None:
            return self.free(value)
        if isinstance(kind, list):
            return self.listed(kind[0], value, old)
        if isinstance(kind, dict):
            return self.mapped(kind["*"], value, old) if "*" in kind else self.struct(kind, value, old)
        if value is None:
            return old
        return self.scalar(kind, value)

    def scalar(self, kind: Kind, value: Any) -> Any:
        if isinstance(value, Obj | list):
            raise Refused
        if isinstance(value, Raw):  # 1e400: no number for JSON, and a text for YAML
            if self.json or kind is not str:
                raise Refused
            return str(value)
        if kind is str:
            if isinstance(value, str):
                return value
            if self.json:
                raise Refused
            return json.dumps(value)
        if kind is bool:
            words = {"y": True, "yes": True, "on": True, "n": False, "no": False, "off": False}
            if (
                not self.json
                and isinstance(value, str)
                and value in {spelt for word in words for spelt in (word, word.capitalize(), word.upper())}
            ):
                return words[value.lower()]
            if not isinstance(value, bool):
                raise Refused
            return value
        if isinstance(value, bool | str):
            raise Refused
        if kind is float:
            return float(value)
        if (isinstance(value, float) and self.json) or not -(1 << 63) <= value < 1 << 63:
            raise Refused
        return int(value)

    def listed(self, kind: Kind, value: Any, old: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list) or isinstance(value, Obj):
            raise Refused
        before = list(old or ()) if self.json and value else []
        made = []
        for item in value:
            dropped = item is None and not (isinstance(kind, dict) and "*" in kind)
            if dropped and not self.json:
                continue
            at = before[len(made)] if len(made) < len(before) else None
            found = self.decode(kind, item, at)
            made.append("" if found is None and kind is str else found)
        return made

    def mapped(self, kind: Kind, value: Any, old: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Obj):
            raise Refused
        self.no_repeats(value)
        made = dict(old or {})
        for key, inner in value:
            made[key] = self.decode(kind, inner, None)
        return made

    def struct(self, kind: Kind, value: Any, old: Any) -> Any:
        made = dict(old or {})
        if value is None:
            return made
        if not isinstance(value, Obj):
            raise Refused
        self.no_repeats(value)
        unknown: dict[str, Any] = {}
        for key, inner in value:
            name = self.name(kind, key)
            if name is not None:
                found = self.decode(kind[name], inner, made.get(name))
                made[name] = found
            if name is None or name != key:
                unknown[key] = inner
        if not self.json:
            unknown = {key: inner for key, inner in unknown.items() if self.name(kind, key) is None}
        if kind.get("") != "drops":
            made[""] = {key: self.free(inner) for key, inner in unknown.items()}
        return made

    def name(self, kind: Kind, key: str) -> str | None:
        if self.json:
            return next((name for name in kind if name and name.lower() == key.lower()), None)
        spelt = {"prompt_template": "promptTemplate", "promptTemplate": None}
        found = spelt.get(key, key) if "promptTemplate" in kind else key
        return found if found and found in kind else None

    def no_repeats(self, value: Obj) -> None:
        if not self.json and len({key for key, _ in value}) < len(value):
            raise Refused

    def free(self, value: Any) -> Any:
        """A value nobody types: as plain values, of equal keys the last."""
        if isinstance(value, Raw):
            if self.json:
                raise Refused
            return str(value)
        if isinstance(value, Obj):
            self.no_repeats(value)
            return {key: self.free(inner) for key, inner in value}
        if isinstance(value, list):
            return [self.free(inner) for inner in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def written(kind: Kind, value: Any) -> Any:
    """What is decoded, as JSON again: known fields by their names, the kept ones beside them, in order."""
    if value is None or kind is None:
        return plain(value)
    if isinstance(kind, list):
        return [written(kind[0], inner) for inner in value]
    if isinstance(kind, dict) and "*" in kind:
        return Obj((key, written(kind["*"], inner)) for key, inner in sorted(value.items()))
    if not isinstance(kind, dict):
        return value
    pairs = {key: plain(inner) for key, inner in value.get("", {}).items() if key not in kind}
    for name, inner in kind.items():
        left_out = name in ("id", "upstream_protocol") and not value.get(name)
        if name and not left_out:
            pairs[name] = written(inner, zero(inner) if value.get(name) is None else value[name])
    return Obj(sorted(pairs.items()))


def zero(kind: Kind) -> Any:
    """What a field holds that the file does not have."""
    if isinstance(kind, list) or (isinstance(kind, dict) and "*" in kind):
        return None
    return {} if isinstance(kind, dict) else kind()


def plain(value: Any) -> Any:
    """A free value as JSON writes it: objects as `Obj`, and whole numbers without a point."""
    if isinstance(value, dict):
        return Obj((key, plain(inner)) for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


WORDS = {
    "load_balancing": "first random rand round_robin rr hash",
    "log_level": "debug info warn warning error prod production prodj prodjson productionjson dev"
    " development",
}
TYPES = [
    "azure",
    "bailian",
    "claude",
    "dashscope",
    "deepseek",
    "dify",
    "gemini",
    "groq",
    "hunyuan",
    "huoshan",
    "minimax",
    "ollama",
    "openai",
    "qianfan",
    "vertexai",
    "xinghuo",
    "zhipu",
]
WITH_MODELS = ["qianfan", "hunyuan", "xinghuo", "deepseek", "zhipu", "minimax", "huoshan", "gemini", "groq"]
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: Enough of Go's addresses for the ones that are tried.
URL = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^@/?#\s]*@)?"
    r"(?:\[[0-9a-f:]+\]|[^\[\]:/?#\s%]+)(?::\d*)?(?:[/?#][^%]*)?"
)


def fail_if(wrong: object) -> None:
    if wrong:
        raise Refused


def text(of: dict[str, Any], name: str) -> str:
    return str(of.get(name) or "").strip()


def check(top: dict[str, Any], newer: bool) -> None:
    """The checks after decoding, all of them."""
    port = re.fullmatch(r"(?:[^:\[\]]*|\[[^\[\]]*\]):([+-]?\d+)", text(top, "server_port") or ":9090")
    fail_if(port is None or not 1 <= int(port[1]) <= 65535)
    for name, words in WORDS.items():
        word = text(top, name).lower()
        fail_if(word and word not in words.split())
    check_proxy(top.get("proxy") or {})
    keys = [str((one or {}).get("api_key") or "") for one in top.get("api_keys") or ()]
    fail_if("" in keys or len(set(keys)) < len(keys))
    translation, breaker = top.get("translation") or {}, top.get("circuit_breaker") or {}
    fail_if(any((translation.get(name) or 0) < 0 for name in ("retry", "concurrency")))
    fail_if(any(value < 0 for value in breaker.values() if isinstance(value, int)))
    if newer:
        fail_if(not 1 <= ((top.get("statistics") or {}).get("retention_days") or 30) <= 3650)
    seen: set[str] = set()
    for kind, services in (top.get("services") or {}).items():
        fail_if(kind not in TYPES)
        for number, service in enumerate(services or (), 1):
            ident = text(service, "id") or f"{kind}-{number}"
            fail_if(not ID.fullmatch(ident) or ident in seen)
            seen.add(ident)
            check_service(kind, service, newer)


def check_proxy(proxy: dict[str, Any]) -> None:
    strategy, kind = text(proxy, "strategy").lower() or "disabled", text(proxy, "type").lower()
    fail_if(strategy not in ("disabled", "default", "all", "force_all") or kind not in ("", "http", "socks5"))
    if strategy != "disabled":
        fail_if(not kind)
        fail_if(kind == "http" and not text(proxy, "http_proxy") and not text(proxy, "https_proxy"))
        fail_if(kind == "socks5" and not text(proxy, "socks5_proxy"))
    for name in ("http_proxy", "https_proxy"):
        fail_if(proxy.get(name) and not URL.fullmatch(proxy[name]))


def check_service(kind: str, service: dict[str, Any], newer: bool) -> None:
    limits = [service.get("limit"), service.get("embedding_limit"), {"timeout": service.get("timeout")}]
    named = [*(service.get("models") or ()), *(service.get("embedding_models") or ())]
    fail_if(service.get("enabled") and kind not in WITH_MODELS and not any(name.strip() for name in named))
    address = text(service, "server_url")
    scheme = address.partition(":")[0].lower()
    fail_if(address and (scheme not in ("http", "https", "ws", "wss") or not URL.fullmatch(address)))
    if newer:
        protocols = ("", "auto", "chat_completions", "responses", "anthropic_messages")
        fail_if(text(service, "upstream_protocol").lower() not in protocols)
        by_model = service.get("model_limits") or {}
        limits += [limit for name, limit in by_model.items() if name.strip()]
        check_keys(service.get("credential_list") or ())
    fail_if(any(is_negative(limit) for limit in limits))


def is_negative(limit: dict[str, Any] | None) -> bool:
    return any((value or 0) < 0 for name, value in (limit or {}).items() if name)


def check_keys(keys: Any) -> None:
    limit = {**LIMIT, "tpm": float}
    seen: set[str] = set()
    for number, key in enumerate(keys, 1):
        values = key or {}
        given = values.get("id")
        ident = (given.strip() if isinstance(given, str) else "") or f"key-{number}"
        fail_if(not ID.fullmatch(ident) or ident in seen)
        fail_if(not isinstance(values.get("enabled", True), bool))
        seen.add(ident)
        fail_if(is_negative(Decoder("json").decode(limit, plain(values.get("limit")), None)))
        try:
            by_model = Decoder("json").decode({"*": limit}, plain(values.get("model_limits")), None) or {}
        except Refused:
            continue
        fail_if(any(not name.strip() or is_negative(one) for name, one in by_model.items()))
