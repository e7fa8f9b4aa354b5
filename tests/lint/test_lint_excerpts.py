"""Excerpts: the caret stands under the exact token, and no secret is ever shown."""

from __future__ import annotations

import json

import pytest

from one_adapter.config.document import Document, parse
from one_adapter.finding import Finding
from one_adapter.language import width
from one_adapter.lint import judge, render_text
from one_adapter.lint.output.excerpt import WIDTH_COLUMNS, excerpt, harmless
from one_adapter.lint.output.masking import Secrets

CANARY = "sk-CANARY-4f9a1c2b3d4e5f60"


def one(document: Document, code: str) -> Finding:
    """The only finding of a rule."""
    (finding,) = [found for found in judge(document) if found.code == code]
    return finding


def under_caret(document: Document, finding: Finding) -> str:
    """The text that stands above the carets, counted in columns of a terminal."""
    shown = excerpt(document, finding.span, Secrets(document))
    assert shown is not None
    start = len(shown.carets) - len(shown.carets.lstrip())
    end, column, picked = len(shown.carets), 0, ""
    for char in shown.text:
        if start <= column < end:
            picked += char
        column += width(char)
    return picked


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "load_balancing": "weighted"\n}',
        '{\n\t"load_balancing":\t"weighted"\n}',
        '{\r\n  "load_balancing": "weighted"\r\n}',
        '{"x智谱": "清言", "load_balancing": "weighted"}',
        '{"e\u0301": "\u200b", "load_balancing": "weighted"}',
        "{" + '"x": [' + "1," * 5000 + '1], "load_balancing": "weighted", "y": [' + "1," * 5000 + "1]}",
        "{" + "\n" * 10_000 + '"load_balancing": "weighted"}',
    ],
    ids=["plain", "tabs", "crlf", "chinese", "combining", "minified", "10,000 lines"],
)
def test_the_caret_stands_under_the_value(text: str) -> None:
    document = parse(text.encode(), "config.json")
    finding = one(document, "SOA202")
    assert document.text[finding.span.start : finding.span.end] == '"weighted"'
    assert under_caret(document, finding) == '"weighted"'


@pytest.mark.parametrize(
    "text", ["\ufeff智: 谱\nload_balancing: weighted\n", "\ufeffload_balancing: weighted"]
)
def test_the_caret_stands_under_the_value_in_yaml_with_a_mark(text: str) -> None:
    document = parse(text.encode(), "config.yaml")
    assert under_caret(document, one(document, "SOA202")) == "weighted"


def test_the_caret_of_a_wrong_chinese_value_is_twice_as_wide() -> None:
    document = parse('{"load_balancing": "轮询"}'.encode(), "config.json")
    shown = excerpt(document, one(document, "SOA202").span, Secrets(document))
    assert shown is not None
    assert shown.carets.strip() == "^" * 6


def test_a_long_line_is_cut_around_the_caret() -> None:
    text = '{"a":"' + "b" * 3000 + '","load_balancing":"x","c":"' + "d" * 3000 + '"}'
    document = parse(text.encode(), "config.json")
    shown = excerpt(document, one(document, "SOA202").span, Secrets(document))
    assert shown is not None
    assert len(shown.text) == WIDTH_COLUMNS + 2
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")


def test_an_empty_text_has_no_excerpt() -> None:
    document = parse(b"", "config.json")
    assert excerpt(document, one(document, "SOA003").span, Secrets(document)) is None
    assert "SOA003" in render_text(judge(document), document)


def test_control_and_direction_characters_never_reach_the_terminal() -> None:
    text = '{"\\u001b[31m": 1, "\u202eevil\x7f": 1}'
    document = parse(text.encode(), "conf\x1b[2Jig.json")
    shown = render_text(judge(document), document)
    assert not any(char in shown for char in "\x1b\u202e\x7f")
    assert harmless("a\x07b") == "a·b"


def secret_places() -> list[dict[str, object]]:
    """Configurations with findings on the line of a secret."""
    entry = {"models": "m", "enabled": True}
    return [
        {"api_key": CANARY, "zzz": 1},
        {"api_keys": [{"api_key": CANARY}, {"api_key": CANARY}]},
        {"api_key": "other", "api_keys": [{"api_key": CANARY, "supported_models": {"a": [CANARY[:3]]}}]},
        {
            "services": {
                "openai": [
                    {
                        **entry,
                        "credentials": {"api_key": CANARY, "API_KEY": CANARY, "odd": {"deep": [CANARY]}},
                    }
                ]
            }
        },
        {
            "services": {
                "openai": [{**entry, "credential_list": [{"api_key": CANARY, "limit": {"qps": 0.5}}]}]
            }
        },
        {"services": {"xinghuo": [{**entry, "credentials": {"appid": CANARY, "api_secret": CANARY}}]}},
        {
            "services": {
                "openai": [{**entry, "server_url": f"http://me:{CANARY}@example.com/v1?key={CANARY}"}]
            }
        },
        {"services": {"openai": [{**entry, "server_url": f"ftp://me:{CANARY}@example.com"}]}},
        {"services": {"openai": [{**entry, "server_url": f"https://host:{CANARY}/"}]}},
        {"proxy": {"strategy": "all", "type": "http", "http_proxy": f"http://me:{CANARY}@h x:1"}},
        {"my_token": CANARY, "password": {"x": CANARY}},
        {"services": {"openai": [{**entry, "credentials": CANARY}]}},
        {"services": {"openai": {"credentials": {"api_key": CANARY}}}},
    ]


@pytest.mark.parametrize("value", secret_places(), ids=range(len(secret_places())))
@pytest.mark.parametrize("name", ["config.json", "config.yaml"])
def test_no_secret_is_in_what_is_printed(value: dict[str, object], name: str) -> None:
    document = parse(json.dumps(value).encode(), name)
    findings = judge(document)
    assert findings
    shown = render_text(findings, document)
    assert CANARY not in shown
    assert all(CANARY not in json.dumps(finding.to_json()) for finding in findings)


def test_no_secret_is_in_what_is_printed_of_a_text_that_cannot_be_read() -> None:
    whole = json.dumps(secret_places()[3], indent=None)
    for cut in range(1, len(whole)):
        for broken in (whole[:cut], whole[:cut] + whole[cut + 1 :], whole[:cut] + '"' + whole[cut:]):
            document = parse(broken.encode(), "config.json")
            if document.root is None:
                assert CANARY[3:20] not in render_text(judge(document), document), broken


def test_a_mask_keeps_the_place_of_everything_else() -> None:
    text = '{"api_key": "' + CANARY + '", "load_balancing": "x"}'
    document = parse(text.encode(), "config.json")
    finding = one(document, "SOA202")
    assert under_caret(document, finding) == '"x"'
    assert f'"api_key": "{"*" * len(CANARY)}"' in render_text([finding], document)


def test_a_secret_behind_an_anchor_is_one_as_well() -> None:
    text = f"x: &k {CANARY}\nservices: {{openai: [{{credentials: {{api_key: *k}}}}]}}\n"
    document = parse(text.encode(), "config.yaml")
    assert CANARY not in render_text(judge(document), document)


def test_a_limit_in_a_credential_is_no_secret() -> None:
    text = '{"services": {"openai": [{"credentials": {"limit": {"qps": 0.5}, "domain": "d"}}]}}'
    document = parse(text.encode(), "config.json")
    assert Secrets(document).mask(0, len(text)) == text
