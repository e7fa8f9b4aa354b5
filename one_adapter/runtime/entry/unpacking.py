"""Bodies that come packed (`content-encoding`): gzip and deflate, and zstd where Python can read it."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any

from one_adapter.runtime.gateway.refusal import Refusal

#: How many codings a body may have, one around the other.
MOST_CODINGS = 2
#: zlib's word for gzip's format, for deflate's own, and for the bare one that some call deflate, too.
GZIP, DEFLATE, BARE = 31, 15, -15


def unpacked(raw: bytes, coding: str, most: int) -> bytes:
    r"""A body as it was before it was packed, at most `most` bytes.

    `coding` is the header's value. Raises `Refusal`: 415 for a coding that is not known here, 400 for a
    body that is not in it, 413 for one that is larger.

    >>> unpacked(b"x\x9cKLL\x04\x00\x02I\x01$", "deflate", 9), unpacked(b"as it is", "", 9)
    (b'aaa', b'as it is')
    """
    names = [
        name for name in (one.strip().lower() for one in coding.split(",")) if name not in ("", "identity")
    ]
    readers = [_READERS.get(name) for name in names]
    if len(names) > MOST_CODINGS or None in readers:
        known = ", ".join(sorted(set(_READERS) - {"x-gzip"}))
        raise Refusal(
            415, f"A body may be packed by {known}, not by {coding[:50]!r}.", "unsupported_encoding"
        )
    for reader in reversed(readers):
        assert reader is not None
        try:
            raw = reader(raw, most)
        except (zlib.error, EOFError, ValueError, OSError):
            raise Refusal(400, f"The body is not packed by {coding}.", "invalid_encoding") from None
    return raw


def _zlib(bits: int) -> Callable[[bytes, int], bytes]:
    def read(raw: bytes, most: int) -> bytes:
        parts, left = [], most
        while raw:  # gzip allows one after the other
            reader = zlib.decompressobj(bits)
            parts.append(reader.decompress(raw, left + 1))
            left -= len(parts[-1])
            _check(left)
            if not reader.eof:
                raise EOFError
            raw = reader.unused_data
        return b"".join(parts)

    return read


def _deflate(raw: bytes, most: int) -> bytes:
    try:
        return _zlib(DEFLATE)(raw, most)
    except zlib.error:
        return _zlib(BARE)(raw, most)


def _check(left: int) -> None:
    if left < 0:
        raise Refusal(413, "The request body is larger than 8 MiB.", "request_too_large")


def _zstd() -> Any:
    """A class of zstd's readers, of Python itself (3.14) or of `backports.zstd`; None without."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return module.ZstdDecompressor
    return None


def _read_zstd(reader_class: Any) -> Callable[[bytes, int], bytes]:
    def read(raw: bytes, most: int) -> bytes:
        reader = reader_class()
        found: bytes = reader.decompress(raw, max_length=most + 1)
        _check(most - len(found))
        if not reader.eof:
            raise EOFError
        return found

    return read


_READERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _zlib(GZIP),
    "x-gzip": _zlib(GZIP),
    "deflate": _deflate,
}
if (_ZSTD := _zstd()) is not None:
    _READERS["zstd"] = _read_zstd(_ZSTD)
