"""The conversion matrix, docs/conversion.md: the tables the code decides by, as one page.

Run `python docs/conversion.py` to print it. Verdicts of a field are those
its judge can give, found in the judge's code; addresses and credentials of a service
type are those of a small configuration put through the plan. In Chinese, what the code does not
translate by itself is in `conversion_chinese.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import cleandoc
from types import FunctionType
from typing import Any

from conversion_chinese import CHINESE

from one_adapter.config import defaults
from one_adapter.config.document import parse
from one_adapter.config.fields import ListOf, MapOf, Struct, Type, structs_of
from one_adapter.dialect import CURRENT
from one_adapter.export.report.model import MEANINGS
from one_adapter.language import Language, chosen, translated
from one_adapter.language.chosen import speaking
from one_adapter.plan.build import decide
from one_adapter.plan.ledger.services import DEEP, SERVICE
from one_adapter.plan.ledger.top_level import WHOLE
from one_adapter.plan.tasks import what_ended, what_retired
from one_adapter.plan.types import VERDICTS, Plan, Verdict
from one_adapter.plan.vendors import OPENAI_MODELS, Options
from one_adapter.vendors.hosts import OPENAI_HOSTS
from one_adapter.vendors.service_types import CREDENTIALS, ENDED, OPENAI_SHAPED, RETIRED, SERVICE_TYPES

GENERATED = "<!-- Written by docs/generate.py from the tables the code decides by. -->"
INTRODUCTION = (
    "What becomes of every field of a simple-one-api file, and of every type of service. Each leaf of a "
    "file gets one verdict; the tables say which ones a field can get, and where it goes."
)
RULES = (
    "Besides, of any field: `null` and what is empty say nothing and are inert; so is everything in a "
    "service that is switched off, and a field the gateway does not know. JSON keys match in any case and "
    "the last of several counts, YAML keys match exactly; the others are inert."
)
WHOLE_FIELDS, SERVICE_FIELDS, _ = structs_of(CURRENT)
SERVICE_PATH = ("services", "*", "*")

#: Small configurations: type, what is special about it, fields beside `enabled`, options.
EXAMPLES: tuple[tuple[str, str, Mapping[str, Any], Options], ...] = (
    (
        "openai",
        "with `server_url`",
        {"models": ["m"], "server_url": "https://HOST/v1/chat/completions"},
        Options(),
    ),
    ("openai", "without", {"models": ["gpt-4o"]}, Options()),
    ("deepseek", "", {"models": ["deepseek-chat"]}, Options()),
    ("zhipu", "", {"models": ["glm-4"]}, Options()),
    ("groq", "", {"models": ["llama-3.3-70b-versatile"]}, Options()),
    (
        "azure",
        "",
        {
            "models": ["gpt-4o"],
            "server_url": "https://RESOURCE.openai.azure.com/openai/deployments/DEPLOYMENT/chat/completions",
        },
        Options(),
    ),
    ("claude", "", {"models": ["claude-sonnet-4-5"]}, Options()),
    ("gemini", "", {"models": ["gemini-2.5-flash"]}, Options()),
    (
        "vertexai",
        "",
        {
            "models": ["gemini-2.5-flash"],
            "credentials": {"project_id": "PROJECT", "location": "us-central1", "json_file": "key.json"},
        },
        Options(),
    ),
    ("ollama", "", {"models": ["llama3"]}, Options()),
    ("dashscope", "", {"models": ["qwen-plus"]}, Options()),
    ("bailian", "", {"models": ["APP_ID"]}, Options()),
    ("dify", "", {"models": ["app"]}, Options()),
    ("huoshan", "with `api_key`", {"models": ["ep-1"]}, Options()),
    ("huoshan", "a bot", {"models": ["bot-1"]}, Options()),
    (
        "huoshan",
        "with access and secret key",
        {"models": ["ep-1"], "credentials": {"access_key": "a", "secret_key": "s"}},
        Options(),
    ),
    ("minimax", "", {"models": ["MiniMax-M2"]}, Options()),
    ("xinghuo", "", {"models": ["spark-lite"]}, Options()),
    ("xinghuo", "with `--spark http`", {"models": ["spark-lite"]}, Options(spark="http")),
    ("hunyuan", "", {"models": ["hunyuan-lite"]}, Options()),
    ("qianfan", "", {"models": ["ERNIE-Speed-8K"]}, Options()),
)


def conversion_page(language: Language = "en") -> str:
    """The page as Markdown; it ends with a newline."""
    with speaking(language):
        return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield f"{GENERATED}\n# {_said('The conversion matrix')}\n\n{_said(INTRODUCTION)}\n"
    yield _table(("Verdict", "Meaning"), [(_named(one), _said(MEANINGS[one])) for one in VERDICTS])
    yield f"{_said(RULES)}\n\n## {_said('The whole gateway')}\n"
    yield _table(FIELD_HEADS, _field_rows(WHOLE_FIELDS, ()))
    yield f"## {_said('Each service')}\n\n{_said('An entry of the list under `services` and its type.')}\n"
    yield _table(FIELD_HEADS, _field_rows(SERVICE_FIELDS, SERVICE_PATH))
    about = _said("What LiteLLM is told, with an example model, and what the credentials become.")
    yield f"## {_said('The types of service')}\n\n{about}\n"
    yield _table(("Type", "Provider and model", "Address", "Models", "Credentials"), _type_rows())
    yield _said("Their documentation: {links}.").format(links=_joined(_documentation())) + "\n"
    unknown = _said("Unknown, as in the gateway: {types} (earlier versions had them).")
    yield unknown.format(types=_joined(defaults.RETIRED_TYPES)) + "\n"
    yield _ended()
    yield _addresses()
    yield _default_models()


def _said(text: str) -> str:
    """A text of the page in its language; a KeyError is one that nobody has translated."""
    said = translated(text)
    return CHINESE[text] if chosen() == "zh" and said == text else said


def _joined(words: Iterable[str]) -> str:
    return ("、" if chosen() == "zh" else ", ").join(words)


def _named(verdict: Verdict) -> str:
    """A verdict as the table explains it: in Chinese with the word that machines write."""
    return f"{_said(verdict)}（{verdict}）" if chosen() == "zh" else verdict


FIELD_HEADS = ("Field", "Verdicts", "What becomes of it")


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [[_said(head) for head in heads], ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _field_rows(struct: Struct, path: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """A row for the known fields that fare alike, in the order of the tables of fields."""
    before: tuple[str, str] | None = None
    fields: list[str] = []
    for place, shown in _leaves(struct, path, ""):
        judge = _judge_of(place)
        verdicts = _joined(_said(verdict) for verdict in VERDICTS if verdict in _can_say(judge))
        said = verdicts, _said(" ".join(cleandoc(judge.__doc__ or "").split()))
        if before is not None and said != before:
            yield "<br>".join(fields), *before
            fields = []
        before = said
        fields.append(shown)
    if before is not None:
        yield "<br>".join(fields), *before


def _leaves(expected: Type, path: tuple[str, ...], shown: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each field that is judged by itself: its path, and how it is shown."""
    own = path[len(SERVICE_PATH) :]
    if path == ("services",):
        return
    if path == ("params_range",) or own in (("credentials",), ("credential_list",)):
        yield path, f"`{shown}`"
    elif isinstance(expected, Struct):
        for name, inner in expected.fields.items():
            other = expected.written(name, "yaml")
            for place, field in _leaves(inner, (*path, name), f"{shown}.{name}" if shown else name):
                yield place, field if other == name else f"{field} (YAML: `{other}`)"
    elif isinstance(expected, ListOf):
        yield from _leaves(expected.item, (*path, "*"), f"{shown}[]")
    elif isinstance(expected, MapOf):
        yield from _leaves(expected.value, (*path, "*"), f"{shown}.*")
    else:
        yield path, f"`{shown}`"


def _judge_of(path: tuple[str, ...]) -> Callable[..., Any]:
    """The function that judges a field; a KeyError means a field nobody judges."""
    if path[: len(SERVICE_PATH)] != SERVICE_PATH:
        return WHOLE[path]
    own = path[len(SERVICE_PATH) :]
    return DEEP[own[0]] if own[0] in DEEP else SERVICE[own]


def _can_say(judge: Callable[..., Any]) -> set[Verdict]:
    """The verdicts a judge can give, by itself or through the functions it calls."""
    said: set[Verdict] = set()
    seen: set[object] = set()
    waiting: list[object] = [judge]
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function in seen:
            continue
        seen.add(function)
        for name in function.__code__.co_names:
            if name in VERDICTS:
                said.add(name)
            elif function.__globals__.get("__name__", "").startswith("one_adapter.plan.ledger."):
                waiting.append(function.__globals__.get(name))
    return said


def _type_rows() -> Iterator[tuple[str, str, str, str, str]]:
    for kind, special, more, options in EXAMPLES:
        names = CREDENTIALS[kind].known
        given = more.get("credentials") or {
            name: "value" for name in names if not name.startswith(("access", "domain"))
        }
        if kind == "huoshan" and "credentials" not in more:
            given = {"api_key": "value"}
        service = {"enabled": True, **more, "credentials": given}
        plan = _plan_of(kind, service, options)
        target = plan.routes[0].targets[0]
        yield (
            kind + (("，" if chosen() == "zh" else ", ") + _said(special) if special else ""),
            f"`{target.upstream.provider}/{target.upstream.name}`",
            f"`{target.upstream.url}`",
            _verdict(plan, kind, "models/0"),
            _credentials(plan, kind, given),
        )


def _plan_of(kind: str, service: Mapping[str, Any], options: Options) -> Plan:
    text = json.dumps({"services": {kind: [service]}}).encode()
    return decide(parse(text, "config.json"), options)


def _verdict(plan: Plan, kind: str, place: str) -> str:
    row = next(row for row in plan.ledger if row.pointer == f"/services/{kind}/0/{place}")
    return _said(row.verdict)


def _credentials(plan: Plan, kind: str, given: Mapping[str, str]) -> str:
    parts = []
    for name in given:
        row = next(r for r in plan.ledger if r.pointer == f"/services/{kind}/0/credentials/{name}")
        target = f" → `{row.target}`" if row.target else ""
        parts.append(f"`{name}` {_said(row.verdict)}{target}")
    secrets = {ref.field for _, ref in plan.routes[0].targets[0].upstream.keys if ref.successor}
    parts += [f"**{_said('to be created:')}** `{field}`" for field in sorted(secrets)]
    return "<br>".join(parts) or _said("none")


def _documentation() -> list[str]:
    return [f"[{name}]({row.documentation})" for name, row in SERVICE_TYPES.items()]


def _ended() -> str:
    end = "。" if chosen() == "zh" else "."
    rows = [(kind, _said("the whole service"), f"{_said(what_ended(kind))}{end}") for kind in ENDED]
    for kind, retired in RETIRED.items():
        models = _joined(f"`{model.replace('*', '…')}`" for model in retired.models)
        rows.append((kind, models, f"{_said(what_retired(retired))}{end}"))
    table = _table(("Type", "What ended", "What to do"), rows)
    about = _said("The report lists these as things to do.")
    return f"## {_said('What vendors have ended')}\n\n{about}\n\n{table}"


def _addresses() -> str:
    rows = []
    for row in OPENAI_HOSTS:
        special = (
            [_said("parameters are kept in range ({guard})").format(guard=row.guard)] if row.guard else []
        )
        special += [_said("models are called `vendor/model`")] if row.vendor_slash_model else []
        rows.append((row.name, f"`{row.base}`", "; ".join(special)))
    known = _table(("Vendor", "`server_url`", "Special"), rows)
    default = _table(("Upstream model", "Address"), _addresses_by_model())
    hosts = _said(
        "Vendors of type `openai` that are known by their host; any other host is as good. "
        "What ends in `/chat/completions` is cut before it."
    )
    without = _said(
        "Without `server_url`, for the types openai, deepseek, zhipu and groq; the first line to fit counts. "
        "Embeddings of such a service go to `{url}`."
    ).format(url=defaults.EMBEDDING_URL)
    return f"## {_said('Addresses')}\n\n{hosts}\n\n{known}\n{without}\n\n{default}"


def _addresses_by_model() -> Iterator[tuple[str, str]]:
    for prefix, url in defaults.DEFAULT_URLS:
        yield f"`{prefix}…`", f"`{url}`"
    typed = [f"`{prefix}…`" for prefix in OPENAI_MODELS]
    yield _joined([*typed, _said("type {type}").format(type="openai")]), f"`{OPENAI_HOSTS[0].base}`"
    for kind in OPENAI_SHAPED:
        if SERVICE_TYPES[kind].url:
            yield _said("any other, type {type}").format(type=kind), f"`{SERVICE_TYPES[kind].url}`"


def _default_models() -> str:
    rows = [
        (kind, _joined(f"`{model}`" for model in models))
        for kind, models in sorted(defaults.DEFAULT_MODELS.items())
    ]
    table = _table(("Type", "Models of an enabled service that lists none"), rows)
    about = _said("The gateway's own, of 2024; many are retired by now.")
    return f"## {_said('Default models')}\n\n{about}\n\n{table}"


if __name__ == "__main__":
    sys.stdout.write(conversion_page())
