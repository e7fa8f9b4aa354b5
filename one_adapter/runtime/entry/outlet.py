"""What goes back to the client, watched on its way: how far it is, and how it has to end when time is up.

While another key is left, an upstream's failure is held back: it is the client's only if no key does better.
"""

from __future__ import annotations

from collections.abc import Awaitable

from one_adapter.runtime.entry.asgi import Headers, Message, Send, answer
from one_adapter.runtime.entry.cross_origin import readable
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal, error_body, error_event
from one_adapter.runtime.redaction import known

#: Bytes of a failure that are held back; a longer one goes out.
HELD_BYTES = 256 << 10


class Outlet:
    """The client's end of one request.

    `name` is the request's own, for the client; `foreign`: what answers is not ours. `request` stands here
    from the moment in which a way may answer it. `status` and, of an error, its first `words` are kept for
    whoever tells of them; `held` is a failure that is held back.
    """

    __slots__ = ("_foreign", "_headers", "_name", "_send", "held", "request", "status", "words")

    def __init__(self, send: Send, name: str = "", foreign: bool = False) -> None:
        """Pass on to `send` what is sent here."""
        self._send = send
        self._name = name.encode()
        self._foreign = foreign
        self._headers: Headers = ()
        self.request: Request | None = None
        self.status = 0
        self.words = b""
        self.held: list[Message] = []

    def __call__(self, message: Message) -> Awaitable[None]:
        """Pass one message on; nothing when the request's time is up and nothing was sent yet."""
        request = self.request
        begins = message["type"] == "http.response.start"
        if request is not None:
            if request.expired and (begins or not request.began):
                return _nothing()
            if begins:
                request.attempt.status = message["status"]
                if request.spare and request.moves_on:
                    self.held = [message]
                    return _nothing()
            if self.held:
                return self._hold(message)
            request.began = True
            request.ended = not begins and not message.get("more_body", False)
        if begins:
            self.status = message["status"]
            self._headers = message.get("headers") or ()
            message = {**message, "headers": readable(self._headers, self._name, self._foreign)}
        elif self.status >= 400 and not self.words:
            self.words = message.get("body", b"")
        return self._send(message)

    async def _hold(self, message: Message) -> None:
        self.held.append(message)
        if sum(len(one.get("body", b"")) for one in self.held) > HELD_BYTES:
            await self.let_go()

    async def let_go(self) -> None:
        """Send the failure that is held back."""
        held, self.held = self.held, []
        if self.request is not None:
            self.request.spare = False
        for message in held:
            await self(message)

    def _is_stream(self) -> bool:
        return any(
            name == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in self._headers
        )

    async def refuse(self, refusal: Refusal, kind: str) -> None:
        """End the request with a refusal in the form that is left: an answer, an event, or a mere end."""
        request = self.request
        if request is not None:
            request.spare = False
        if request is None or not request.began:
            body = error_body(refusal, kind == "messages")
            await answer(self, refusal.status, body, refusal.retry_after, refusal.headers)
        elif not request.ended:
            last = known.clean_bytes(error_event(refusal, kind)) if self._is_stream() else b""
            await self({"type": "http.response.body", "body": last, "more_body": False})

    async def expire(self, request: Request) -> None:
        """Tell the client that its time is over."""
        request.expired = False  # what is said from here on goes out
        try:
            await self.refuse(Refusal(504, "The upstream did not answer in time.", "timeout"), request.kind)
        finally:
            request.expired = True


async def _nothing() -> None:
    """Send nothing."""
