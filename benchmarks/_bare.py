"""The bare relay: the least that a relay can be in Python, as the yardstick of `throughput.py`.

Usage: python _bare.py PORT UPSTREAM [STREAMS]

UPSTREAM is the vendor's address, STREAMS that of the one for streams, where it is another.

uvicorn, aiohttp and orjson; the model's name is changed on the way out and back, of streams each event's.
Nothing is checked, limited or handled.
"""

from __future__ import annotations

import sys
from typing import Any

import aiohttp
import orjson
import uvicorn

PORT, UPSTREAM, STREAMS = int(sys.argv[1]), sys.argv[2], sys.argv[-1]
HEADERS = {"authorization": "Bearer sk-the-vendors-key", "content-type": "application/json"}
sessions: list[aiohttp.ClientSession] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Pass one request on."""
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message["body"], message.get("more_body", False)
    if scope["method"] == "GET":
        await respond(send, b"application/json", b"{}", False)
        return
    body = orjson.loads(raw)
    name, body["model"] = body["model"], "up"
    if not sessions:
        sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    url = (STREAMS if body.get("stream") else UPSTREAM) + scope["path"]
    async with sessions[0].post(url, data=orjson.dumps(body), headers=HEADERS) as upstream:
        if not body.get("stream"):
            answer = orjson.loads(await upstream.read())
            answer["model"] = name
            await respond(send, b"application/json", orjson.dumps(answer), False)
            return
        await respond(send, b"text/event-stream", b"", True)
        async for line in upstream.content:
            if line.startswith(b"data: {"):
                event = orjson.loads(line[6:])
                event["model"] = name
                line = b"data: " + orjson.dumps(event) + b"\n\n"
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def respond(send: Any, kind: bytes, body: bytes, more: bool) -> None:
    """Begin an answer, or send a whole one."""
    length = [] if more else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), *length]})
    await send({"type": "http.response.body", "body": body, "more_body": more})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, lifespan="off", log_level="error", access_log=False)
