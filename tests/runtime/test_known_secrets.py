"""The patterns of known secrets, made in one thread while another learns or forgets."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from one_adapter.runtime import redaction
from one_adapter.runtime.redaction import Known

FIRST, SECOND = "sk-the-first-secret", "sk-the-second-secret"
PATIENCE = 30.0


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def slow(known: Known, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have another thread learn the first secret, which waits in the middle of it for the event."""
    may, began, here, forms = threading.Event(), threading.Event(), threading.get_ident(), redaction.forms

    def waiting(secret: str) -> Iterator[str]:
        if threading.get_ident() != here:
            began.set()
            assert may.wait(PATIENCE)
        return forms(secret)

    monkeypatch.setattr(redaction, "forms", waiting)
    other = threading.Thread(target=known.learn, args=([FIRST],))
    other.start()
    assert began.wait(PATIENCE)
    yield may
    may.set()
    other.join(PATIENCE)
    assert known.clean(f"{FIRST} {SECOND}") == "*** ***"


@pytest.mark.usefixtures("slow")
def test_what_another_thread_is_about_to_know_is_known_when_it_is_learned(known: Known) -> None:
    known.learn([FIRST])
    assert known.clean(FIRST) == "***"
    known.learn([SECOND])


def test_older_patterns_do_not_take_the_place_of_newer_ones(known: Known, slow: threading.Event) -> None:
    known.learn([SECOND])
    assert known.clean(f"{FIRST} {SECOND}") == "*** ***"
    slow.set()


def test_what_is_discarded_is_known_until_the_patterns_are_made_anew(known: Known) -> None:
    known.learn([FIRST, SECOND])
    assert known.discard([FIRST, SECOND], kept=[SECOND])
    assert known.clean(f"{FIRST} {SECOND}") == "*** ***"
    known.renew()
    assert known.clean(f"{FIRST} {SECOND}") == f"{FIRST} ***"


def test_nothing_is_made_anew_for_what_was_not_known_or_is_kept(known: Known) -> None:
    known.learn([FIRST])
    assert not known.discard([FIRST, SECOND], kept=[FIRST])
