"""The conversion matrix, docs/conversion.md: the tables the code decides by, as one page.

Run `python docs/conversion.py` to print it. Verdicts of a field are those
its judge can give, found in the judge's code; addresses and credentials of a service
type are those of a small configuration put through the plan.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import cleandoc
from types import FunctionType
from typing import Any

from one_adapter.config import defaults
from one_adapter.config.document import parse
from one_adapter.config.fields import ListOf, MapOf, Struct, Type, structs_of
from one_adapter.dialect import CURRENT
from one_adapter.export.report.model import MEANINGS
from one_adapter.plan.build import decide
from one_adapter.plan.tasks import what_ended
from one_adapter.plan.types import VERDICTS, Plan, Verdict
from one_adapter.plan.vendors import OPENAI_MODELS, Options
from one_adapter.plan.verdicts_service import DEEP, SERVICE
from one_adapter.plan.verdicts_whole import WHOLE
from one_adapter.vendors.hosts import OPENAI_HOSTS
from one_adapter.vendors.service_types import CREDENTIALS, ENDED, OPENAI_SHAPED, RETIRED, SERVICE_TYPES

HEAD = """\
<!-- Written by docs/generate.py from the tables the code decides by. -->
# The conversion matrix

What becomes of every field of a simple-one-api file, and of every type of service. Each leaf of a file
gets one verdict; the tables say which ones a field can get, and where it goes.

"""
RULES = """
Besides, of any field: `null` and what is empty say nothing and are inert; so is everything in a service
that is switched off, and a field the gateway does not know. JSON keys match in any case and the last of
several counts, YAML keys match exactly; the others are inert.
"""
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


def conversion_page() -> str:
    """The page as Markdown; it ends with a newline."""
    parts = [
        HEAD,
        _table(("Verdict", "Meaning"), ((verdict, MEANINGS[verdict]) for verdict in VERDICTS)),
        RULES,
        "\n## The whole gateway\n\n",
        _table(FIELD_HEADS, _field_rows(WHOLE_FIELDS, ())),
        "\n## Each service\n\nAn entry of the list under `services` and its type.\n\n",
        _table(FIELD_HEADS, _field_rows(SERVICE_FIELDS, SERVICE_PATH)),
        "\n## The types of service\n\n",
        "What LiteLLM is told, with an example model, and what the credentials become.\n\n",
        _table(("Type", "Provider and model", "Address", "Models", "Credentials"), _type_rows()),
        f"\nTheir documentation: {_documentation()}.\n",
        f"\nUnknown, as in the gateway: {', '.join(defaults.RETIRED_TYPES)} (earlier versions had them).\n",
        _ended(),
        _addresses(),
        _default_models(),
    ]
    return "".join(parts)


FIELD_HEADS = ("Field", "Verdicts", "What becomes of it")


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _field_rows(struct: Struct, path: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """A row for the known fields that fare alike, in the order of the tables of fields."""
    before: tuple[str, str] | None = None
    fields: list[str] = []
    for place, shown in _leaves(struct, path, ""):
        judge = _judge_of(place)
        verdicts = ", ".join(verdict for verdict in VERDICTS if verdict in _can_say(judge))
        said = verdicts, " ".join(cleandoc(judge.__doc__ or "").split())
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
            elif function.__globals__.get("__name__", "").startswith("one_adapter.plan.verdicts"):
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
            f"{kind}{', ' + special if special else ''}",
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
    return row.verdict


def _credentials(plan: Plan, kind: str, given: Mapping[str, str]) -> str:
    parts = []
    for name in given:
        row = next(r for r in plan.ledger if r.pointer == f"/services/{kind}/0/credentials/{name}")
        target = f" → `{row.target}`" if row.target else ""
        parts.append(f"`{name}` {row.verdict}{target}")
    secrets = {ref.field for _, ref in plan.routes[0].targets[0].upstream.keys if ref.successor}
    parts += [f"**to be created:** `{field}`" for field in sorted(secrets)]
    return "<br>".join(parts) or "none"


def _documentation() -> str:
    return ", ".join(f"[{name}]({row.documentation})" for name, row in SERVICE_TYPES.items())


def _ended() -> str:
    rows: list[tuple[str, str, str]] = [(kind, "the whole service", f"{what_ended(kind)}.") for kind in ENDED]
    for kind, retired in RETIRED.items():
        models = ", ".join(f"`{model.replace('*', '…')}`" for model in retired.models)
        rows.append((kind, models, f"{retired.notice}; {retired.instead}."))
    table = _table(("Type", "What ended", "What to do"), rows)
    return f"\n## What vendors have ended\n\nThe report lists these as things to do.\n\n{table}"


def _addresses() -> str:
    rows = []
    for row in OPENAI_HOSTS:
        special = [f"parameters are kept in range ({row.guard})"] if row.guard else []
        special += ["models are called `vendor/model`"] if row.vendor_slash_model else []
        rows.append((row.name, f"`{row.base}`", "; ".join(special)))
    known = _table(("Vendor", "`server_url`", "Special"), rows)
    typed = [(kind, SERVICE_TYPES[kind].url) for kind in OPENAI_SHAPED if SERVICE_TYPES[kind].url]
    by_name = [(f"`{prefix}…`", f"`{url}`") for prefix, url in defaults.DEFAULT_URLS]
    openai = ", ".join(f"`{prefix}…`" for prefix in OPENAI_MODELS)
    by_name += [(f"{openai}, type openai", f"`{OPENAI_HOSTS[0].base}`")]
    by_name += [(f"any other, type {kind}", f"`{url}`") for kind, url in typed]
    default = _table(("Upstream model", "Address"), by_name)
    return (
        "\n## Addresses\n\nVendors of type `openai` that are known by their host; any other host is as good. "
        f"What ends in `/chat/completions` is cut before it.\n\n{known}\n"
        "Without `server_url`, for the types openai, deepseek, zhipu and groq; the first line to fit counts. "
        f"Embeddings of such a service go to `{defaults.EMBEDDING_URL}`.\n\n{default}"
    )


def _default_models() -> str:
    rows = [
        (kind, ", ".join(f"`{model}`" for model in models))
        for kind, models in sorted(defaults.DEFAULT_MODELS.items())
    ]
    table = _table(("Type", "Models of an enabled service that lists none"), rows)
    return f"\n## Default models\n\nThe gateway's own, of 2024; many are retired by now.\n\n{table}"


if __name__ == "__main__":
    sys.stdout.write(conversion_page())
