"""What goes back to the client, watched on its way: how far it is, and how it has to end when time is up.

While another key is left, an upstream's failure is held back: it is the client's only if no key does better.
"""

from __future__ import annotations

from collections.abc import Awaitable

from one_adapter.runtime.entry.asgi import Headers, Message, Send, answer
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal, error_body, error_event
from one_adapter.runtime.redaction import known

#: Bytes of a failure that are held back; a longer one goes out.
HELD_BYTES = 256 << 10


class Outlet:
    """The client's end of one request."""

    def __init__(self, request: Request, send: Send) -> None:
        """Pass on to `send` what the ways send, and note it in `request`."""
        self._request = request
        self._send = send
        self._headers: Headers = ()
        self._held: list[Message] = []

    @property
    def holds(self) -> bool:
        """Whether a failure is held back."""
        return bool(self._held)

    def __call__(self, message: Message) -> Awaitable[None]:
        """Pass one message on; nothing when the request's time is up and nothing was sent yet."""
        request = self._request
        if message["type"] == "http.response.start":
            if request.expired:
                return _nothing()
            request.attempt.status = message["status"]
            self._headers = message.get("headers") or ()
            if request.spare and request.moves_on:
                self._held = [message]
                return _nothing()
        elif request.expired and not request.began:
            return _nothing()
        if self._held:
            return self._hold(message)
        request.began = True
        request.ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        return self._send(message)

    async def _hold(self, message: Message) -> None:
        self._held.append(message)
        if sum(len(one.get("body", b"")) for one in self._held) > HELD_BYTES:
            await self.let_go()

    def drop(self) -> None:
        """Forget the failure that is held back: another key is asked."""
        self._held = []

    async def let_go(self) -> None:
        """Send the failure that is held back."""
        held, self._held, self._request.spare = self._held, [], False
        for message in held:
            await self(message)

    def _is_stream(self) -> bool:
        return any(
            name == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in self._headers
        )

    async def refuse(self, refusal: Refusal) -> None:
        """End the request with a refusal in the form that is left: an answer, an event, or a mere end."""
        request = self._request
        request.spare = False
        if not request.began:
            body = error_body(refusal, request.kind == "messages")
            await answer(self, refusal.status, body, refusal.retry_after, refusal.headers)
        elif not request.ended:
            last = known.clean_bytes(error_event(refusal, request.kind)) if self._is_stream() else b""
            await self({"type": "http.response.body", "body": last, "more_body": False})

    async def expire(self) -> None:
        """Tell the client that its time is over."""
        self._request.expired = False  # what is said from here on goes out
        try:
            await self.refuse(Refusal(504, "The upstream did not answer in time.", "timeout"))
        finally:
            self._request.expired = True


async def _nothing() -> None:
    """Send nothing."""
