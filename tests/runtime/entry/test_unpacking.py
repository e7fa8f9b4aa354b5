"""Bodies that come packed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from one_adapter.runtime.entry import unpacking
from one_adapter.runtime.entry.asgi import BODY_BYTES, Message, read_body
from one_adapter.runtime.entry.unpacking import unpacked
from one_adapter.runtime.gateway.refusal import Refusal

BODY = b'{"model": "m1"}' * 40


def bare(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(raw) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate ": bare,
}


def packed(raw: bytes) -> bytes:
    """Without the time of day, which would tell the processes of a test run apart."""
    return gzip.compress(raw, mtime=0)


def read(raw: bytes, *codings: str) -> bytes:
    """The body as the door reads it, in two pieces."""
    pieces = [raw[:7], raw[7:]]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    headers = [(b"content-encoding", coding.encode()) for coding in codings]
    return asyncio.run(read_body({"headers": headers}, receive))


@pytest.mark.parametrize("coding", PACKERS)
def test_a_packed_body_is_read(coding: str) -> None:
    assert read(PACKERS[coding](BODY), coding) == BODY


def test_what_is_packed_twice_is_unpacked_twice() -> None:
    twice = gzip.compress(zlib.compress(BODY))
    assert read(twice, "deflate, gzip") == read(twice, "deflate", "gzip") == BODY


def test_one_gzip_after_the_other_is_one_body() -> None:
    assert read(gzip.compress(BODY) + gzip.compress(b"tail"), "gzip") == BODY + b"tail"


@pytest.mark.parametrize("coding", ["", "identity"])
def test_what_is_not_packed_stays(coding: str) -> None:
    assert read(BODY, coding) == read(BODY) == BODY


@pytest.mark.parametrize(
    ("raw", "coding", "status"),
    [
        (BODY, "br", 415),
        (BODY, "gzip, gzip, gzip", 415),
        (BODY, "gzip", 400),
        (BODY, "deflate", 400),
        (packed(BODY)[:-9], "gzip", 400),
        (zlib.compress(BODY)[:-3], "deflate", 400),
        (packed(bytes(BODY_BYTES + 1)), "gzip", 413),
        (packed(bytes(BODY_BYTES)) + packed(b"1"), "gzip", 413),
        (packed(packed(bytes(BODY_BYTES + 1))), "gzip, gzip", 413),
        (zlib.compress(bytes(BODY_BYTES + 1)), "deflate", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(raw: bytes, coding: str, status: int) -> None:
    with pytest.raises(Refusal) as caught:
        read(raw, coding)
    assert caught.value.status == status


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert len(read(gzip.compress(bytes(BODY_BYTES)), "gzip")) == BODY_BYTES


class Reader:
    """What Python's zstd module offers, with a packing of its own: the text after one letter."""

    def decompress(self, raw: bytes, max_length: int) -> bytes:
        if not raw.startswith(b"z"):
            raise ValueError("not packed")
        self.eof = len(raw) <= max_length and raw.endswith(b".")
        return raw[1 : max_length + 1]


def test_zstd_is_read_where_python_can(monkeypatch: pytest.MonkeyPatch) -> None:
    reader: Any = unpacking._read_zstd(Reader)
    monkeypatch.setitem(unpacking._READERS, "zstd", reader)
    assert unpacked(b"zbody.", "zstd", 9) == b"body."
    for raw, status in ((b"body.", 400), (b"zbody", 400), (b"z" + bytes(20), 413)):
        with pytest.raises(Refusal) as caught:
            unpacked(raw, "zstd", 9)
        assert caught.value.status == status
