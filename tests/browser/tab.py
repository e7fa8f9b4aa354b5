"""One tab of a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp


class Page:
    """One tab, driven over the browser's debugging protocol.

    `requests` and `complaints` gather what the page asked for, and what its console
    and the browser's log said about it.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of one command; events that come in between are looked at."""
        self.number += 1
        number = self.number
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self.socket.receive_json(timeout=60)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._event(message)

    async def until(self, method: str) -> None:
        """Wait for an event."""
        while True:
            message = await self.socket.receive_json(timeout=60)
            self._event(message)
            if message.get("method") == method:
                return

    def _event(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        if message.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.complaints.append(str(message["params"]))

    async def open(self, path: Path, scheme: str = "light", width: int = 1280) -> None:
        """Show a file as a reader with this colour scheme and window sees it."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable")
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Page.navigate", url=path.as_uri())
        await self.until("Page.loadEventFired")

    async def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")
