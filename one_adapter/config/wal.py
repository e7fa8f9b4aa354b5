"""SQLite's write-ahead log, laid over its database in memory: what was committed, and no file is touched.

SQLite itself reads a log only with an index file beside it, which it makes where there is none. The layout is
that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack, unpack_from

#: The first four bytes of a log -> the order of the bytes in the words its checksums are made of.
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
#: Bytes of the log's head, and of the one before each page in it.
_HEAD, _FRAME_HEAD = 32, 24
#: Where a database's head says that it has a log (2) or has none (1).
_JOURNAL_BYTES = slice(18, 20)


def laid_over(database: bytes, log: bytes) -> bytes:
    """The database with all transactions of its log that are whole, as one that has no log."""
    pages = dict[int, bytes]()
    size = 0
    found: dict[int, bytes] = {}
    for number, count, page in _frames(log):
        found[number] = page
        if count:  # the last frame of a transaction, with the number of pages after it
            pages.update(found)
            size, found = count * len(page), {}
    image = bytearray(database)
    if pages:
        image = image[:size].ljust(size, b"\0")
    for number, page in pages.items():
        start = (number - 1) * len(page)
        if start < size:
            image[start : start + len(page)] = page
    image[_JOURNAL_BYTES] = b"\1\1"
    return bytes(image)


def _frames(log: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Page number, pages after a commit (else 0) and page of every frame, up to the first that is torn."""
    if len(log) < _HEAD:
        return
    magic, _, page_size, _, *rest = unpack(">8I", log[:_HEAD])
    order, salts, told = _MAGIC.get(magic, ""), rest[:2], tuple(rest[2:])
    if not order or page_size < 512 or _checksum(order, log[: _HEAD - 8], (0, 0)) != told:
        return
    sums = told
    for at in range(_HEAD, len(log) - _FRAME_HEAD - page_size + 1, _FRAME_HEAD + page_size):
        number, count, *rest = unpack_from(">6I", log, at)
        page = log[at + _FRAME_HEAD : at + _FRAME_HEAD + page_size]
        sums = _checksum(order, page, _checksum(order, log[at : at + 8], sums))
        # Frames of an older round of the log have other salts.
        if rest[:2] != salts or tuple(rest[2:]) != sums or not number:
            return
        yield number, count, page


def _checksum(order: str, data: bytes, sums: tuple[int, ...]) -> tuple[int, int]:
    first, second = sums
    words = unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
