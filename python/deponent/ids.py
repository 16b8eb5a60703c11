"""Names that nobody hands out: UUIDv7 for decisions, a name for an emitter that was given none."""
import os
import re
import threading
import time
from typing import Optional, Tuple

_COUNTER_MAX = 0xFFF
EMITTER_NAME_MAX = 64


class _Clock:
    """Milliseconds and a counter, so that the ids of one process sort in the order they were made.

    When the counter of a millisecond is used up the time of the id moves on rather than repeating.
    """

    def __init__(self) -> None:
        # Re-entrant: a signal handler may record too.
        self.lock = threading.RLock()
        self.ms = 0
        self.counter = 0

    def tick(self, now: int, start: int) -> Tuple[int, int]:
        with self.lock:
            if now > self.ms:
                self.ms, self.counter = now, start
            elif self.counter < _COUNTER_MAX:
                self.counter += 1
            else:
                self.ms, self.counter = self.ms + 1, 0
            return self.ms, self.counter


_clock = _Clock()


def forget_after_fork() -> None:
    """In a child the lock may be held by a thread that is not there."""
    global _clock
    _clock = _Clock()


def uuid7() -> str:
    """A new id (RFC 9562, section 5.7)."""
    random = int.from_bytes(os.urandom(10), 'big')
    ms, counter = _clock.tick(time.time_ns() // 1_000_000, (random >> 64) & (_COUNTER_MAX >> 1))
    digits = '%012x7%03x%016x' % (ms, counter, (random & (2**62 - 1)) | 2**63)
    return '-'.join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def emitter_name(system: Optional[str]) -> str:
    """The system and eight random digits."""
    readable = re.sub(r'^[^A-Za-z0-9]+', '', re.sub(r'[^A-Za-z0-9._-]+', '-', system or 'python'))
    return '%s-%s' % (readable[: EMITTER_NAME_MAX - 9] or 'python', os.urandom(4).hex())
