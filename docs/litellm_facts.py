"""Reads an installed LiteLLM: names of settings with their types, words, models. No sentence of it is kept.

Run with the Python of that LiteLLM, it prints them as JSON; `litellm_tables.py` runs it.
"""

from __future__ import annotations

import ast
import gc
import importlib.metadata
import inspect
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Key = dict[str, Any]
_SIMPLE = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}
_LISTS = ("list", "List", "Sequence", "Set", "set", "tuple", "Tuple", "Iterable")
_OBJECTS = ("dict", "Dict", "Mapping", "TypedDict")
_ORDER = ("boolean", "integer", "number", "string", "array", "object", "null")
#: Objects whose own keys are told in a table: the model's name -> the table's.
TABLES = {
    "RetryPolicy": "retry_policy",
    "AllowedFailsPolicy": "allowed_fails_policy",
    "CoordinationRedisParams": "coordination_redis",
    "PassThroughGenericEndpoint": "pass_through_endpoint",
    "SlackAlertingArgs": "alerting_args",
    "RouterGeneralSettings": "router_general_settings",
    "RoutingGroup": "routing_group",
    "LiteLLM_UpperboundKeyGenerateParams": "upperbound_key_params",
    "DefaultInternalUserParams": "internal_user_params",
    "ModelGroupSettings": "model_group_settings",
    "PriorityReservationSettings": "priority_reservation_settings",
}


def of_schema(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Key:
    """A key's type out of a JSON schema."""
    types: set[str] = set()
    found: Key = {}
    values: list[str] = []
    for part in _alternatives(schema, defs):
        name = str(part.get("title", ""))
        if "enum" in part or "const" in part:
            values += [str(one) for one in part.get("enum", [part.get("const")]) if one is not None]
        kind = part.get("type")
        if kind is None and "enum" not in part and "const" not in part:
            return {}
        types.update([kind] if isinstance(kind, str) else kind or ["string"])
        if kind == "array":
            items = of_schema(part.get("items", {}), defs)
            found |= {"items": items["type"]} if "type" in items else {}
            found |= {"table": items["table"]} if "table" in items else {}
            found |= {"values": items["values"]} if "values" in items else {}
        if name in TABLES and kind == "object":
            found["table"] = TABLES[name]
    if values and types <= {"string", "null"}:
        found["values"] = values
    return {"type": "|".join(sorted(types, key=_ORDER.index)), **found} if types else {}


def _alternatives(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    while "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            for part in schema[word]:
                yield from _alternatives(part, defs)
            return
    yield schema


def of_type(annotation: Any) -> Key:
    """A key's type out of an annotation; nothing where pydantic knows none."""
    from pydantic import TypeAdapter

    if annotation in (inspect.Parameter.empty, Any):
        return {}
    try:
        schema = TypeAdapter(annotation).json_schema()
    except Exception:
        return of_text(str(annotation).replace("typing.", ""))
    return of_schema(schema, schema.get("$defs", {}))


def of_text(text: str) -> Key:
    """A key's type out of an annotation as written."""
    try:
        types, values = _of_tree(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        return {}
    found = {"values": values} if values and types <= {"string", "null"} else {}
    return {"type": "|".join(sorted(types, key=_ORDER.index)), **found} if types else {}


def _of_tree(node: ast.expr) -> tuple[set[str], list[str]]:
    if isinstance(node, ast.Constant):
        if node.value is None:
            return {"null"}, []
        return _of_tree(ast.parse(str(node.value), mode="eval").body)
    if isinstance(node, ast.BinOp):
        left, right = _of_tree(node.left), _of_tree(node.right)
        return left[0] | right[0], left[1] + right[1]
    name = ast.unparse(node).partition("[")[0].rpartition(".")[2]
    inner = node.slice if isinstance(node, ast.Subscript) else None
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner] if inner is not None else []
    if name in ("Optional", "Union", "Final", "ClassVar"):
        both = [_of_tree(part) for part in parts]
        more = {"null"} if name == "Optional" else set()
        return more.union(*(one[0] for one in both)), [word for one in both for word in one[1]]
    if name == "Literal":
        return {"string"}, [str(one.value) for one in parts if isinstance(one, ast.Constant)]
    if name in _SIMPLE:
        return {_SIMPLE[name]}, []
    if name in _LISTS:
        return {"array"}, []
    if name in _OBJECTS:
        return {"object"}, []
    raise ValueError(name)


def of_model(model: Any) -> dict[str, Key]:
    """The fields of a pydantic model, by the name that a file uses."""
    found = {}
    for name, field in model.model_fields.items():
        needed = {"required": True} if field.is_required() else {}
        found[str(field.alias or name)] = {**of_type(field.annotation), **needed}
    return found


def of_typed(model: Any) -> dict[str, Key]:
    """The keys of a TypedDict, of itself and of what it inherits."""
    from typing import get_type_hints

    needed = model.__required_keys__
    return {
        name: {**of_type(kind), **({"required": True} if name in needed else {})}
        for name, kind in get_type_hints(model).items()
    }


def of_signature(function: Callable[..., Any], without: Iterable[str] = ()) -> dict[str, Key]:
    """The parameters of a function that have a name."""
    skipped = {"self", "kwargs", "args", *without}
    return {
        name: of_type(one.annotation)
        for name, one in inspect.signature(function).parameters.items()
        if name not in skipped and not name.startswith("_")
    }


def reads(tree: ast.AST, names: Iterable[str]) -> set[str]:
    """The keys read from objects with these names: by get, in brackets, by `in`."""
    names = set(names)
    found = set()
    for node in ast.walk(tree):
        key: ast.expr | None = None
        held: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in ("get", "pop", "setdefault"):
                key, held = node.args[0], node.func.value
        elif isinstance(node, ast.Subscript):
            key, held = node.slice, node.value
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            key, held = node.left, node.comparators[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and _name(held) & names:
            found.add(key.value)
    return found


def _name(node: ast.expr | None) -> set[str]:
    """What an object is called: `x`, `y.x`, `(x or {})`, `cast(X, x)`."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.BoolOp):
        return set().union(*map(_name, node.values))
    if isinstance(node, ast.Call) and node.args:
        return set().union(*map(_name, node.args))
    if isinstance(node, ast.Await):
        return _name(node.value)
    return set()


class Sources:
    """The source of LiteLLM and of its enterprise part, as syntax trees."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self._trees: dict[Path, ast.Module] = {}

    def tree(self, path: str) -> ast.Module:
        """The tree of one module."""
        return self._parsed(self.package / path)

    def _parsed(self, path: Path) -> ast.Module:
        if path not in self._trees:
            self._trees[path] = ast.parse(path.read_text(encoding="utf-8"))
        return self._trees[path]

    def with_word(self, words: Iterable[str], folder: str = "") -> Iterator[ast.Module]:
        """The trees of all modules in whose text one of the words stands."""
        words = tuple(words)
        roots = [self.package / folder]
        roots += [] if folder else [self.package.parent / "litellm_enterprise"]
        for path in sorted(one for root in roots for one in root.rglob("*.py")):
            text = path.read_text(encoding="utf-8", errors="replace")
            if any(word in text for word in words):
                yield self._parsed(path)


SETTINGS = ("general_settings", "_general_settings", "proxy_general_settings", "typed_general_settings")


def general_settings(sources: Sources) -> dict[str, Key]:
    """The keys of general_settings, by three detectors: declared, read, handed to who reads by name."""
    from litellm.proxy._types import ConfigGeneralSettings

    found = of_model(ConfigGeneralSettings)
    trees = list(sources.with_word(["general_setting"]))
    readers = _readers(trees)
    for tree in trees:
        for one in sorted(reads(tree, SETTINGS) | _through_names(tree) | _handed(tree, readers)):
            found.setdefault(one, {})
    return {name: key for name, key in found.items() if re.fullmatch(r"[a-z][a-z0-9_]+", name)}


def _through_names(tree: ast.AST) -> set[str]:
    """What a function reads through another name for general_settings, as far as it gives it one."""
    found: set[str] = set()
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = {
                target.id
                for node in ast.walk(function)
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
                if isinstance(target, ast.Name) and _is_settings(node.value)
            }
            found |= reads(function, names) if names else set()
    return found


def _is_settings(value: ast.expr) -> bool:
    """Whether an expression is general_settings: by its name, taken out of something, validated or cast."""
    if isinstance(value, ast.BoolOp):
        return any(map(_is_settings, value.values))
    if isinstance(value, ast.IfExp):
        return _is_settings(value.body) or _is_settings(value.orelse)
    if isinstance(value, ast.Subscript):
        return isinstance(value.slice, ast.Constant) and value.slice.value in SETTINGS
    if isinstance(value, ast.Call) and value.args:
        called = _last(value.func)
        if called in ("get", "getattr"):
            return any(isinstance(one, ast.Constant) and one.value in SETTINGS for one in value.args)
        return ("validate" in called or called in ("cast", "dict")) and any(map(_is_settings, value.args))
    return bool(_name(value) & set(SETTINGS))


def _last(node: ast.expr) -> str:
    """The last name of what is called: `c` of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _readers(trees: Iterable[ast.AST]) -> set[str]:
    """Functions that read general_settings by a name that they are handed."""
    found = set()
    for tree in trees:
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                given = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
                if any(_reads_by(node, given) for node in ast.walk(function)):
                    found.add(function.name)
    return found


def _reads_by(node: ast.AST, given: set[str]) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        key: ast.expr | None = node.args[0] if node.args else None
        held: ast.expr = node.func.value
    elif isinstance(node, ast.Subscript):
        key, held = node.slice, node.value
    else:
        return False
    return isinstance(key, ast.Name) and key.id in given and bool(_name(held) & set(SETTINGS))


def _handed(tree: ast.AST, readers: set[str]) -> set[str]:
    own = {one.name for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    readers = (readers - own) | _readers([tree])
    return {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last(node.func) in readers
        for argument in (*node.args, *(word.value for word in node.keywords))
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def litellm_settings(sources: Sources) -> tuple[dict[str, Key], set[str]]:
    """The keys of litellm_settings, and the names in `litellm` that a setting would overwrite to harm."""
    import litellm

    # Imported by its name, and read as an attribute of the package.
    found: dict[str, Key] = {"set_verbose": {"type": "boolean"}}
    # What begins as a plain value is a setting, also where it is called as the lists of models are.
    plain = set()
    for node in sources.tree("__init__.py").body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = of_text(ast.unparse(node.annotation))
            if isinstance(node.value, ast.Constant):
                plain.add(node.target.id)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, _of_value(node.value))
    for name in _special_keys(_load_config(sources)):
        found.setdefault(name, {})
    for tree in sources.with_word(["litellm_settings", "getattr(litellm"]):
        for name in sorted(reads(tree, ["litellm_settings", "_litellm_settings"]) | _attributes(tree)):
            found.setdefault(name, {})
    harmful = {
        name
        for name in dir(litellm)
        if not name.startswith("_")
        and (callable(getattr(litellm, name, None)) or inspect.ismodule(getattr(litellm, name, None)))
    }
    settings = {
        name: key
        for name, key in found.items()
        if re.fullmatch(r"[a-z][a-z0-9_]+", name)
        and (name not in harmful or name in ("cache", "post_call_rules"))
        and (name in plain or not name.endswith(("_models", "_list", "_endpoints", "_params_list")))
    }
    lists = {name for name in found if name.endswith(("_models", "_endpoints")) and name not in settings}
    return settings, {name for name in harmful | lists if name not in settings}


def _of_value(value: ast.expr) -> Key:
    """A type out of a default, where it is a boolean: others are too often placeholders."""
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        return {"type": "boolean"}
    return {}


def _attributes(tree: ast.AST) -> set[str]:
    return {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
        and ast.unparse(node.args[0]) == "litellm"
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def _load_config(sources: Sources) -> ast.AST:
    tree = sources.tree("proxy/proxy_server.py")
    return next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "load_config"
    )


def _special_keys(function: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == "key":
            for one in ast.walk(node.comparators[0]):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    found.add(one.value)
    return found


def top(sources: Sources) -> set[str]:
    """The keys at the top of the file."""
    tree = sources.tree("proxy/proxy_server.py")
    config = next(
        node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "ProxyConfig"
    )
    return reads(config, ["config"]) - {"force_reload", "interval_hours"}


def parameters(sources: Sources) -> dict[str, Key]:
    """What may stand in litellm_params: declared, known, of a chat call, or read by a vendor."""
    import litellm
    from litellm.types.router import LiteLLM_Params
    from litellm.types.utils import all_litellm_params

    found = of_model(LiteLLM_Params)
    chat = of_signature(litellm.completion)
    names = {*all_litellm_params, *chat, *_chat_names()}
    for tree in sources.with_word(["optional_params", "litellm_params"], "llms"):
        names |= reads(tree, ["optional_params", "litellm_params"])
    for name in sorted(names):
        found.setdefault(name, chat.get(name, {}))
    return {name: key for name, key in found.items() if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", name)}


def _chat_names() -> set[str]:
    from litellm import constants

    found: set[str] = set()
    for name in (
        "DEFAULT_CHAT_COMPLETION_PARAM_VALUES",
        "OPENAI_CHAT_COMPLETION_PARAMS",
        "OPENAI_EMBEDDING_PARAMS",
    ):
        found |= set(getattr(constants, name, ()))
    return found


def guardrails() -> tuple[dict[str, Key], dict[str, Key]]:
    """The keys of an entry of guardrails, and of its litellm_params."""
    from litellm.types import guardrails as kinds

    return of_typed(kinds.Guardrail), of_model(kinds.LitellmParams)


def mcp_server(sources: Sources) -> dict[str, Key]:
    """The keys of an entry of mcp_servers."""
    from litellm.types.mcp_server.mcp_server_manager import MCPServer

    typed = of_model(MCPServer)
    names: set[str] = set()
    for tree in sources.with_word(["load_servers_from_config"], "proxy/_experimental/mcp_server"):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
                and node.name == "load_servers_from_config"
            ):
                names |= reads(node, ["server_config"])
    return {name: typed.get(name, {}) for name in sorted(names | set(typed) - {"server_id"})}


def router_settings() -> dict[str, Key]:
    """The keys of router_settings: what the router takes and the file may set."""
    import litellm
    from litellm import constants

    outside = getattr(constants, "ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG", {"model_list"})
    return of_signature(litellm.Router.__init__, outside)


def words(sources: Sources) -> dict[str, list[str]]:
    """Lists of words that settings may be."""
    import typing

    import litellm
    from litellm.types import guardrails as kinds
    from litellm.types import router
    from litellm.types.caching import LiteLLMCacheType
    from litellm.types.utils import SearchProviders

    named = typing.get_args(litellm._custom_logger_compatible_callbacks_literal)
    return {
        "providers": _values(litellm.provider_list),
        "callbacks": sorted({*named, *_callback_words(sources)}),
        "custom_logger_callbacks": sorted(named),
        "strategies": sorted(
            {*_values(router.RoutingStrategy), *_flat(typing.get_args(router.RoutingStrategyName))}
        ),
        "pre_call_checks": sorted(set(_flat(typing.get_args(router.OptionalPreCallChecks)))),
        "guardrails": _values(kinds.SupportedGuardrailIntegrations),
        "guardrail_modes": _values(kinds.GuardrailEventHooks),
        "cache_types": _values(LiteLLMCacheType),
        "search_providers": _values(SearchProviders),
        "openai_hosts": sorted(set(map(str, litellm.openai_compatible_endpoints))),
    }


def _values(found: Iterable[Any]) -> list[str]:
    return sorted({str(getattr(one, "value", one)) for one in found})


def _flat(found: Iterable[Any]) -> Iterator[str]:
    import typing

    for one in found:
        if isinstance(one, str):
            yield one
        else:
            yield from _flat(typing.get_args(one))


def _callback_words(sources: Sources) -> set[str]:
    """The words that a callback is compared with."""
    found = set()
    trees = [
        sources.tree("litellm_core_utils/litellm_logging.py"),
        sources.tree("proxy/common_utils/callback_utils.py"),
    ]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and "callback" in node.left.id:
            for one in ast.walk(node.comparators[0]):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    found.add(one.value)
    return {one for one in found if re.fullmatch(r"[a-z][a-z0-9_-]+", one)} - {"success", "failure", "input"}


def models() -> dict[str, Any]:
    """Models: who answers to a name without a prefix, the days vendors name, every id."""
    import litellm

    prices = {name: said for name, said in litellm.model_cost.items() if name != "sample_spec"}
    bare: dict[str, list[str]] = {}
    for name in sorted({*prices, *map(str, litellm.model_list)}):
        if "/" not in name:
            try:
                provider = str(litellm.get_llm_provider(name)[1])
            except Exception:
                continue
            bare.setdefault(provider, []).append(name)
    ends = {
        name: str(said["deprecation_date"])[:10]
        for name, said in prices.items()
        if said.get("deprecation_date")
    }
    return {"bare": bare, "ends": ends, "ids": sorted(prices)}


def tables(sources: Sources) -> dict[str, dict[str, Key]]:
    """Every table of keys."""
    import litellm
    from litellm.proxy import _types as proxy
    from litellm.types import router, utils, vector_stores
    from litellm.types.integrations import slack_alerting
    from litellm.types.proxy.management_endpoints import ui_sso

    entry, guarded = guardrails()
    settings, harmful = litellm_settings(sources)
    found: dict[str, dict[str, Key]] = {
        "top": {name: {} for name in sorted(top(sources))},
        "deployment": of_typed(router.DeploymentTypedDict),
        "litellm_params": parameters(sources),
        "model_info": {**{name: {} for name in _price_keys()}, **of_model(router.ModelInfo)},
        "router_settings": router_settings(),
        "litellm_settings": settings,
        "overwrites": {name: {} for name in sorted(harmful) if re.fullmatch(r"[a-z][a-z0-9_]+", name)},
        "general_settings": general_settings(sources),
        "guardrail": entry,
        "guardrail_params": guarded,
        "mcp_server": mcp_server(sources),
        "credential": of_model(utils.CredentialItem),
        "cache_params": of_signature(litellm.Cache.__init__),
        "vector_store": of_typed(vector_stores.LiteLLM_ManagedVectorStore),
        "search_tool": of_typed(router.SearchToolTypedDict),
        "retry_policy": of_model(router.RetryPolicy),
        "allowed_fails_policy": of_model(router.AllowedFailsPolicy),
        "pass_through_endpoint": of_model(proxy.PassThroughGenericEndpoint),
        "upperbound_key_params": of_model(ui_sso.LiteLLM_UpperboundKeyGenerateParams),
        "internal_user_params": of_model(proxy.DefaultInternalUserParams),
        "alerting_args": of_model(slack_alerting.SlackAlertingArgs),
        "router_general_settings": of_model(router.RouterGeneralSettings),
        "priority_reservation_settings": of_model(utils.PriorityReservationSettings),
        "model_group_settings": of_model(router.ModelGroupSettings),
    }
    optional = {
        "coordination_redis": getattr(proxy, "CoordinationRedisParams", None),
        "routing_group": getattr(router, "RoutingGroup", None),
    }
    more: dict[str, dict[str, Key]] = {name: of_model(model) for name, model in optional.items() if model}
    return {**found, **more}


def _price_keys() -> list[str]:
    import litellm

    return sorted(
        {key for said in litellm.model_cost.values() for key in said if re.fullmatch(r"[a-z][a-z0-9_]+", key)}
    )


def facts() -> dict[str, Any]:
    """Everything about the installed LiteLLM."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    warnings.simplefilter("ignore")
    import litellm
    import litellm.proxy._types

    litellm.suppress_debug_info = True
    sources = Sources(Path(litellm.__file__).parent)
    return {
        "version": importlib.metadata.version("litellm"),
        "keys": tables(sources),
        "words": words(sources),
        "models": models(),
    }


if __name__ == "__main__":
    gc.disable()  # it would look for garbage among millions of parts of trees, all of them in use
    told = facts()
    json.dump(told, sys.stdout)
