"""After the start nothing stalls: fifty requests over the first ten seconds, on every route, by the clock.

For each route `one-adapter run` is started anew; from the moment its port takes connections the route is
asked every fifth of a second. The later median is that of as many requests afterwards, and *slowest later*
their slowest, which tells what the machine itself does. The vendors answer at once. Responses, and whatever
the vendor's protocol is not, go LiteLLM's way.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from _proxy import Proxy, free_port, run_command, serving
from throughput import KEY, gateway, start_vendor

REQUESTS, SECONDS, MOST = 50, 10.0, 5.0
SAID = [{"role": "user", "content": "hello"}]
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
#: Route -> path and body.
ROUTES: dict[str, tuple[str, dict[str, object] | None]] = {
    "models": ("/v1/models", None),
    "chat": (CHAT, {"model": "m", "messages": SAID}),
    "chat, a stream": (CHAT, {"model": "m", "messages": SAID, "max_tokens": 1, "stream": True}),
    "embeddings": ("/v1/embeddings", {"model": "e", "input": "hello"}),
    "messages": (MESSAGES, {"model": "c", "max_tokens": 9, "messages": SAID}),
    "chat, LiteLLM's way": (CHAT, {"model": "c", "messages": SAID}),
    "messages, LiteLLM's way": (MESSAGES, {"model": "m", "max_tokens": 9, "messages": SAID}),
    "responses, LiteLLM's way": ("/v1/responses", {"model": "m", "input": "hello"}),
}


def asked(proxy: Proxy, path: str, body: dict[str, object] | None) -> float:
    """Milliseconds that one request took, on a connection of its own."""
    headers = {"Authorization": f"Bearer {proxy.key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{proxy.port}{path}", data, headers)
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - began)


def spread(proxy: Proxy, route: str) -> list[float]:
    """What each of the requests took, over `SECONDS`."""
    began, found = time.perf_counter(), []
    for number in range(REQUESTS):
        time.sleep(max(0.0, began + number * SECONDS / REQUESTS - time.perf_counter()))
        found.append(asked(proxy, *ROUTES[route]))
    return found


def main(routes: list[str]) -> int:
    """Print the table; 1 when something stalled."""
    print(
        "| route | first | slowest of the first 50 | later median | slowest later | slowest / later median |"
    )
    print("|---|---|---|---|---|---|")
    worst = 0.0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = gateway(folder, start_vendor(stack)[0])
        for route in routes or ROUTES:
            port = free_port()
            with serving(run_command(config, port), port, KEY, accepts=True) as proxy:
                early = spread(proxy, route)
                later = spread(proxy, route)
            ratio = max(early) / median(later)
            worst = max(worst, ratio)
            cells = (early[0], max(early), median(later), max(later))
            print(
                f"| {route} | {' | '.join(f'{one:.1f} ms' for one in cells)} | **{ratio:.1f}** |", flush=True
            )
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
