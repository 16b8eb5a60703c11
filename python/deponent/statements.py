"""What a client says about its own numbering: that it lives, what it lost, where it ended."""
import time
from typing import Any, Dict, List, Optional

from .answer import backoff
from .canonical import canonical
from .counts import Counts
from .numbering import Numbering
from .plain import plain
from .waiting import RECORDS

#: A server that did not take a statement is not asked again at once.
FAILED = 8
#: Losses that come one after another are declared together.
LOSSES_EVERY = 1.0


class Statements:
    """One attempt each, and only while no batch is under way, so that a head speaks of what was settled. What was not
    taken is declared with the next one."""

    def __init__(self, sink: Any, numbering: Numbering, counts: Counts, heartbeat: float) -> None:
        self._sink = sink
        self._numbering = numbering
        self._counts = counts
        #: Seconds; 0 for never.
        self._heartbeat = heartbeat
        self._heartbeat_at = 0.0
        self._losses_at = 0.0

    def due_in(self) -> Optional[float]:
        """Seconds until the next; None while there is nothing to say."""
        times = []
        if self._numbering.has_losses:
            times.append(self._losses_at)
        if self._heartbeat > 0 and self._numbering.at is not None:
            times.append(self._heartbeat_at)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def send(self, timeout: float) -> None:
        self._say(self._heartbeats(), timeout)

    def say_closed(self, timeout: float) -> None:
        """States the last number and the head of the chain: nothing comes after this."""
        if self.has_end:
            self._say([self._closed()], timeout)

    def closing(self) -> List[str]:
        """The same as lines for the spool; declared losses are then no longer held here."""
        return self._lines(self._numbering.take_losses(), [self._closed()]) if self.has_end else []

    @property
    def has_end(self) -> bool:
        return self._numbering.at is not None or self._numbering.has_losses

    def _closed(self) -> Dict[str, Any]:
        return self._numbering.statement('emitter.closed', reason='closed by the application')

    def _heartbeats(self) -> List[Dict[str, Any]]:
        if self._numbering.at is None or self._heartbeat <= 0 or time.monotonic() < self._heartbeat_at:
            return []
        counts = self._counts.now()
        counters = {name: counts[name] for name in ('reported', 'recorded', 'duplicates', 'rejected', 'lost')}
        interval = int(self._heartbeat * 1000)
        return [self._numbering.statement('emitter.heartbeat', intervalMs=interval, counters=counters, sdk='python')]

    def _say(self, statements: List[Dict[str, Any]], timeout: float) -> None:
        losses = self._numbering.take_losses()
        lines = self._lines(losses, statements)
        if not lines:
            return
        answer = self._sink.deliver(RECORDS, lines, None, timeout)
        now = time.monotonic()
        if answer.outcome == 'judged':
            self._losses_at = now + LOSSES_EVERY
            if statements:
                self._heartbeat_at = now + self._heartbeat
            return
        self._numbering.restore(losses)
        self._losses_at = now + backoff(FAILED, answer.retry_after)
        self._heartbeat_at = max(self._heartbeat_at, self._losses_at)

    def _lines(self, losses: List[Any], statements: List[Dict[str, Any]]) -> List[str]:
        records = [self._numbering.loss_record(loss) for loss in losses] + statements
        return [canonical(plain(record)) for record in records]
