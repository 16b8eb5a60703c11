"""Records on their way: one, several in a request, and those that nobody sends yet."""
import collections
import dataclasses
import threading
import time
from typing import Any, Callable, Deque, List, Optional

DECISIONS = '/v1/decisions'
RECORDS = '/v1/records'

#: Below the server's limit for a request with room to spare.
BATCH_CHARACTERS_MAX = 4 * 1024 * 1024


@dataclasses.dataclass(eq=False)
class Item:
    """A record waiting to be sent."""

    path: str
    #: Canonical JSON, one line; with its `emitter` once it is numbered.
    text: str
    #: Of a decision its own; of another record what its receipt is found by; none of a statement.
    record_id: Optional[str] = None
    #: Absent where an application numbers its records itself.
    is_numbered: bool = True
    seq: Optional[int] = None
    #: In the chain, 64 hex digits; known with `seq`.
    link: Optional[str] = None


@dataclasses.dataclass(eq=False)
class Batch:
    """What goes into one request: records for one path, in their order."""

    items: List[Item]
    #: Batches are sent by ascending order, those of the spool among them.
    order: int
    #: What `Deponent-Emitter-Head` says after it, when the chain ends there.
    head: Optional[str] = None
    #: Called when each of its records is judged or given up.
    settled: Optional[Callable[[], None]] = None
    #: Gives it up, and tells whether it did, when it has lain in the spool for too long.
    lapsed: Optional[Callable[[], bool]] = None
    #: It lies in the spool already.
    is_spooled: bool = False
    #: Of an earlier process, which counted its records itself.
    is_foreign: bool = False
    #: It holds what the client says of itself, which nobody reported.
    is_statement: bool = False

    @property
    def path(self) -> str:
        return self.items[0].path


class Queue:
    """
    Invariants: records are in the order they came; at most `records_max` of them, holding at most `characters_max`
    together; what was accepted leaves only through `take` and `clear`. Its condition is the one lock between the
    application and the thread that sends.
    """

    def __init__(self, records_max: int, characters_max: int, batch_size: int, interval: float) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._records_max = records_max
        self._characters_max = characters_max
        self._batch_size = batch_size
        self._interval = interval
        self._items: Deque[Item] = collections.deque()
        self._characters = 0
        self._due_at = 0.0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item) -> bool:
        """False when there is no room: the newcomer is turned away, so that what was accepted stays."""
        with self.changed:
            if len(self._items) >= self._records_max or self._characters + len(item.text) > self._characters_max:
                return False
            if not self._items:
                self._due_at = time.monotonic() + self._interval
            self._items.append(item)
            self._characters += len(item.text)
            if len(self._items) >= self._batch_size:
                self._due_at = 0.0
            if len(self._items) in (1, self._batch_size):
                self.changed.notify_all()
            return True

    def hurry(self) -> None:
        """What waits is to be sent now."""
        with self.changed:
            self._due_at = 0.0
            self.changed.notify_all()

    def due_in(self) -> Optional[float]:
        """Seconds until what waits is to be sent; None when nothing waits."""
        with self.changed:
            return max(0.0, self._due_at - time.monotonic()) if self._items else None

    def take(self) -> List[Item]:
        """The oldest records that go to one path: at most a batch, but always one when there is one."""
        with self.changed:
            taken: List[Item] = []
            characters = 0
            while self._items and len(taken) < self._batch_size:
                item = self._items[0]
                if taken and (item.path != taken[0].path or characters + len(item.text) > BATCH_CHARACTERS_MAX):
                    break
                taken.append(self._items.popleft())
                characters += len(item.text)
            self._characters -= characters
            return taken

    def clear(self) -> List[Item]:
        """Empties the queue and gives what was in it."""
        with self.changed:
            items = list(self._items)
            self._items.clear()
            self._characters = 0
            return items


def text_of(values: Any) -> str:
    """The body of a request: NDJSON."""
    return '\n'.join(values)
