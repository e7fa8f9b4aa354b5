"""Which upstream answers a name, where an echo says so: another one, or another share of the requests."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from math import comb

from one_adapter.language import joined, tr
from one_adapter.verify.result import Check
from one_adapter.verify.servers.samples import AGAIN, NEW, OLD, Asked, Side
from one_adapter.verify.vocabulary import word_for

PROBE, PARTS = "upstream", ("upstream address", "upstream model", "upstream key")
#: A chance below which two sides are not the same, and one above which nothing is to be looked into.
CERTAIN, SUSPICIOUS = 1e-6, 0.05
#: Further answers of each side that a suspicion is looked into with.
ROUNDS = 14
#: The same where shares are compared, and how often that is looked at on the way.
SHARE_ROUNDS, LOOKS = 1_000, 50
#: Probes whose addresses are of one kind.
PROBES = frozenset(("whole", "stream", "tools", "tool stream", "embeddings"))

Upstream = tuple[str, ...]


def upstreams_of(several: Sequence[Asked]) -> dict[Side, Counter[Upstream]]:
    """How often each upstream answered a name, by side; nothing where no echo stands behind it."""
    return {
        side: Counter(
            tuple(str(facts[part]) for part in PARTS)
            for asked in several
            if asked.probe in PROBES
            for facts in asked.answers[side]
            if PARTS[0] in facts
        )
        for side in (OLD, NEW)
    }


def chance(seen: dict[Side, Counter[Upstream]]) -> float:
    """How likely it is that both sides draw from the same upstreams in the same shares, at most.

    >>> chance({OLD: Counter({("a",): 14}), NEW: Counter({("b",): 13})}) < CERTAIN
    True
    """
    old, new = seen[OLD], seen[NEW]
    if not old or not new:
        return 1.0
    values = {*old, *new}
    least = min(_tail(old[value], old.total(), new[value], new.total()) for value in values)
    return min(1.0, 2 * len(values) * least)


def _tail(old: int, olds: int, new: int, news: int) -> float:
    """Fisher's exact test, the smaller tail: `old` of `olds` answers and `new` of `news` are of one kind."""
    kinds, every = old + new, comb(olds + news, news)
    low, high = max(0, kinds - olds), min(kinds, news)

    def between(first: int, last: int) -> float:
        ways = (
            comb(kinds, count) * comb(olds + news - kinds, news - count) for count in range(first, last + 1)
        )
        return sum(ways) / every

    return min(between(low, new), between(new, high))


def look_into(several: Sequence[Asked], order: random.Random) -> None:
    """Ask more of a name where its upstreams look different, until it is certain or has had its rounds.

    An echo's answers cost nothing.
    """
    for _ in range(ROUNDS):
        if not several or several[0].busy:
            return
        seen = upstreams_of(several)
        looks_different = set(seen[OLD]) != set(seen[NEW]) or chance(seen) < SUSPICIOUS
        if not looks_different or chance(seen) < CERTAIN:
            return
        several[0].go(AGAIN, order)


def is_shared(several: Sequence[Asked]) -> bool:
    """Whether more than one upstream is seen to answer a name."""
    seen = upstreams_of(several)
    return (
        bool(several)
        and not several[0].busy
        and bool(seen[OLD])
        and bool(seen[NEW])
        and len({*seen[OLD], *seen[NEW]}) > 1
    )


def compare_shares(several: Sequence[Asked], rounds: int, order: random.Random) -> None:
    """Ask of a name until its shares differ for certain, or both sides have been asked `rounds` times."""
    for count in range(min(rounds, SHARE_ROUNDS)):
        if several[0].busy or (count % LOOKS == 0 and chance(upstreams_of(several)) < CERTAIN):
            return
        several[0].go(AGAIN, order)


def upstream_check(several: Sequence[Asked]) -> Iterator[Check]:
    """The check of a name whose upstreams can be seen; none for any other."""
    if not several:
        return
    seen = upstreams_of(several)
    if not seen[OLD] or not seen[NEW]:
        return
    model = several[0].model
    likely = chance(seen)
    if likely >= CERTAIN:
        yield Check(PROBE, model, "same")
        return
    words = _sentence(seen[OLD], seen[NEW])
    yield Check(PROBE, model, "different", words, "upstream", _counted(seen[OLD]), _counted(seen[NEW]))


def _sentence(old: Counter[Upstream], new: Counter[Upstream]) -> str:
    """What changed: the parts of the upstreams that only one side has, or the shares of those of both."""
    gone = [one for one, _ in old.most_common() if one not in new]
    come = [one for one, _ in new.most_common() if one not in old]
    if len(gone) == len(come) == 1:
        pairs = zip(PARTS, gone[0], come[0], strict=True)
        changed = [
            tr(
                "{aspect} {new} instead of {old}",
                aspect=word_for(part.removeprefix("upstream ")),
                new=after,
                old=before,
            )
            for part, before, after in pairs
            if before != after
        ]
        return joined(changed, ", ", "，")
    if gone or come:
        return tr("other upstreams: {new} instead of {old}", new=_shares(new), old=_shares(old))
    return tr("the shares are not the same: {new} instead of {old}", new=_shares(new), old=_shares(old))


def _counted(seen: Counter[Upstream]) -> list[dict[str, object]]:
    return [{**dict(zip(PARTS, one, strict=True)), "answers": count} for one, count in seen.most_common()]


def _shares(seen: Counter[Upstream]) -> str:
    total = seen.total()
    return ", ".join(f"{round(100 * count / total)} % {' '.join(one)}" for one, count in seen.most_common(4))
