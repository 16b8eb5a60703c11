"""The spool as the sender sees it: batches put away, the oldest of its own, and what earlier processes left."""
import dataclasses
import os
import time
from typing import Callable, Optional

from .issue import Issue, OnError
from .numbering import Numbering
from .spool import Damaged, Folder, Spool, losses_of, open_orphan, open_own
from .waiting import Batch

#: Seconds between two looks for folders whose process is gone.
ORPHANS_EVERY = 60.0
#: A disk that did not take a batch is not asked again at once.
FAILED_SECONDS = 30.0


class Store:
    """Not for several threads: the one that sends has it."""

    def __init__(self, options: Spool, on_error: OnError, lost: Callable[[str, int, str], None],
                 numbering: Optional[Numbering]) -> None:
        # A program may change its directory later.
        self._options = dataclasses.replace(options, directory=os.path.abspath(options.directory))
        self._on_error = on_error
        self._lost = lost
        self._numbering = numbering
        self._own: Optional[Folder] = None
        self._orphan: Optional[Folder] = None
        self._orphans_at = 0.0
        self._failed_until = 0.0
        self._left = 0

    @property
    def records(self) -> int:
        """Of this process; what it left, after its end."""
        return self._own.records if self._own else self._left

    @property
    def oldest(self) -> Optional[int]:
        return self._own.oldest if self._own else None

    def has_room(self) -> bool:
        return time.monotonic() >= self._failed_until and (self._own is None or self._own.has_room())

    def put(self, batch: Batch) -> bool:
        """Whether the batch is on disk now."""
        try:
            self._own = self._own or open_own(self._options)
            if not self._own.has_room():
                return False
            self._own.put(batch)
        except Exception as error:
            # A disk that is full, a `seal` that raises: the batch stays in memory.
            self._failed_until = time.monotonic() + FAILED_SECONDS
            self._on_error(Issue('spool_failed', 'a batch could not be put on disk (%s)' % error))
            return False
        return True

    def next_own(self) -> Optional[Batch]:
        """The oldest batch of this process that is not too old."""
        return self._next(self._own, is_foreign=False) if self._own else None

    def next_orphan(self) -> Optional[Batch]:
        """The oldest batch that an earlier process left."""
        if self._orphan is None and time.monotonic() >= self._orphans_at:
            self._orphan = open_orphan(self._options, self._own)
            if self._orphan is None:
                self._orphans_at = time.monotonic() + ORPHANS_EVERY
        while self._orphan is not None:
            batch = self._next(self._orphan, is_foreign=True)
            if batch is not None:
                return batch
            self._orphan.close()
            self._orphan = open_orphan(self._options, self._own)
        return None

    def orphans_in(self) -> float:
        """Seconds until the next look for what earlier processes left."""
        return 0.0 if self._orphan is not None else max(0.0, self._orphans_at - time.monotonic())

    def close(self) -> None:
        self._left = self.records
        for folder in (self._own, self._orphan):
            if folder is not None:
                folder.close()
        self._own = self._orphan = None

    def abandon(self) -> None:
        for folder in (self._own, self._orphan):
            if folder is not None:
                folder.abandon()
        self._own = self._orphan = None

    def _next(self, folder: Folder, is_foreign: bool) -> Optional[Batch]:
        while True:
            order = folder.oldest
            if order is None:
                return None
            count = folder.count_of(order)
            try:
                batch, since = folder.load(order)
            except Damaged as damage:
                folder.set_aside(order)
                self._on_error(Issue('spool_failed', str(damage)))
                if not is_foreign:
                    self._lost('spool_damaged', count, str(damage))
                continue
            if time.time() - since <= self._options.ttl_seconds:
                batch.is_foreign = is_foreign
                batch.settled = lambda: folder.remove(order)
                return batch
            self._expire(folder, order, batch, is_foreign)

    def _expire(self, folder: Folder, order: int, batch: Batch, is_foreign: bool) -> None:
        message = 'in the spool for longer than %d s' % self._options.ttl_seconds
        if self._numbering:
            for loss in losses_of(batch, 'spool_expired'):
                self._numbering.declare(loss)
        folder.remove(order)
        if is_foreign:
            self._on_error(Issue('lost', message, reason='spool_expired', count=len(batch.items)))
        else:
            self._lost('spool_expired', len(batch.items), message)
