"""Which encoding a file is in, when it is not UTF-8."""

from __future__ import annotations

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
#: How many bytes of a file are enough to see where its zeros stand.
_SAMPLE = 64


def encoding_of(data: bytes) -> str:
    """The name of an encoding other than UTF-8; empty for UTF-8 and for what cannot be told.

    >>> encoding_of("{}".encode("utf-16")), encoding_of("{\\"模型\\"".encode("gbk")), encoding_of(b"{}")
    ('UTF-16', 'GBK', '')
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE]
    if b"\0" in sample:
        return _by_zeros(sample)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "GBK" if _is_gbk(data) else ""
    return ""


def is_marked(data: bytes) -> bool:
    """Whether bytes are UTF-16 that says so at its beginning and has no fault in it: YAML may be that.

    >>> is_marked("{}".encode("utf-16")), is_marked("{}".encode("utf-16-le")), is_marked(b"\\xff\\xfe{")
    (True, False, False)
    """
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    try:
        data.decode("utf-16")
    except UnicodeDecodeError:
        return False
    return True


def _by_zeros(sample: bytes) -> str:
    """The encoding of a Latin text, which has its zeros at every second byte, or at three of four."""
    zeros = [index for index, byte in enumerate(sample) if byte == 0]
    if len(sample) < 4:
        return ""
    if len(zeros) * 4 >= len(sample) * 3 - 3:
        return "UTF-32"
    one_side = len({index % 2 for index in zeros}) == 1
    return "UTF-16" if one_side and len(zeros) * 4 >= len(sample) else ""


def _is_gbk(data: bytes) -> bool:
    """Whether bytes are GBK: every pair is a character, and most of them are Chinese ones."""
    try:
        text = data.decode("gbk")
    except UnicodeDecodeError:
        return False
    others = [char for char in text if char > "\x7f"]
    chinese = [char for char in others if "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"]
    return len(chinese) * 2 > len(others)


def decoded(data: bytes, encoding: str) -> str:
    """The text of bytes in UTF-16 or UTF-32, whichever end comes first; U+FFFD for what is none.

    >>> decoded("{}".encode("utf-16-be"), "UTF-16")
    '{}'
    """
    big = data.startswith((b"\xfe\xff", b"\0"))
    end = "be" if big and not data.startswith(b"\xff\xfe") else "le"
    text = data.decode(f"{encoding.lower()}-{end}", "replace")
    return text.removeprefix("\ufeff")
