"""The spool as the sender sees it: batches put away, the oldest of its own, and what earlier processes left."""
import dataclasses
import os
import time
from typing import Callable, Optional, Set

from .issue import Issue, OnError
from .numbering import Numbering
from .spool import Damaged, Folder, Spool, is_older, losses_of, open_orphan, open_own
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
        #: Folders that hold only what cannot be read now; they wait for the next look.
        self._passed: Set[str] = set()
        self._failed_until = 0.0
        self._left = 0

    @property
    def records(self) -> int:
        """Of this process; what it left, after its end."""
        return self._own.records if self._own else self._left

    @property
    def oldest(self) -> Optional[int]:
        """The first of this process that may be tried now."""
        return self._own.oldest if self._own else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of this process is there."""
        return self._own is None or self._own.is_empty

    def postponed_for(self) -> Optional[float]:
        """Seconds until a batch of this process that could not be read is to be tried again."""
        return self._own.postponed_for() if self._own else None

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
            self._look()
        while self._orphan is not None:
            batch = self._next(self._orphan, is_foreign=True)
            if batch is not None:
                return batch
            self._passed.add(self._orphan.path)
            self._orphan.close()
            self._look()
        return None

    def _look(self) -> None:
        """Opens the next folder whose process is gone."""
        own = {self._own.path} if self._own else set()
        self._orphan = open_orphan(self._options, own | self._passed)
        if self._orphan is None:
            self._orphans_at = time.monotonic() + ORPHANS_EVERY
            self._passed.clear()
            if self._own:
                self._own.sweep()

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
            batch = self._loaded(folder, order, is_foreign)
            if batch is not None:
                return batch

    def _loaded(self, folder: Folder, order: int, is_foreign: bool) -> Optional[Batch]:
        """The batch, where it can be read and is not too old."""
        kept = folder.kept(order)
        try:
            batch, since = folder.load(order)
        except FileNotFoundError:
            folder.forget(order)
            if not is_foreign:
                # The folder is locked: no other process has sent it.
                self._lost('spool_damaged', kept.records, '%s is gone' % kept.name)
            return None
        except Damaged as damage:
            folder.set_aside(order)
            self._on_error(Issue('spool_failed', str(damage)))
            self._lose(is_foreign, 'spool_damaged', kept.records, str(damage))
            return None
        except Exception as error:
            self._postpone(folder, order, is_foreign, error)
            return None

        def lapsed() -> bool:
            if not is_older(since, self._options):
                return False
            self._expire(folder, order, batch, is_foreign)
            return True

        if lapsed():
            return None
        batch.is_foreign = is_foreign
        batch.lapsed = lapsed
        batch.settled = lambda: folder.remove(order)
        return batch

    def _postpone(self, folder: Folder, order: int, is_foreign: bool, error: Exception) -> None:
        """What cannot be read now may be read later, until its time is up."""
        kept = folder.kept(order)
        if is_older(kept.since, self._options):
            folder.remove(order)
            self._lose(is_foreign, 'spool_expired', kept.records, self._too_long())
        elif folder.postpone(order):
            self._on_error(Issue('spool_failed', '%s cannot be read now (%s)' % (kept.name, type(error).__name__)))

    def _expire(self, folder: Folder, order: int, batch: Batch, is_foreign: bool) -> None:
        if self._numbering:
            for loss in losses_of(batch, 'spool_expired'):
                self._numbering.declare(loss)
        folder.remove(order)
        self._lose(is_foreign, 'spool_expired', len(batch.items), self._too_long())

    def _too_long(self) -> str:
        return 'in the spool for longer than %d s' % self._options.ttl_seconds

    def _lose(self, is_foreign: bool, reason: str, count: int, message: str) -> None:
        """An earlier process counted its records itself."""
        if is_foreign:
            self._on_error(Issue('lost', message, reason=reason, count=count))
        else:
            self._lost(reason, count, message)
