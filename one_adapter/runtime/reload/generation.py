"""One state of the configuration, from the moment it is read until the last request under it has ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

#: How many characters of a fingerprint are shown.
SHOWN_CHARACTERS = 12


@dataclass(frozen=True)
class Generation:
    """The text of a configuration as LiteLLM reads it, and the secrets that it names.

    `number` counts from 1, the one that the process began with. `fingerprint` is the same wherever the same
    was read. `notes` are what a person has to hear of it: what holds from the next start on only.
    """

    number: int
    fingerprint: str
    config: str = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Bytes that `from_bytes` reads, for another process of the same program.

        >>> one = Generation(2, "0a1b2c3d4e5f", "model_list: []", {"KEY": "secret"})
        >>> Generation.from_bytes(one.to_bytes()) == one
        True
        """
        return json.dumps({**asdict(self), "environment": dict(self.environment)}).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Generation:
        """What `to_bytes` was called on."""
        members = json.loads(raw)
        return cls(**{**members, "notes": tuple(members["notes"])})


def fingerprint_of(config: str, environment: Mapping[str, str]) -> str:
    """The beginning of the SHA-256 of a text and the secrets that it names.

    >>> fingerprint_of("model_list: []", {"A": "1", "B": "2"})
    '69fda9ddaaff'
    >>> fingerprint_of("model_list: []", {"B": "2", "A": "1"})
    '69fda9ddaaff'
    """
    whole = json.dumps([config, sorted(environment.items())])
    return hashlib.sha256(whole.encode()).hexdigest()[:SHOWN_CHARACTERS]
