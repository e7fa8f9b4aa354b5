"""What this process records: found out once, from what it was started with or what the exported file says."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from one_adapter.errors import reason_of
from one_adapter.language import tr, translated
from one_adapter.runtime.entry.endpoints import METRICS, Metrics
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.settings import Settings
from one_adapter.runtime.record.gauges import Gauges, gauges_of
from one_adapter.runtime.record.metrics_port import LOOPBACK, MetricsServer
from one_adapter.runtime.record.number_files import NumberFiles
from one_adapter.runtime.record.record import Record
from one_adapter.runtime.record.tally import Tally
from one_adapter.runtime.record.totals import LOOK_SECONDS, Totals
from one_adapter.runtime.record.variables import FOLDER, LOG, NUMBERS, PORT, WORKER, YES
from one_adapter.runtime.record.writer import Writer

log = logging.getLogger("one_adapter.calls")
#: What this process keeps.
_begun: list[Recording] = []


@dataclass(frozen=True)
class Wanted:
    """What is to be recorded: a file's name, whether to count, and a port of loopback (0: none)."""

    access_log: str = ""
    metrics: bool = False
    port: int = 0


def wanted(settings: Settings, environment: Mapping[str, str]) -> Wanted:
    """What is to be recorded.

    >>> wanted(Settings(access_log="log"), {"ONE_ADAPTER_ACCESS_LOG": "-", "ONE_ADAPTER_METRICS_PORT": "9"})
    Wanted(access_log='-', metrics=True, port=9)
    """
    port = environment.get(PORT, "")
    number = int(port) if port.isdecimal() and int(port) < 65536 else settings.metrics_port
    numbers = environment.get(NUMBERS, "").lower() in YES or settings.metrics or number > 0
    return Wanted(environment.get(LOG) or settings.access_log, numbers, number)


class Recording:
    """The record of a process, and what tells of it."""

    def __init__(self, what: Wanted, config: Config, memory: Memory, environment: Mapping[str, str]) -> None:
        """Begin to keep what is wanted."""
        number = environment.get(WORKER, "")
        worker = int(number) if number.isdecimal() else None
        writer = Writer(what.access_log, _tell) if what.access_log else None
        tally = Tally() if what.metrics else None
        self.record = Record(writer, tally, worker)
        self.metrics: Metrics | None = None
        self._config = config
        self._memory = memory
        if tally is None:
            return
        folder = environment.get(FOLDER, "")
        files = NumberFiles(folder, worker) if folder and worker is not None else None
        self._totals = Totals(tally, self.gauges, files, worker or 1)
        self.metrics = self._told
        if what.port and (worker or 1) == 1:
            self._listen(what.port)
        if files is not None or what.port:
            with contextlib.suppress(RuntimeError):  # no loop: the configuration is only being checked
                self._tick(asyncio.get_running_loop())

    def gauges(self) -> Gauges:
        """What holds now."""
        writer = self.record.writer
        lost = writer.lost if writer is not None else 0
        return gauges_of(self._memory, self.record.running, lost, self._config)

    def follow(self, config: Config) -> None:
        """Take another configuration's number, and its names of services."""
        self._config = config

    def _told(self, accept: str) -> tuple[bytes, str]:
        self.record.settle()
        return self._totals.told(accept)

    def reloaded(self, applied: bool) -> None:
        """Count a reload: the new configuration holds, or the old one still does."""
        if self.record.tally is not None:
            self.record.tally.numbers.reloaded(applied)

    def close(self) -> None:
        """Write and lay down what is left, at the process's end."""
        self.record.close()
        if self.metrics is not None:
            self._totals.end()

    def _listen(self, port: int) -> None:
        try:
            MetricsServer(port, self._totals.last_told)
        except OSError as problem:
            where, why = f"{LOOPBACK}:{port}", reason_of(problem)
            _tell(tr("The metrics port {address} cannot be had: {reason}.", address=where, reason=why))

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self.record.settle()
        self._totals.look()
        loop.call_later(LOOK_SECONDS, self._tick, loop)


def begin(config: Config, memory: Memory, environment: Mapping[str, str]) -> Recording | None:
    """This process's recording; None where nothing is to be recorded."""
    what = wanted(config.settings, environment)
    if not what.access_log and not what.metrics:
        return None
    if not _begun:
        atexit.register(close)
    _begun.append(Recording(what, config, memory, environment))
    return _begun[-1]


def reloaded(applied: bool) -> None:
    """Count a reload of this process's own, where numbers are kept."""
    for one in _begun:
        one.reloaded(applied)


def close() -> None:
    """Write what is left of what this process records; a worker, that ends without further ado, calls it."""
    for one in _begun:
        one.close()


def beside(routes: Iterable[object], metrics: Metrics | None) -> Metrics | None:
    """What answers `/metrics`: nothing of ours where LiteLLM's own callback has put its page there."""
    if metrics is None or all(getattr(one, "path", "") != METRICS for one in routes):
        return metrics
    _tell(
        tr(
            "LiteLLM's own callback answers /metrics; what one-adapter counts is told at the metrics port "
            "alone."
        )
    )
    return None


def _tell(words: str) -> None:
    log.warning("%s", translated(words))
