"""A file that asks clients for no key is said to be open, and is no worse for it."""

from __future__ import annotations

import json

from configurations import openai, service

from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.export.litellm.start_commands import commands_of
from one_adapter.lint import judge
from one_adapter.lint.output.as_text import Judged, open_note
from one_adapter.plan.build import decide


def judged(config: object) -> Judged:
    document = parse(json.dumps(config).encode(), "config.json")
    gateway = read_gateway(document)
    return Judged(document, judge(document, gateway=gateway), gateway)


OPEN = openai(service("m"))


def test_a_file_without_a_key_is_said_to_be_open() -> None:
    assert open_note([judged(OPEN)]).startswith("It asks clients for no key: ")
    assert open_note([judged(OPEN), judged({**OPEN, "api_key": "sk-1"})]).startswith("1 of them ask")


def test_of_a_file_with_a_key_or_one_that_is_refused_nothing_is_said() -> None:
    assert open_note([judged({**OPEN, "api_key": "sk-1"})]) == ""
    assert (
        open_note([judged({**OPEN, "api_keys": [{"api_key": "sk-1", "supported_models": {"*": ["*"]}}]})])
        == ""
    )
    assert open_note([judged({"services": {"nope": []}}), judged({}), judged({"model_list": []})]) == ""


def test_the_commands_for_a_store_take_its_file_and_not_its_revision() -> None:
    plan = decide(parse(json.dumps(OPEN).encode(), "config.json"))
    lines = [command.line for command in commands_of("my/x.db#12", plan, pure=False)]
    assert "one-adapter run my/x.db" in lines
    assert not any("#" in line for line in lines)
