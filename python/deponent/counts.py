"""What became of the records reported so far."""
import threading
from typing import Dict

#: `duplicates` were kept already by an earlier attempt; `retries` are requests that were answered by "not now", or not at
#: all; `replayed` are records and statements of earlier processes, sent from their spool.
_NAMES = ('reported', 'recorded', 'duplicates', 'rejected', 'lost', 'retries', 'replayed')


class Counts:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._counts = dict.fromkeys(_NAMES, 0)

    def add(self, name: str, count: int = 1) -> None:
        with self._lock:
            self._counts[name] += count

    def now(self) -> Dict[str, int]:
        with self._lock:
            return dict(self._counts)
