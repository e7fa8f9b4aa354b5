"""Servers that speak OpenAI's protocol on loopback, each with the changes a test plants in it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-the-clients-own-key"
WORDS = ("hello", "good", "day", "friend", "how", "are", "you", "你好")


@dataclass
class Ways:
    """How a server behaves: as a good one does, unless something is planted."""

    names: tuple[str, ...] = ("deepseek-chat", "通义千问", "text-embedding-v3")
    upstreams: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """name -> places (address, model, key), one of which is drawn for each request."""
    is_echo: bool = False
    key: str = KEY
    delay: float = 0.0
    is_system_lost: bool = False
    has_finish: bool = True
    has_tools: bool = True
    has_usage: bool = True
    has_done: bool = True
    is_streaming: bool = True
    unknown_status: int = 400
    wrong_key_status: int = 401
    status: dict[str, int] = field(default_factory=dict)
    """name -> the status that all questions about it get."""
    every: int = 1
    """Every how many requests of a name in `status` fail."""
    has_more_routes: bool = True
    answers_as: str = ""
    """The name of the model in every answer; "" is the one that was asked for."""
    dimensions: int = 8
    extra: dict[str, Any] = field(default_factory=dict)
    """Further fields of whole answers."""
    shares: tuple[float, ...] = ()
    says: str = ""
    """What every answer says; "" is something by chance."""
    piece_chars: int = 12
    """Characters of a piece at most; 0 is all in one."""
    error_type: str = "invalid_request_error"
    message: str = ""
    """What every upstream gets as the client's last message; "" is what the client said."""
    are_tools_kept: bool = True
    """Whether an echo's upstream gets the tools."""
    is_prompt_counted: bool = True
    """Whether a prompt's tokens are counted, and not said by chance."""
    is_gateway: bool = False
    """Whether errors have the old gateway's form."""
    models_status: int = 200
    is_usage_zero: bool = False
    calls_as: str = ""
    """What is wrong with calls of tools: "object" for their arguments, "no id"."""
    choices: int = 1
    object_word: str = ""
    """What answers call themselves in place of OpenAI's word."""
    reasoning: str = ""


class Gateway(ThreadingHTTPServer):
    """One running server; `seen` are the requests it had: (method, path, authorization, body)."""

    daemon_threads = True

    def __init__(self, ways: Ways) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ways = ways
        self.seen: list[tuple[str, str, str, dict[str, Any]]] = []
        self.most_at_once = self.now = 0
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """A client that leaves is no error here."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        ways = self.server.ways
        self.note({})
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in ways.names]
        if not self.is_let_in():
            return
        if self.path != "/v1/models" or ways.models_status != 200:
            self.fail(ways.models_status if ways.models_status != 200 else 404, "no list")
        else:
            self.send({"object": "list", "data": data})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        self.note(body)
        ways = self.server.ways
        if not self.is_let_in():
            return None
        routes = {"/v1/chat/completions": self.chat, "/v1/embeddings": self.embed}
        if ways.has_more_routes:
            routes |= {"/v1/responses": self.respond, "/v1/messages": self.message}
        if self.path not in routes:
            return self.fail(404, "not found")
        model = body.get("model", "")
        if model not in (*ways.names, *ways.upstreams):
            return self.fail(ways.unknown_status, f"model {model} not found", "model_not_found")
        if model in ways.status and random.random() < 1 / ways.every:
            return self.fail(ways.status[model], "no")
        if ways.delay:
            time.sleep(ways.delay)
        with self.server.lock:
            self.server.now += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.now)
        try:
            return routes[self.path](body, model)
        finally:
            with self.server.lock:
                self.server.now -= 1

    def note(self, body: dict[str, Any]) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("authorization", ""), body))

    def is_let_in(self) -> bool:
        ways = self.server.ways
        if not ways.key or self.headers.get("authorization") == f"Bearer {ways.key}":
            return True
        self.fail(ways.wrong_key_status, "key is not valid")
        return False

    def fail(self, status: int, text: str, code: str = "no") -> None:
        error: Any = {"message": text, "type": self.server.ways.error_type, "param": None, "code": code}
        self.send({"error": text if self.server.ways.is_gateway else error}, status)

    def send(self, body: Any, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def stream(self, events: list[Any], has_done: bool = True) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in events:
            head = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{head}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        if has_done:
            self.wfile.write(b"data: [DONE]\n\n")

    def text(self, body: dict[str, Any], model: str) -> str:
        ways = self.server.ways
        if ways.says:
            return ways.says.strip()
        if not ways.is_echo:
            return " ".join(random.choices(WORDS, k=random.randint(1, 16)))
        places = ways.upstreams.get(model) or [("https://api.example/v1", model, "...cret")]
        address, name, key = random.choices(places, ways.shares[: len(places)] or None)[0]
        messages = body.get("messages") or [{"content": body.get("input", "")}]
        if ways.is_system_lost:
            messages = [each for each in messages if each.get("role") != "system"]
        roles = ",".join(each.get("role", "") for each in messages) if len(messages) > 1 else ""
        message = ways.message or messages[-1]["content"]
        said = f"POST {address}/chat/completions model={name} key={key} message={message}"
        tools = [each["function"]["name"] for each in body.get("tools", []) if ways.are_tools_kept]
        return said + (f" roles={roles}" if roles else "") + (f" tools={','.join(tools)}" if tools else "")

    def usage(self, body: dict[str, Any], text: str) -> dict[str, int]:
        messages = [
            *body.get("messages", []),
            {"content": str(body.get("system") or body.get("instructions") or "")},
        ]
        if self.server.ways.is_system_lost:
            messages = [each for each in messages if each.get("role") == "user"]
        prompt = 5 + sum(len(str(each["content"])) // 4 for each in messages)
        prompt = prompt if self.server.ways.is_prompt_counted else random.randint(1, 400)
        answer = max(1, len(text.split()))
        if self.server.ways.is_usage_zero:
            prompt = answer = 0
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}

    def chat(self, body: dict[str, Any], model: str) -> None:
        ways = self.server.ways
        text = self.text(body, model)
        named = {"id": f"c-{random.random()}", "created": int(time.time()), "model": ways.answers_as or model}
        usage = {"usage": self.usage(body, text)} if ways.has_usage else {}
        called = bool(body.get("tools")) and ways.has_tools and not ways.is_echo
        arguments = json.dumps({"city": random.choice(["Paris", "巴黎", "Paris, France"])})
        call = {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": arguments}}
        if ways.calls_as == "no id":
            del call["id"]
        is_object = ways.calls_as == "object"
        if is_object:
            call["function"] = {"name": "get_time", "arguments": json.loads(arguments)}
        thought = {"reasoning_content": ways.reasoning} if ways.reasoning else {}
        finish = "tool_calls" if called else random.choice(["stop", "length"])
        finishes = {"finish_reason": finish} if ways.has_finish else {}
        if not body.get("stream") or not ways.is_streaming:
            message = {"role": "assistant", "content": None if called else text}
            message |= ({"tool_calls": [call]} if called else {}) | thought
            choices = [{"index": at, "message": message, **finishes} for at in range(ways.choices)]
            word = ways.object_word or "chat.completion"
            return self.send({**named, "object": word, "choices": choices, **usage, **ways.extra})
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        if thought:
            deltas.append(thought)
        if called and is_object:
            deltas.append({"tool_calls": [{"index": 0, **call}]})
        elif called:
            half = len(arguments) // 2
            deltas.append(
                {"tool_calls": [{"index": 0, **call, "function": {"name": "get_time", "arguments": ""}}]}
            )
            deltas += [
                {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
                for part in (arguments[:half], arguments[half:])
            ]
        else:
            deltas += [{"content": part} for part in self.cut(text)]
        chunk = {**named, "object": ways.object_word or "chat.completion.chunk"}
        every = range(ways.choices)
        events: list[Any] = [
            {**chunk, "choices": [{"index": at, "delta": delta, "finish_reason": None} for at in every]}
            for delta in deltas
        ]
        events.append({**chunk, "choices": [{"index": at, "delta": {}, **finishes} for at in every]})
        if usage and (body.get("stream_options") or {}).get("include_usage"):
            events.append({**chunk, "choices": [], **usage})
        return self.stream(events, ways.has_done)

    def cut(self, text: str) -> Iterator[str]:
        """The text in pieces of any length."""
        while text:
            most = self.server.ways.piece_chars
            length = random.randint(1, most) if most else len(text)
            yield text[:length]
            text = text[length:]

    def embed(self, body: dict[str, Any], model: str) -> None:
        ways = self.server.ways
        rows = [
            {
                "object": "embedding",
                "index": at,
                "embedding": [random.random() for _ in range(ways.dimensions)],
            }
            for at in range(len(body["input"]))
        ]
        count = 0 if ways.is_usage_zero else 4
        usage = {"usage": {"prompt_tokens": count, "total_tokens": count}} if ways.has_usage else {}
        self.send({"object": "list", "model": ways.answers_as or model, "data": rows, **usage})

    def respond(self, body: dict[str, Any], model: str) -> None:
        ways = self.server.ways
        text, usage = self.text(body, model), {}
        if ways.has_usage:
            counts = self.usage(body, text)
            usage = {
                "usage": {
                    "input_tokens": counts["prompt_tokens"],
                    "output_tokens": counts["completion_tokens"],
                    "total_tokens": counts["total_tokens"],
                }
            }
        response = {"id": "r", "object": "response", "model": ways.answers_as or model, "output": []}
        kind = random.choice(["completed", "incomplete"])
        details = {"incomplete_details": {"reason": "max_output_tokens"}} if kind == "incomplete" else {}
        status = {"status": kind} if ways.has_finish else {}
        deltas = [{"type": "response.output_text.delta", "delta": part} for part in self.cut(text)]
        ended = {"type": f"response.{kind}", "response": {**response, **status, **usage, **details}}
        started = {"type": "response.created", "response": {**response, "status": "in_progress"}}
        self.stream([started, *deltas, ended], has_done=False)

    def message(self, body: dict[str, Any], model: str) -> None:
        ways = self.server.ways
        text, counts = self.text(body, model), {}
        if ways.has_usage:
            prompt = self.usage(body, text)["prompt_tokens"]
            counts = {"usage": {"input_tokens": prompt, "output_tokens": 0}}
        message = {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": ways.answers_as or model,
            **counts,
        }
        stopped = {"stop_reason": random.choice(["end_turn", "max_tokens"])} if ways.has_finish else {}
        usage = {"usage": {"output_tokens": 0 if ways.is_usage_zero else 4}} if ways.has_usage else {}
        pings = [{"type": "ping"}] if random.random() < 0.5 else []
        deltas = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
            for part in self.cut(text)
        ]
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        ends = [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {**stopped}, **usage},
            {"type": "message_stop"},
        ]
        self.stream(
            [{"type": "message_start", "message": message}, start, *pings, *deltas, *ends], has_done=False
        )


@contextmanager
def running(ways: Ways) -> Iterator[Gateway]:
    """A server that ends with the block."""
    server = Gateway(ways)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
