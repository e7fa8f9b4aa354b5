"""Tokens are read out of the end of an answer's bytes, as each vendor's protocol tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from one_adapter.runtime.record.tokens import Tokens, tokens_of

TEXT = 'she said "usage": {"prompt_tokens": 666}, and I believed her'


def raw(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("piece", "told"),
    [
        (
            raw(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}),
            Tokens(5, 2, 7),
        ),
        (raw(data=[], usage={"prompt_tokens": 5, "total_tokens": 5}), Tokens(5, None, 5)),
        (raw(content=[], usage={"input_tokens": 5, "output_tokens": 2}), Tokens(5, 2)),
        (
            raw(
                output=[],
                usage={
                    "input_tokens": 7,
                    "input_tokens_details": {"cached_tokens": 3},
                    "output_tokens": 5,
                    "total_tokens": 12,
                },
                metadata={"a": "b"},
            ),
            Tokens(7, 5, 12),
        ),
        (
            raw(
                usageMetadata={"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
                modelVersion="m",
            ),
            Tokens(1, 2, 3),
        ),
        (raw(done=True, prompt_eval_count=26, eval_count=290, eval_duration=1), Tokens(26, 290)),
        (raw(choices=[{"usage": {"prompt_tokens": 3, "completion_tokens": 4}}]), Tokens(3, 4)),
        (raw(usage={"prompt_tokens": 3}, choices=[{"message": {"content": TEXT * 9}}]), Tokens(3)),
    ],
)
def test_every_protocol_tells_them_in_its_own_words(piece: bytes, told: Tokens) -> None:
    assert tokens_of([piece]) == told


@pytest.mark.parametrize(
    "piece",
    [
        b"",
        b"{",
        raw(choices=[], usage=None),
        raw(choices=[], usage={}),
        raw(choices=[], usage=[1]),
        raw(choices=[], usage={"prompt_tokens": "5", "completion_tokens": 1.5, "total_tokens": True}),
        raw(choices=[], usage={"prompt_tokens": -1, "completion_tokens": 1 << 60}),
        raw(choices=[{"message": {"content": TEXT}}]),
        raw(choices=[{"message": {"content": "usage", "usage": "high"}}]),
        b'{"usage": {"prompt_tokens": 5',
        b'{"usage": ' + b'{"a":' * 3000,
    ],
)
def test_what_is_not_told_is_not_made_up(piece: bytes) -> None:
    assert tokens_of([piece]) == Tokens()


def test_what_a_client_calls_usage_in_its_tools_is_not_taken_for_it() -> None:
    tools = [{"name": "t", "parameters": {"properties": {"usage": {"type": "string"}}}}]
    told = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    assert tokens_of([raw(usage=told, tools=tools)]) == Tokens(1, 2, 3)


def test_a_stream_tells_them_in_one_of_its_last_pieces() -> None:
    chunk = raw(choices=[{"delta": {"content": "a"}}], usage=None)
    usage = raw(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7})
    pieces = [b"data: %b\n\n" % one for one in (chunk, chunk, usage)]
    assert tokens_of([*pieces, b"data: [DONE]\n\n"]) == Tokens(5, 2, 7)
    assert tokens_of([b"".join(pieces) + b"data: [DONE]\n\n"]) == Tokens(5, 2, 7)


def test_anthropics_streams_tell_the_prompt_at_the_beginning_and_the_rest_at_the_end() -> None:
    start = raw(type="message_start", message={"usage": {"input_tokens": 25, "output_tokens": 1}})
    delta = raw(type="message_delta", usage={"output_tokens": 15})
    assert tokens_of([start, raw(type="content_block_delta"), delta]) == Tokens(25, 15)
    whole = raw(type="message_delta", usage={"input_tokens": 30, "output_tokens": 15})
    assert tokens_of([start, whole]) == Tokens(30, 15)


def test_of_a_large_answer_its_edges_are_looked_at() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    words = [{"message": {"content": "x" * (1 << 20)}}]
    assert tokens_of([raw(choices=words, usage=usage)]) == Tokens(5, 2, 7)
    assert tokens_of([raw(usage=usage, choices=words)]) == Tokens(5, 2, 7)
    assert tokens_of([raw(choices=words, usage=usage, also=words)]) == Tokens()
