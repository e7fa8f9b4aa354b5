from __future__ import annotations

import sys
from pathlib import Path

import pytest

from one_adapter.verify.playing import limits

# `forwarders` and a certificate stand with the tests of the providers.
sys.path.insert(0, str(Path(__file__).parent.parent / "providers"))
# The clock that jumps stands with the tests of the runtime.
sys.path.insert(0, str(Path(__file__).parent.parent / "runtime"))


@pytest.fixture
def nothing_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shortly for calls beyond those that were expected: where no limit is planted, none come."""
    monkeypatch.setattr(limits, "QUIET_SECONDS", 0.1)
