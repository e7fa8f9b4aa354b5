"""A reload as the parent leads it: one configuration is seen, all workers prepare it, all commit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from one_adapter.language import tr, translated
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading, Told
from one_adapter.runtime.workers.agreement import Agreement, State
from one_adapter.runtime.workers.channel import Kind, Message
from one_adapter.runtime.workers.fleet import Worker
from one_adapter.runtime.workers.notify import Notifier


class Reloads:
    """One reload at a time, and none while a worker starts: it would miss it."""

    def __init__(
        self,
        reloading: Reloading | None,
        adopt: Callable[[Generation], None],
        say: Callable[[str], None],
        notifier: Notifier,
        count: Callable[[bool], None] = lambda _: None,
        at_once: int = 1,
    ) -> None:
        """Watch what `reloading` names.

        `adopt` has workers that start from then on begin with a generation; `say` takes a line for the log;
        `count` hears of each reload whether it was applied. So many workers prepare one `at_once`.
        """
        self._reloading = reloading
        self._adopt = adopt
        self._say = say
        self._notifier = notifier
        self._count = count
        self._at_once = at_once
        self._look_at = 0.0
        self._asked = False
        self._next: Generation | None = None
        self._agreement: Agreement | None = None
        self._commits = False
        self._applied = ""
        self._again = ""

    @property
    def under_way(self) -> bool:
        """Whether workers prepare or commit something."""
        return self._agreement is not None

    def ask(self) -> None:
        """Have it looked as soon as may be, and say what was found whatever it is."""
        self._asked = True

    def hear(self, worker: Worker, message: Message) -> None:
        """Take a worker's answer."""
        agreement = self._agreement
        if agreement is None or message.number != agreement.number:
            return
        told = message.body.decode("utf-8", "replace")
        if message.kind is Kind.PREPARED:
            agreement.prepared(worker.slot)
        elif message.kind is Kind.REFUSED:
            agreement.refused(worker.slot, told)
        elif message.kind is Kind.COMMITTED:
            agreement.committed(worker.slot)
            self._applied = told

    def gone(self, worker: Worker) -> None:
        """Go on without a worker that died."""
        if self._agreement is not None:
            self._agreement.gone(worker.slot)

    def go_on(self, workers: Mapping[int, Worker], now: float) -> None:
        """Take the next step with a reload that is under way, or look for a new configuration."""
        if self._agreement is not None:
            self._agreement.late(now)
            self._ask(self._agreement, workers, now)
            self._step(self._agreement, workers)
        elif workers and all(one.ready_at is not None for one in workers.values()):
            self._look(workers, now)

    def _look(self, workers: Mapping[int, Worker], now: float) -> None:
        asked, self._asked = self._asked, False
        if self._reloading is None:
            if asked:
                self._notifier.ready()
            return
        source = self._reloading.source
        if not asked and not (self._reloading.watch and now >= self._look_at):
            return
        found = source.look(asked)
        self._look_at = now + source.pause
        if isinstance(found, Generation):
            self._next, self._applied = found, ""
            self._agreement = Agreement(found.number, workers, self._at_once)
            self._ask(self._agreement, workers, now)
        else:
            if found is not None:
                if found.refused:
                    self._count(False)
                self._say(translated(found.text).rstrip())
            if asked:
                self._notifier.ready(translated(found.text) if isinstance(found, Told) else "")

    def _ask(self, agreement: Agreement, workers: Mapping[int, Worker], now: float) -> None:
        assert self._next is not None
        for slot in agreement.next_to_ask(now):
            workers[slot].channel.send(Message(Kind.PREPARE, agreement.number, self._next.to_bytes()))

    def _step(self, agreement: Agreement, workers: Mapping[int, Worker]) -> None:
        if agreement.state is State.COMMITTING and not self._commits:
            self._commits = True
            self._tell(workers, Message(Kind.COMMIT, agreement.number))
        elif agreement.state is State.REFUSED:
            self._tell(workers, Message(Kind.DROP, agreement.number))
            assert self._reloading is not None
            self._reloading.source.refused()
            self._count(False)
            told = tr(
                "the new configuration is not taken, the old one stays: {reason}", reason=agreement.reason
            )
            again = self._once_more(agreement)
            self._over(tr("{what}; it is tried once more", what=told) if again else told)
        elif agreement.state is State.DONE:
            assert self._next is not None
            self._adopt(self._next)
            self._count(True)
            for note in self._next.notes:
                self._say(note)
            self._over(self._applied.rstrip())

    def _once_more(self, agreement: Agreement) -> bool:
        """Have it looked again once workers are back, where none has judged it: once for each content."""
        assert self._next is not None
        if not agreement.unjudged or self._again == self._next.fingerprint:
            return False
        self._again, self._asked = self._next.fingerprint, True
        return True

    def _over(self, told: str) -> None:
        self._agreement, self._next, self._commits = None, None, False
        self._say(told)
        self._notifier.ready(translated(told))

    def _tell(self, workers: Mapping[int, Worker], message: Message) -> None:
        for worker in workers.values():
            worker.channel.send(message)
