"""The echo of `run --dry-run` behind a server: its answers say what the vendor would have received."""

from __future__ import annotations

import re
from typing import Any

_ECHO = re.compile(
    r"(?:GET|POST) (?P<address>\S+) model=(?P<model>.*?) key=(?P<key>\.\.\.\S{0,4}) message=(?P<message>.*?)"
    r"(?: roles=(?P<roles>\S+))?(?: tools=(?P<tools>\S+))?",
    re.DOTALL,
)


def received(words: Any) -> dict[str, str]:
    """What an echo's answer says of the call; nothing for any other answer.

    >>> received("POST https://x.example/v1 model=m key=...cret message=hello")["upstream model"]
    'm'
    >>> received("Hello there!")
    {}
    """
    found = _ECHO.fullmatch(words) if isinstance(words, str) else None
    if found is None:
        return {}
    said = {f"upstream {name}": value for name, value in found.groupdict().items() if value is not None}
    said["upstream message"] = " ".join(said["upstream message"].split())
    return said
