"""LIT104, 109, 113 and 203: keys in the entries of model_list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config.node import escape
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.hints import nearest, squeezed
from one_adapter.lint.litellm.rule import rule

#: Words for notes that people make for themselves.
_NOTES = re.compile(r"x-|_|desc(ription)?$|notes?$|comments?$|remarks?$|title$|label$|\$", re.IGNORECASE)
#: Words that people have for the address, the key and so on -> LiteLLM's.
_WORDS = {
    "apikey": "api_key", "key": "api_key", "token": "api_key", "apitoken": "api_key",
    "apibase": "api_base", "baseurl": "api_base", "url": "api_base", "endpoint": "api_base",
    "apiurl": "api_base", "baseuri": "api_base", "apiendpoint": "api_base", "host": "api_base",
    "serverurl": "api_base", "apihost": "api_base", "openaiapibase": "api_base", "openaiapikey": "api_key",
    "apiversion": "api_version", "modelname": "model", "requesttimeout": "timeout",
    "requestsperminute": "rpm", "tokensperminute": "tpm", "qpm": "rpm",
}  # fmt: skip
#: What is said of a model, beside what it supports.
_OF_MODELS = ("model_info", "mode", "max_input_tokens")
_PROVIDERS = ("provider", "model_provider", "llm_provider", "litellm_provider", "api_type")


@rule("LIT104", "unknown-parameter", "warning")
def unknown_parameter(context: Context) -> Iterator[Note]:
    """A parameter is nearly one that LiteLLM knows, and so is taken for one of the vendor's.

    `api_bas` leaves the address at the vendor's default, and your key goes there.

    LiteLLM: sends every parameter it does not know to the vendor, in the body of the request.
    """
    known = context.tables.keys("litellm_params")
    for one in context.deployments:
        for member in context.members(one.params).values() if one.params else ():
            key = member.key
            if key in known or key.startswith("supports_") or key in _PROVIDERS or squeezed(key) == "model":
                continue
            word = _WORDS.get(squeezed(key), "")
            word = word if one.param(word) is None else ""
            meant = word or nearest(key, known, 0.86)
            if meant == "api_base" and one.param("base_url") is None and "://" in str(member.node.value):
                said = tr("LiteLLM does not know {key}: the call goes to the vendor's own address", key=key)
                place = one.at(escape(key))
                advice = tr("Did you mean {name}?", name=meant)
                yield Note(place, member.key_span, said, advice, severity="error")
            elif meant:
                said = tr("LiteLLM does not know {key}, and sends it to the vendor", key=key)
                yield Note(one.at(escape(key)), member.key_span, said, tr("Did you mean {name}?", name=meant))


@rule("LIT109", "entry-level-ignored", "warning")
def entry_level_ignored(context: Context) -> Iterator[Note]:
    """A key stands beside `litellm_params`, where LiteLLM does not read it.

    `rpm`, `timeout` and `api_base` belong under `litellm_params`. An entry itself has a `model_name`,
    `litellm_params` and a `model_info`.

    LiteLLM: keeps it, and does nothing with it.
    """
    known = {**context.tables.keys("deployment"), "blocked": None}
    parameters = context.tables.keys("litellm_params")
    for one in context.deployments:
        for member in context.members(one.node).values():
            key = member.key
            if key in known or (one.params is None and key in parameters):
                continue
            if squeezed(key) in ("modelname", "litellmparams"):
                continue
            meant = nearest(key, known, 0.75)
            if key in parameters:
                advice: str = tr("It belongs under litellm_params.")
            elif key in context.tables.keys("model_info"):
                advice = tr("It belongs under model_info.")
            else:
                advice = tr("Did you mean {name}?", name=meant) if meant else ""
            said = tr("LiteLLM does not read {key} here", key=key)
            severity: Severity | None = "info" if not advice and _NOTES.match(key) else None
            yield Note(f"{one.pointer}/{escape(key)}", member.key_span, said, advice, severity=severity)


@rule("LIT113", "capability-in-params", "warning")
def capability_in_params(context: Context) -> Iterator[Note]:
    """What a model can do is written among the parameters of its calls.

    `supports_vision`, `supports_function_calling` and the like belong under `model_info`.

    LiteLLM: does not read them here. Those it does not know go to the vendor with every request; 1.110 warns
    of those it knows.
    """
    for one in context.deployments:
        for member in context.members(one.params).values() if one.params else ():
            if member.key.startswith("supports_") or member.key in _OF_MODELS:
                said = tr("{key} says nothing among the litellm_params", key=member.key)
                yield Note(
                    one.at(escape(member.key)), member.key_span, said, tr("It belongs under model_info.")
                )


#: What is said of an empty address, and of an empty key.
_EMPTY = (
    (tr("this is empty: the calls go to the vendor's own address"), tr("Write the address, or remove it.")),
    (tr("this is empty: the key is that of the vendor's variable"), tr("Write the key, or remove it.")),
)


@rule("LIT112", "null-where-default-was-meant", "error")
def null_where_default_was_meant(context: Context) -> Iterator[Note]:
    """A setting is there without a value, which is not the same as leaving it out.

    LiteLLM: takes `routing_strategy:` for a strategy of that name, and every call ends with an error. An
    empty `api_base` or `api_key` counts as none: the calls go to the vendor's own address, with the key of
    its variable. Of these it is a warning.
    """
    for one in context.deployments:
        for key in ("api_base", "base_url", "api_key"):
            value = one.param(key)
            if value is not None and value.value in (None, ""):
                yield context.key_note(one.at(key), *_EMPTY[key == "api_key"], severity="warning")
    node = context.find("/router_settings/routing_strategy")
    if node is not None and node.kind == "null":
        said = tr("routing_strategy is empty, and so no deployment is ever chosen")
        advice = tr("Remove it, or write simple-shuffle, which is the default.")
        yield context.key_note("/router_settings/routing_strategy", said, advice)
