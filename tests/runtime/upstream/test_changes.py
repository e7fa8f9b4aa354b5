"""What the gateway itself changes of a client's body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.json_object import JsonObject
from one_adapter.runtime.upstream.shaping import changes


def sent(kind: str, body: str, **policy: Any) -> str:
    """The body as an upstream gets it."""
    read = JsonObject.read(body.encode())
    return read.render(changes(read.fields, kind, Policy(upstream_model="up", **policy))).decode()


class TestChats:
    def test_only_the_model_is_another(self) -> None:
        body = '{"model":"m","messages":[{"role":"user","content":"hi"}],"n":"2","x":null,"temperature":1.0}'
        assert sent("chat", body) == body.replace('"m"', '"up"')

    @pytest.mark.parametrize("role", ["system", "developer", "tool", "anything"])
    def test_a_role_stays_as_it_was_sent_whatever_the_model(self, role: str) -> None:
        body = f'{{"model":"up","messages":[{{"role":"{role}","content":"hi"}}]}}'
        assert sent("chat", body) == body

    def test_messages_that_are_missing_are_null_for_the_upstream_to_refuse(self) -> None:
        assert json.loads(sent("chat", '{"model":"m"}')) == {"model": "up", "messages": None}
        assert json.loads(sent("chat", '{"model":"m","messages":null}'))["messages"] is None

    def test_parts_become_text_where_the_model_takes_text_only(self) -> None:
        body = '{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}'
        assert json.loads(sent("chat", body, flatten_parts=True))["messages"][0]["content"] == "a"
        assert json.loads(sent("chat", body)) == json.loads(body) | {"model": "up"}

    def test_messages_without_parts_go_on_as_they_were_written(self) -> None:
        body = '{"model":"m","messages":[ {"role":"user","content":"hi","weight":1.0} ]}'
        assert sent("chat", body, flatten_parts=True) == body.replace('"m"', '"up"')

    @pytest.mark.parametrize(
        ("guard", "given", "after"),
        [
            (
                "glm",
                '"temperature":1.5,"top_p":0.50,"max_tokens":9999',
                '"temperature":0.99,"top_p":0.50,"max_tokens":4095',
            ),
            ("glm", '"temperature":0.0', '"temperature":0.0'),
            ("groq", '"logprobs":true,"n":3,"temperature":0', '"n":1,"temperature":0.1'),
            ("groq", '"temperature":1.0,"top_k":1', '"temperature":1.0,"top_k":1'),
        ],
    )
    def test_a_guard_changes_what_the_vendor_refuses_and_nothing_else(
        self, guard: str, given: str, after: str
    ) -> None:
        body = '{"model":"m","messages":[],%s}'
        assert sent("chat", body % given, guards=(guard,)) == (body % after).replace('"m"', '"up"')


class TestOtherKinds:
    def test_embeddings_leave_nulls_out_and_may_have_a_model_of_their_own(self) -> None:
        body = '{"model":"m","input":"x","dimensions":null,"user":null,"encoding_format":"float"}'
        assert sent("embeddings", body) == '{"model":"up","input":"x","encoding_format":"float"}'
        assert json.loads(sent("embeddings", body, embedding_model="emb"))["model"] == "emb"

    def test_messages_go_as_they_came(self) -> None:
        body = (
            '{"model":"m","max_tokens":9,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],'
            '"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":[]}],"x":null}'
        )
        assert sent("messages", body, guards=("glm",), flatten_parts=True) == body.replace('"m"', '"up"', 1)
