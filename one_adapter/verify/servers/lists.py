"""The models that two servers list, and in which names the lists differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.verify.result import Check, Outcome
from one_adapter.verify.servers.client import Answer, Server
from one_adapter.verify.servers.samples import is_busy

PROBE = "models list"


class RefusedError(OneAdapterError):
    """A server does not take the key, and says so with `status`."""

    def __init__(self, address: str, status: int) -> None:
        listing = f"{address}/v1/models"
        super().__init__(
            tr("{address} answers {status}: it does not take this key", address=listing, status=status)
        )
        self.status = status


def models_of(server: Server) -> tuple[str, ...]:
    """The names a server lists, in its order; none where it says 404, as gateway 0.10 does without models.

    Raises `RefusedError` where it takes the key for none of its own, and `OneAdapterError` where it has no
    list to compare.
    """
    answer, listing = server.ask("/v1/models"), f"{server.address}/v1/models"
    if answer.trouble:
        raise OneAdapterError(tr("{address}: {reason}", address=listing, reason=answer.trouble))
    if answer.status == 404:
        return ()
    if answer.status in (401, 403):
        raise RefusedError(server.address, answer.status)
    listed = answer.body.get("data") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(listed, list):
        told = tr("{address} is no list of models", address=listing)
        if answer.status != 200:
            told = tr("{address} answers {status}", address=listing, status=answer.status)
        raise OneAdapterError(told)
    names = (each.get("id") for each in listed if isinstance(each, dict))
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def refusal_check(refused: RefusedError) -> Check:
    """The check of a new side that does not take the key which the old side takes."""
    words = tr("status {status} instead of 200: the new side does not take this key", status=refused.status)
    return Check(PROBE, "", "different", words, "status", 200, refused.status)


def list_checks(old: Sequence[str], new: Sequence[str], asked: Callable[[str], Answer]) -> list[Check]:
    """A check for each name that only one side lists; one for none.

    `asked` puts a small question about a name to the new side: one that the key may not use there is left
    out of its list on purpose.
    """
    checks = []
    before, after = {*old}, {*new}
    for name in (each for each in old if each not in after):
        answer = asked(name)
        known = "models-list-per-key" if answer.status == 403 and not is_busy(answer) else ""
        words = tr("only the old side lists it")
        outcome: Outcome = "known" if known else "different"
        checks.append(Check(PROBE, name, outcome, words, "listed", True, False, known))
    for name in (each for each in new if each not in before):
        words = tr("only the new side lists it")
        checks.append(Check(PROBE, name, "different", words, "listed", False, True))
    return checks or [Check(PROBE, "", "same")]
