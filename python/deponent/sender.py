"""Sends what the queue holds, one request at a time and in order, from a thread of its own.

Invariants:
- at most one request is under way;
- a batch is in `_batches` or in the spool until each of its records is settled, that is judged by the server or declared
  lost; it is sent again, unchanged, until then;
- batches of this process are sent by ascending order, whether they wait in memory or on disk;
- nothing here raises into the application, which never sees the network.
"""
import collections
import contextlib
import dataclasses
import threading
import time
from typing import Any, Deque, Iterator, List, Optional

from .answer import Answer, backoff
from .counts import Counts
from .issue import Issue, OnError, logger
from .judging import Judging
from .numbering import Numbering
from .receipts import Receipts
from .spool import losses_of
from .statements import Statements
from .store import Store
from .waiting import RECORDS, Batch, Item, Queue

#: A server that forgets records is not asked again at once.
FORGOTTEN_SECONDS = 5.0
FOREVER = 3600.0


class Sender:
    def __init__(self, sink: Any, queue: Queue, numbering: Optional[Numbering], statements: Optional[Statements],
                 store: Optional[Store], receipts: Receipts, counts: Counts, on_error: OnError, timeout: float) -> None:
        self._sink = sink
        self._queue = queue
        self._numbering = numbering
        self._statements = statements
        self._store = store
        self._judging = Judging(counts, receipts, on_error)
        self._counts = counts
        self._on_error = on_error
        self._timeout = timeout
        self._batches: Deque[Batch] = collections.deque()
        self._orders = 0
        self._is_draining = False
        self._failures = 0
        self._retry_at = 0.0
        self._is_stopped = False
        self._is_delivering = False
        #: The answer under way comes too late: what it was for is given up.
        self._is_abandoned = False
        #: Whoever has it may take the next step.
        self._turn = threading.Lock()
        self._thread: Optional[threading.Thread] = None

    # ------------------------------------------------------------ for the application

    def start(self) -> None:
        """Begins to send, from the first record on."""
        if self._thread is None:
            with self._queue.changed:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name='deponent', daemon=True)
                    try:
                        thread.start()
                    except RuntimeError:
                        # The interpreter is going down: `flush` takes the steps itself.
                        return
                    self._thread = thread

    @property
    def in_memory(self) -> int:
        """Records neither settled nor on disk."""
        with self._queue.changed:
            return len(self._queue) + sum(len(batch.items) for batch in self._batches if not batch.is_spooled)

    @property
    def on_disk(self) -> int:
        return self._store.records if self._store else 0

    def flush(self, deadline: float) -> int:
        """Sends what waits until all is settled or it is `deadline` (monotonic); how many records still wait."""
        self._retry_at = 0.0
        self._queue.hurry()
        while self.in_memory + self.on_disk > 0 and time.monotonic() < deadline:
            if self._thread is not None and self._thread.is_alive():
                with self._queue.changed:
                    self._queue.changed.wait(min(0.05, max(0.0, deadline - time.monotonic())))
            else:
                self._step_before(deadline)
        return self.in_memory + self.on_disk

    def stop(self, deadline: float) -> None:
        """Ends: what is left is put into the spool or declared lost, and the numbering is closed, until `deadline`."""
        with self._queue.changed:
            self._is_stopped = True
            self._queue.changed.notify_all()
        has_turn = self._turn.acquire(timeout=max(0.05, deadline - time.monotonic()))
        while not has_turn and not self._is_abandoned:
            with self._queue.changed:
                self._is_abandoned = self._is_delivering
            # When it is not waiting for an answer it is done in a moment.
            has_turn = not self._is_abandoned and self._turn.acquire(timeout=0.05)
        try:
            self._give_up(deadline)
        finally:
            if has_turn:
                self._turn.release()

    def abandon(self) -> None:
        """In a child after a fork: all of it is its parent's."""
        if self._store:
            self._store.abandon()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._is_stopped:
            try:
                with self._queue.changed:
                    wait = self._idle_for()
                    while wait > 0 and not self._is_stopped:
                        self._queue.changed.wait(wait)
                        wait = self._idle_for()
                with self._turn:
                    if not self._is_stopped:
                        self._step()
            except Exception:
                # A defect here must not end the sending of everything that comes later.
                logger.exception('sending failed')
                time.sleep(1)
            with self._queue.changed:
                self._queue.changed.notify_all()

    def _step_before(self, deadline: float) -> None:
        """One step in the caller's own thread, where there is no other."""
        with self._turn:
            left = max(0.0, deadline - time.monotonic())
            wait = self._idle_for()
            if wait > 0:
                time.sleep(min(wait, left))
                return
            self._timeout = min(self._timeout, max(0.1, left))
            self._step()

    def _idle_for(self) -> float:
        """Seconds until there is something to do."""
        wait = self._retry_at - time.monotonic()
        due = self._due_in()
        if wait > 0:
            return min(wait, due) if due is not None and self._may_spill() else wait
        if self._batches or (self._store and self._store.oldest is not None):
            return 0.0
        orphans = self._store.orphans_in() if self._store else None
        postponed = self._store.postponed_for() if self._store else None
        statement = self._statements.due_in() if self._statements and due is None else None
        return min(FOREVER if one is None else one for one in (due, orphans, postponed, statement))

    def _due_in(self) -> Optional[float]:
        """Seconds until something is to be taken from the queue; once it is due, all of it is."""
        due = self._queue.due_in()
        if due is None:
            self._is_draining = False
        elif due <= 0:
            self._is_draining = True
        return 0.0 if due is not None and self._is_draining else due

    def _step(self) -> None:
        if time.monotonic() < self._retry_at:
            self._spill()
            return
        batch = self._next()
        if batch is not None:
            self._send(batch)
        elif self._statements and not len(self._queue) and self._statements.due_in() == 0.0:
            with self._delivering():
                self._statements.send(self._timeout)

    def _next(self) -> Optional[Batch]:
        """The batch to send now: the oldest that is open, on disk, in the queue, or left by an earlier process."""
        self._let_lapse()
        own = self._store.oldest if self._store else None
        if self._batches and (own is None or self._batches[0].order <= own):
            return self._batches[0]
        batch = self._store.next_own() if self._store and own is not None else None
        if batch is None and not self._batches:
            if self._due_in() == 0.0:
                self._open()
            elif self._store:
                batch = self._store.next_orphan()
        if batch is not None:
            with self._queue.changed:
                self._batches.appendleft(batch)
        return self._batches[0] if self._batches else None

    def _let_lapse(self) -> None:
        """A batch of the spool has its time also while it is tried again and again."""
        head = self._batches[0] if self._batches else None
        if head is not None and head.lapsed is not None and head.lapsed():
            self._forget(head)

    def _open(self) -> Optional[Batch]:
        """Takes the next records of the queue, and numbers them. They are in one place or the other all the time."""
        with self._queue.changed:
            items = self._queue.take()
            if not items:
                return None
            self._orders += 1
            batch = Batch(items, self._orders)
            self._batches.append(batch)
        if self._numbering:
            self._numbering.number(items)
            batch.head = self._numbering.head_of(items)
        return batch

    # ------------------------------------------------------------ one request

    def _send(self, batch: Batch) -> None:
        with self._delivering():
            answer = self._sink.deliver(batch.path, [item.text for item in batch.items], batch.head, self._timeout)
        if self._is_abandoned:
            return
        if answer.outcome == 'retry':
            self._wait_after(answer)
            self._spill()
            return
        self._failures = 0
        if answer.outcome == 'refused':
            self._divide(batch, answer)
        else:
            self._settle(batch, answer)

    @contextlib.contextmanager
    def _delivering(self) -> Iterator[None]:
        """While this waits for an answer `stop` may give it up; not before, and not after."""
        self._is_delivering = True
        try:
            yield
        finally:
            with self._queue.changed:
                self._is_delivering = False

    def _may_spill(self) -> bool:
        return self._store is not None and self._store.has_room()

    def _spill(self) -> None:
        """Puts what is open or due on disk while the server is not to be asked."""
        while self._store and self._store.has_room():
            loose = next((batch for batch in self._batches if not batch.is_spooled), None)
            if loose is None and self._due_in() == 0.0:
                loose = self._open()
            # What the disk does not take stays in memory, one batch beside the queue.
            if loose is None or not self._store.put(loose):
                return
            self._forget(loose)

    def _settle(self, batch: Batch, answer: Answer) -> None:
        unjudged = self._judging.take(batch, answer)
        if not unjudged:
            self._close(batch)
            return
        # An answer that forgets a record settles nothing about it.
        batch.items = unjudged
        message = "the server's answer left out %d record(s)" % len(unjudged)
        self._wait_after(Answer('retry', message, retry_after=FORGOTTEN_SECONDS))

    def _close(self, batch: Batch) -> None:
        self._forget(batch)
        if batch.settled:
            batch.settled()

    def _forget(self, batch: Batch) -> None:
        with self._queue.changed:
            self._batches.remove(batch)

    def _divide(self, batch: Batch, answer: Answer) -> None:
        """Something in this batch makes the whole request unacceptable: halve it until that one record is alone."""
        if len(batch.items) == 1:
            self._refuse(batch, answer.message)
            return
        half = (len(batch.items) + 1) // 2
        # The file of a spooled batch goes with its last part; until then a new start sends all of it again.
        first = dataclasses.replace(batch, items=batch.items[:half], head=None, settled=None, lapsed=None)
        second = dataclasses.replace(batch, items=batch.items[half:], lapsed=None)
        with self._queue.changed:
            self._batches.remove(batch)
            self._batches.extendleft((second, first))

    def _refuse(self, batch: Batch, message: str) -> None:
        if self._numbering and batch.is_foreign:
            for loss in losses_of(batch, 'refused'):
                self._numbering.declare(loss)
        elif self._numbering:
            self._numbering.lose(batch.items[0], 'refused')
        self._close(batch)
        if batch.is_foreign:
            self._on_error(Issue('lost', message, reason='refused', count=1))
        else:
            self.lose('refused', 1, message)

    def lose(self, reason: str, count: int, message: str) -> None:
        """Counts a loss and tells of it."""
        self._counts.add('lost', count)
        self._on_error(Issue('lost', message, reason=reason, count=count))

    def _wait_after(self, answer: Answer) -> None:
        wait = backoff(self._failures, answer.retry_after)
        self._failures += 1
        self._counts.add('retries')
        self._retry_at = time.monotonic() + wait
        self._on_error(Issue('unreachable', answer.message, status=answer.status, retry_in_seconds=wait))

    # ------------------------------------------------------------ the end

    def _give_up(self, deadline: float) -> None:
        left = self._put_away()
        for item in left:
            if self._numbering:
                self._numbering.lose(item, 'closed')
        if left:
            self.lose('closed', len(left), 'still waiting when the client was closed')
        if self._statements:
            self._say_closed(self._statements, deadline)
        if self._store:
            self._store.close()

    def _put_away(self) -> List[Item]:
        """Empties the memory: into the spool where there is one; what could not go there."""
        while self._open() is not None:
            pass
        left: List[Item] = []
        for batch in list(self._batches):
            if not batch.is_spooled and not (self._store and self._store.put(batch)):
                left.extend(batch.items)
            self._forget(batch)
        return left

    def _say_closed(self, statements: Statements, deadline: float) -> None:
        if self._store and not self._store.is_empty:
            items = [Item(RECORDS, line, is_numbered=False) for line in statements.closing()]
            self._orders += 1
            if items:
                self._store.put(Batch(items, self._orders, is_statement=True))
        elif time.monotonic() < deadline:
            statements.say_closed(min(self._timeout, deadline - time.monotonic()))
