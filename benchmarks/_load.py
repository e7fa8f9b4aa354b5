"""Ask a proxy as often as it answers, over plain sockets, so that the asking costs little.

Usage: python _load.py PORT KEY CONNECTIONS SECONDS [stream]

Prints one line of JSON. Whole answers: requests per second, and the latencies' median and 99th percentile
(milliseconds). Streams: milliseconds from the request to the first piece, and from the vendor's sending of a
piece to its arrival here, medians.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time


def request(key: str, stream: bool) -> bytes:
    """The bytes of one chat completion request."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def whole(port: int, key: str, until: float, spent: list[float]) -> None:
    """One connection, one request after another; appends seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ask = request(key, stream=False)
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(ask)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {head[:200]!r}")
        length = head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
        spent.append(time.perf_counter() - start)
    writer.close()


async def streamed(port: int, key: str, until: float, first: list[float], passing: list[float]) -> None:
    """One connection, one stream after another; appends seconds to the first piece and of every passing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ask = request(key, stream=True)
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(ask)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {head[:200]!r}")
        seen = False
        while (line := await reader.readline()) != b"0\r\n":
            if line.startswith(b"data: {"):
                now = time.monotonic()
                choices = json.loads(line[6:]).get("choices")
                text = choices[0]["delta"].get("content") if choices else None
                if text:
                    passing.append(now - float(text))
                    if not seen:
                        first.append(time.perf_counter() - start)
                        seen = True
        await reader.readline()
    writer.close()


async def main(port: int, key: str, connections: int, seconds: float, stream: bool) -> dict[str, float]:
    """Load it and reckon."""
    start = time.perf_counter()
    until = start + seconds
    spent: list[float] = []
    passing: list[float] = []
    if stream:
        await asyncio.gather(*(streamed(port, key, until, spent, passing) for _ in range(connections)))
        return {"first_ms": 1000 * statistics.median(spent), "passing_ms": 1000 * statistics.median(passing)}
    await asyncio.gather(*(whole(port, key, until, spent) for _ in range(connections)))
    spent.sort()
    return {
        "answers": len(spent),
        "rps": len(spent) / (time.perf_counter() - start),
        "p50_ms": 1000 * statistics.median(spent),
        "p99_ms": 1000 * spent[int(len(spent) * 0.99)],
    }


if __name__ == "__main__":
    port, key, connections, seconds = sys.argv[1:5]
    figures = main(int(port), key, int(connections), float(seconds), "stream" in sys.argv[5:])
    print(json.dumps(asyncio.run(figures)))
