"""Stand-ins for iFlytek Spark, Dify and Volcengine Ark on loopback: strict, and able to misbehave.

The first part of a path names the vendor, the second a scenario: `/spark/silent`, `/dify/late-error`.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import hmac
import json
import re
import ssl
import threading
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import WSMsgType, web
from certificates import self_signed

VECTORS = Path(__file__).parent.parent / "vectors"
SPARK_ID, SPARK_KEY, SPARK_SECRET = "canaryid", "canary-spark-key-4411", "canary-spark-secret-4412"
DIFY_KEY = "app-canary-dify-key-4413"
ACCESS_KEY, SECRET_KEY = "canary-access-key-4414", "canary-secret-key-4415"
#: The environment in which the providers find them.
CREDENTIALS = {
    "CANARY_APPID": SPARK_ID,
    "CANARY_API_SECRET": SPARK_SECRET,
    "CANARY_API_KEY": SPARK_KEY,
    "CANARY_DIFY_API_KEY": DIFY_KEY,
    "CANARY_ARK_ACCESS_KEY": ACCESS_KEY,
    "CANARY_ARK_SECRET_KEY": SECRET_KEY,
}
SYSTEM_DOMAINS = {"generalv3.5", "max-32k", "4.0Ultra", "own"}


def samples(vendor: str, part: str = "samples") -> dict[str, Any]:
    """The recorded answers of a vendor by name."""
    return {one["name"]: one for one in json.loads((VECTORS / f"{vendor}.json").read_text())[part]}


def _sample(vendor: str, scenario: str) -> Any:
    name = scenario.removeprefix("sample-")
    return samples(vendor).get(name) if name != scenario else None


class Vendors:
    """One server for all three; `calls` holds what it was asked, `live` how many streams are open."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.live = 0
        self.pause = 0.1  # seconds between the pieces of a slow answer
        self.cut = 0  # answers that the caller left before their end
        self.minted = 0
        self.revoked: set[str] = set()
        self.port = self.tls_port = 0
        self.certificate = ""  # of the TLS port, as PEM text
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> Vendors:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def url(self, vendor: str, scenario: str, tls: bool = False) -> str:
        scheme = ("ws" if vendor == "spark" else "http") + ("s" if tls else "")
        return f"{scheme}://127.0.0.1:{self.tls_port if tls else self.port}/{vendor}/{scenario}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _open(self) -> web.AppRunner:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get("/spark/{scenario}", self._spark)
        app.router.add_post("/spark-http/{scenario}/chat/completions", self._spark_http)
        app.router.add_post("/dify/{scenario}/chat-messages", self._dify)
        app.router.add_post("/dify/{scenario}/chat-messages/{task}/stop", self._dify_stop)
        app.router.add_post("/dify/{scenario}/files/upload", self._dify_upload)
        app.router.add_post("/mint/{scenario}/", self._mint)
        app.router.add_post("/ark/{scenario}/chat/completions", self._ark)
        app.router.add_post("/ark/{scenario}/bots/chat/completions", self._ark)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        self.port = await self._listen(runner, None)
        self.certificate, tls = self_signed()
        self.tls_port = await self._listen(runner, tls)
        return runner

    async def _listen(self, runner: web.AppRunner, tls: ssl.SSLContext | None) -> int:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return runner.addresses[-1][1]

    # --- Spark

    async def _spark(self, request: web.Request) -> web.StreamResponse:
        scenario = request.match_info["scenario"]
        if found := re.fullmatch(r"http-(\d+)", scenario):
            return web.json_response({"message": "told to refuse"}, status=int(found[1]))
        if (sample := _sample("xinghuo", scenario)) and "status" in sample:
            return web.Response(status=sample["status"], text=sample["body"])
        if problem := _spark_refusal(request):
            return web.json_response({"message": problem[1]}, status=problem[0])
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self.live += 1
        ended = False
        try:
            message = await socket.receive(timeout=60)
            assert message.type is WSMsgType.TEXT
            frame = json.loads(message.data)
            self.calls.append({"vendor": "spark", "scenario": scenario, "frame": frame})
            ended = await self._spark_answer(socket, request, scenario, frame)
            await socket.close()
        except (ConnectionResetError, asyncio.CancelledError):
            pass
        finally:
            self.live -= 1
            self.cut += not ended
        return socket

    async def _spark_http(self, request: web.Request) -> web.Response:
        scenario, body = request.match_info["scenario"], await request.json()
        self.calls.append({"vendor": "spark-http", "body": body})
        if request.headers["Authorization"] != f"Bearer {SPARK_KEY}:{SPARK_SECRET}":
            return web.json_response(
                {"error": {"message": f"no {request.headers['Authorization']}"}}, status=401
            )
        if scenario == "tool":
            calls = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            choice = {"message": {"role": "assistant", "content": "", "tool_calls": calls}}
            return web.json_response({"code": 0, "sid": "s", "choices": [choice]})
        if scenario == "late-end":
            return web.Response(
                text='data:{"code":0,"choices":[{"delta":{"content":"x"}}]}\n\n',
                content_type="text/event-stream",
            )
        sample = samples("xinghuo", "http_samples")[scenario]
        return web.Response(
            status=sample["status"], body=sample["body"].encode(), content_type=sample["content_type"]
        )

    async def _spark_answer(self, socket: Any, request: Any, scenario: str, frame: Any) -> bool:
        if problem := _spark_problem(frame):
            await socket.send_json(
                {"header": {"code": problem[0], "message": problem[1], "sid": "s", "status": 2}}
            )
            return True
        if sample := _sample("xinghuo", scenario):
            for one in sample["frames"]:
                await socket.send_json(one)
            if sample.get("then") == "drop":
                request.transport.abort()
            return True
        if scenario == "silent":
            return await _until_gone(socket)
        if scenario == "garbage":
            await socket.send_str("{not json")
            return True
        if found := re.fullmatch(r"code-(\d+)", scenario):
            await socket.send_json(
                {"header": {"code": int(found[1]), "message": f"no, {SPARK_KEY}", "sid": "s", "status": 2}}
            )
            return True
        text = json.dumps(frame, ensure_ascii=False) if scenario == "echo" else "你好，世界"
        if scenario == "endless":
            for number in range(100_000):
                await socket.send_json(spark_frame("x", 1, number))
                await _gone(socket, 0.01)
            return True
        if scenario == "reason":
            await socket.send_json(spark_frame("", 0, 0, reasoning_content="think"))
        if scenario == "tool" and "functions" in frame["payload"]:
            name = frame["payload"]["functions"]["text"][0]["name"]
            call = {"name": name, "arguments": '{"city":"北京"}'}
            await socket.send_json(spark_frame("", 2, 0, function_call=call))
            return True
        await socket.send_json(spark_frame(text[:1], 0, 0))
        if scenario == "late-garbage":
            await socket.send_str("[]")
            return True
        if scenario == "late-silence":
            return await _until_gone(socket)
        if scenario == "late-drop":
            request.transport.abort()
            return True
        if scenario == "slow":
            for number in range(20):
                await socket.send_json(spark_frame("x", 1, number))
                await asyncio.sleep(self.pause)
        await socket.send_json(spark_frame(text[1:], 1, 1))
        await socket.send_json(spark_frame("", 2, 2))
        return True

    # --- Dify

    async def _dify(self, request: web.Request) -> web.StreamResponse:
        scenario = request.match_info["scenario"]
        body = await request.json()
        self.calls.append({"vendor": "dify", "scenario": scenario, "body": body})
        if request.headers.get("Authorization") != f"Bearer {DIFY_KEY}":
            return _dify_error(401, "unauthorized", f"bad key {request.headers.get('Authorization')}")
        if problem := _dify_problem(body):
            return _dify_error(400, "invalid_param", problem)
        if sample := _sample("dify", scenario):
            return web.Response(
                status=sample["status"], body=sample["body"].encode(), content_type=sample["content_type"]
            )
        if found := re.fullmatch(r"(\d{3})-?(.*)", scenario):
            return _dify_error(int(found[1]), found[2] or "some_code", f"told to fail with {DIFY_KEY}")
        if scenario == "context":
            return _dify_error(400, "completion_request_error", "maximum context length is 4096 tokens")
        if body["response_mode"] == "blocking":
            return web.json_response(dify_event("message", answer="你好", metadata={"usage": USAGE}))
        if scenario == "silent":
            self.live += 1
            try:
                await asyncio.sleep(30)
            finally:
                self.live -= 1
        return await self._dify_stream(request, scenario, body)

    async def _dify_stream(self, request: web.Request, scenario: str, body: Any) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        self.live += 1
        try:
            await response.write(b"event: ping\n\n")
            for data in _dify_events(scenario, body):
                if data is None:
                    await asyncio.sleep(30)
                elif data is False:
                    request.transport.abort()
                else:
                    await response.write(b"data: " + data + b"\n\n")
                    await asyncio.sleep(
                        0.01 if scenario == "endless" else self.pause if scenario == "slow" else 0
                    )
        except (ConnectionResetError, asyncio.CancelledError):
            self.cut += 1
        finally:
            self.live -= 1
        return response

    async def _dify_stop(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.stopped.append(f"{request.match_info['task']} {body['user']}")
        return web.json_response({"result": "success"})

    async def _dify_upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.calls.append({"vendor": "dify-upload", "user": form["user"], "data": form["file"].file.read()})
        if request.match_info["scenario"] == "no-id":
            return web.json_response({})
        return web.json_response({"id": "file-1"}, status=201)

    # --- Ark

    async def _mint(self, request: web.Request) -> web.Response:
        scenario = request.match_info["scenario"]
        raw = await request.read()
        token = request.headers.get("X-Security-Token")
        self.calls.append({"vendor": "mint", "scenario": scenario, "body": json.loads(raw), "token": token})
        if sample := samples("huoshan", "mint_samples").get(scenario):
            return web.Response(status=sample["status"], text=sample["body"], content_type="application/json")
        if scenario == "silent":
            await asyncio.sleep(30)
        if scenario == "garbage":
            return web.Response(text="<html>")
        if problem := ark_signature_problem(request, raw):
            return web.json_response(
                {"ResponseMetadata": {"Error": {"Code": problem, "Message": problem}}}, status=401
            )
        self.minted += 1
        key = f"canary-minted-key-{self.minted}"
        if scenario == "refused-once" and self.minted % 2:
            self.revoked.add(key)
        if scenario == "refused":
            self.revoked.add(key)
        return web.json_response({"Result": {"ApiKey": key, "ExpiredTime": 2_100_000_000}})

    async def _ark(self, request: web.Request) -> web.StreamResponse:
        scenario, body = request.match_info["scenario"], await request.json()
        key = request.headers.get("Authorization", "")
        self.calls.append({"vendor": "ark", "path": request.path, "body": body, "key": key})
        if not key.startswith("Bearer canary-minted-key-") or key.removeprefix("Bearer ") in self.revoked:
            return _ark_error(401, "AuthenticationError", f"the key {key} is not valid")
        if ("/bots/" in request.path) != body["model"].startswith("bot-"):
            return _ark_error(404, "InvalidEndpointOrModel.NotFound", "wrong route")
        if sample := _sample("huoshan", scenario):
            return web.Response(
                status=sample["status"], body=sample["body"].encode(), content_type=sample["content_type"]
            )
        if found := re.fullmatch(r"(\d{3})-?(.*)", scenario):
            return _ark_error(int(found[1]), found[2], f"told to fail with {key}")
        if scenario == "context":
            return _ark_error(400, "InvalidParameter", "this model's maximum context length is 4096 tokens")
        if scenario == "garbage":
            return web.Response(text="<html>", content_type="text/html")
        if scenario == "silent":
            await asyncio.sleep(30)
        if body.get("stream"):
            return await self._ark_stream(request, scenario, body)
        message: dict[str, Any] = {"role": "assistant", "content": "你好"}
        finish = "stop"
        if body.get("tools"):
            call = {"name": body["tools"][0]["function"]["name"], "arguments": '{"city":"北京"}'}
            message |= {
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            }
            finish = "tool_calls"
        choice = {"index": 0, "finish_reason": finish, "message": message}
        return web.json_response(
            {
                "id": "02",
                "object": "chat.completion",
                "created": 1,
                "model": "d",
                "choices": [choice],
                "usage": USAGE,
            }
        )

    async def _ark_stream(self, request: web.Request, scenario: str, body: Any) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self.live += 1

        async def send(delta: Any, finish: str | None = None, **more: Any) -> None:
            choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
            chunk = {
                "id": "02",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "d",
                "choices": choices,
            }
            await response.write(b"data: " + json.dumps(chunk | more).encode() + b"\n\n")

        try:
            await send({"role": "assistant", "content": "你"})
            if scenario == "late-silence":
                await asyncio.sleep(30)
            if scenario == "late-drop":
                request.transport.abort()
            if scenario == "late-garbage":
                await response.write(b"data: {not json\n\n")
            if scenario == "late-end":
                return response
            for _ in range({"endless": 100_000, "slow": 20}.get(scenario, 0)):
                await send({"content": "x"})
                await asyncio.sleep(0.01 if scenario == "endless" else self.pause)
            if body.get("tools"):
                call = {"name": body["tools"][0]["function"]["name"], "arguments": "{}"}
                await send(
                    {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": call}]}
                )
            await send({"content": "好"})
            await send({}, "tool_calls" if body.get("tools") else "stop")
            if (body.get("stream_options") or {}).get("include_usage"):
                await send(None, usage=USAGE)
            await response.write(b"data: [DONE]\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            self.cut += 1
        finally:
            self.live -= 1
        return response


USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


def spark_frame(text: str, status: int, seq: int, **more: Any) -> dict[str, Any]:
    item = {"content": text, "role": "assistant", "index": 0} | more
    payload: dict[str, Any] = {"choices": {"status": status, "seq": seq, "text": [item]}}
    if status == 2:
        payload["usage"] = {"text": USAGE | {"question_tokens": 3}}
    return {"header": {"code": 0, "message": "Success", "sid": "sid-1", "status": status}, "payload": payload}


def _spark_refusal(request: web.Request) -> tuple[int, str] | None:
    query = request.query
    if "authorization" not in query:
        return 401, "Unauthorized"
    fields = dict(re.findall(r'(\w+)="([^"]*)"', base64.b64decode(query["authorization"]).decode()))
    if fields.get("api_key") != SPARK_KEY:
        return 401, "Unauthorized"
    late = abs(
        (parsedate_to_datetime(query["date"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    )
    if late > 300:
        return 403, "HMAC signature cannot be verified, a valid date or x-date header is required"
    text = f"host: {request.host}\ndate: {query['date']}\nGET {request.path} HTTP/1.1"
    digest = hmac.new(SPARK_SECRET.encode(), text.encode(), hashlib.sha256).digest()
    good = base64.b64encode(digest).decode() == fields["signature"] and query["host"] == request.host
    return None if good else (403, "HMAC signature does not match")


def _spark_problem(frame: Any) -> tuple[int, str] | None:
    """The message rules of the protocol: (code, why) when a frame breaks one."""
    chat, texts = frame["parameter"]["chat"], frame["payload"]["message"]["text"]
    roles = [one["role"] for one in texts]
    if frame["header"]["app_id"] != SPARK_ID:
        return 10016, "no such app"
    if set(frame) != {"header", "parameter", "payload"}:
        return 10004, "unknown members"
    if "system" in roles[1:] or ("system" in roles and chat["domain"] not in SYSTEM_DOMAINS):
        return 10003, "a system message where none may be"
    turns = roles[1:] if roles[0] == "system" else roles
    if turns[-1] != "user" or any(one == two for one, two in pairwise(turns)):
        return 10003, f"roles do not take turns: {roles}"
    if not all(isinstance(one["content"], str) and one["content"] for one in texts):
        return 10003, "empty content"
    if not 0 < chat.get("temperature", 0.5) <= 1 or not 1 <= chat.get("max_tokens", 1) <= 8192:
        return 10005, "parameter out of range"
    if set(chat) - {"domain", "temperature", "max_tokens", "top_k", "auditing", "chat_id"}:
        return 10005, f"unknown parameters {sorted(chat)}"
    return None


def dify_event(name: str, **more: Any) -> dict[str, Any]:
    return {"event": name, "task_id": "task-1", "message_id": "m-1", "conversation_id": "c-1"} | more


def _dify_events(scenario: str, body: Any) -> list[Any]:
    """Encoded events; None is silence and False an aborted connection."""

    def event(name: str, **more: Any) -> bytes:
        return json.dumps(dify_event(name, **more), ensure_ascii=False).encode()

    text = json.dumps(body, ensure_ascii=False) if scenario == "echo" else "你好，\u2028世界"
    start = [event("message", answer=text[:2])]
    end = [event("message", answer=text[2:]), event("message_end", metadata={"usage": USAGE})]
    return {
        "late-silence": [*start, None],
        "late-drop": [*start, False],
        "late-error": [*start, event("error", status=500, code="internal_server_error", message="oh")],
        "late-end": start,
        "early-end": [],
        "early-drop": [False],
        "garbage": [b"{not json"],
        "late-garbage": [*start, b"{not json"],
        "replace": [event("message_replace", answer="no"), *end],
        "person": [event("workflow_paused")],
        "failed": [event("workflow_finished", data={"status": "failed", "error": "node 3"})],
        "endless": [event("message", answer="x")] * 100_000,
        "slow": [*start, *[event("message", answer="x")] * 20, *end],
    }.get(scenario, [*start, *end])


def _dify_problem(body: Any) -> str:
    if not body.get("query"):
        return "query is required"
    if not isinstance(body.get("inputs"), dict):
        return "inputs must be an object"
    if not isinstance(body.get("user"), str) or body.get("response_mode") not in ("streaming", "blocking"):
        return "user and response_mode are required"
    return ""


def _dify_error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "status": status}, status=status)


def _ark_error(status: int, code: str, message: str) -> web.Response:
    return web.json_response(
        {"error": {"code": code, "message": message, "param": "", "type": ""}}, status=status
    )


def ark_signature_problem(request: web.Request, body: bytes) -> str:
    """Ark's own check, written a second time from its description; the error code, or nothing."""
    headers = request.headers
    stamp = headers["X-Date"]
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((when - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) > 900:
        return "InvalidTimestamp"
    found = re.fullmatch(
        r"HMAC-SHA256 Credential=([^/]+)/(\d{8}/[^/]+/ark/request), SignedHeaders=([^,]+), Signature=(\w+)",
        headers["Authorization"],
    )
    if not found or found[1] != ACCESS_KEY:
        return "InvalidAccessKey"
    if hashlib.sha256(body).hexdigest() != headers["X-Content-Sha256"]:
        return "InvalidAuthorization"
    query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(request.query.items()))
    lines = [request.method, request.path, query]
    lines += [f"{name}:{headers[name]}" for name in found[3].split(";")]
    lines += ["", found[3], headers["X-Content-Sha256"]]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = SECRET_KEY.encode()
    for part in found[2].split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "\n".join(["HMAC-SHA256", stamp, found[2], digest])
    good = hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == found[4]
    return "" if good else "SignatureDoesNotMatch"


async def _until_gone(socket: Any) -> bool:
    await _gone(socket, 30)
    return False


async def _gone(socket: Any, seconds: float) -> None:
    try:
        message = await socket.receive(timeout=seconds)
    except asyncio.TimeoutError:
        return
    if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
        raise ConnectionResetError
