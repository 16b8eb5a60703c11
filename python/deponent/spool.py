"""Batches kept on disk while the server is away, and sent from there when it is back.

Each process has a folder of its own, locked while it lives; folders whose process is gone are taken over. A batch is a
file, written whole and synced before it has its name; files are sent by ascending name.

    DIR/<uuid>/lock, DIR/<uuid>/000000000007.100.batch

A name says the order and how many records there are. A file is a line about its records and then their texts, one a line, as
`seal` makes it.
"""
import dataclasses
import json
import os
import re
import stat
import time
from typing import Any, Callable, Container, Dict, List, Optional, Tuple

from .canonical import canonical
from .ids import uuid7
from .numbering import Loss
from .waiting import Batch, Item

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Order and records; earlier versions wrote the order alone.
_NAME = re.compile(r'(\d{12})(?:\.(\d+))?\.batch')
DAMAGED = '.damaged'
UNFINISHED = '.new'
OPEN_ATTEMPTS = 10
#: A file that cannot be read now is not tried again at once.
POSTPONED_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Spool:
    """How records are kept on disk. What lies there is personal data: it is in clear, readable by its owner alone, when
    `plaintext` is true, and otherwise whatever `seal` makes of it, which `unseal` undoes. `unseal` raises `Damaged` for what
    `seal` surely did not make, as where the key is right and the tag is not; what else it raises is taken to pass, and the file
    is tried again."""

    directory: str
    plaintext: bool = False
    seal: Optional[Callable[[bytes], bytes]] = None
    unseal: Optional[Callable[[bytes], bytes]] = None
    #: Of one process. When it is full records wait in memory.
    max_bytes: int = 64 * 1024 * 1024
    #: What lies longer is removed and declared lost.
    ttl_seconds: float = 7 * 24 * 3600.0

    def __post_init__(self) -> None:
        if fcntl is None:
            raise ValueError('a spool needs the file locks of POSIX, which this system does not have')
        if (self.seal is None) != (self.unseal is None) or (self.seal is None) != self.plaintext:
            raise ValueError('a spool needs either seal and unseal, or plaintext=True: records would lie in clear')


class Damaged(Exception):
    """A file of the spool holds no batch; it is left beside the others under another name."""


@dataclasses.dataclass(frozen=True)
class Kept:
    """A file of a folder."""

    name: str
    size: int
    #: Those that somebody reported.
    records: int
    #: When it was written, Unix seconds.
    since: float


class Folder:
    """The batches of one process, by ascending order, under its lock."""

    def __init__(self, path: str, options: Spool, lock: int) -> None:
        self.path = path
        self._options = options
        self._lock = lock
        #: By order.
        self._files: Dict[int, Kept] = {}
        #: By order, when it is to be tried again (monotonic).
        self._postponed: Dict[int, float] = {}
        for name in os.listdir(path):
            found = _NAME.fullmatch(name)
            if found:
                about = os.stat(os.path.join(path, name))
                self._files[int(found[1])] = Kept(name, about.st_size, int(found[2] or 0), about.st_mtime)
        self.sweep()

    @classmethod
    def open(cls, path: str, options: Spool) -> Optional['Folder']:
        """None when another process has it."""
        lock = os.open(os.path.join(path, 'lock'), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(path, options, lock)
        except OSError:
            os.close(lock)
            return None

    @property
    def is_empty(self) -> bool:
        return not self._files

    @property
    def oldest(self) -> Optional[int]:
        """The first that may be tried now."""
        now = time.monotonic()
        return min((order for order in self._files if self._postponed.get(order, 0.0) <= now), default=None)

    @property
    def records(self) -> int:
        return sum(kept.records for kept in list(self._files.values()))

    def kept(self, order: int) -> Kept:
        return self._files[order]

    def has_room(self) -> bool:
        return sum(kept.size for kept in list(self._files.values())) < self._options.max_bytes

    def postpone(self, order: int) -> bool:
        """Not to be tried again at once; whether it is the first time."""
        is_first = order not in self._postponed
        self._postponed[order] = time.monotonic() + POSTPONED_SECONDS
        return is_first

    def postponed_for(self) -> Optional[float]:
        """Seconds until one that was postponed is to be tried again."""
        times = [at for order, at in self._postponed.items() if order in self._files]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def sweep(self) -> None:
        """Removes what was set aside or left half written, once it has lain there for as long as a batch may."""
        for name in os.listdir(self.path):
            path = os.path.join(self.path, name)
            try:
                if name.endswith((DAMAGED, UNFINISHED)) and is_older(os.stat(path).st_mtime, self._options):
                    _remove(path)
            except OSError:
                pass

    def put(self, batch: Batch) -> None:
        """Raises OSError, with nothing kept, when it cannot be written."""
        now = time.time()
        data = self._sealed(_written(batch, now))
        records = 0 if batch.is_statement else len(batch.items)
        name = '%012d.%d.batch' % (batch.order, records)
        final = os.path.join(self.path, name)
        temporary = final + UNFINISHED
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(file, 'wb') as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(temporary, final)
        except OSError:
            _remove(temporary)
            raise
        _sync_directory(self.path)
        self._files[batch.order] = Kept(name, len(data), records, now)

    def load(self, order: int) -> Tuple[Batch, float]:
        """The batch, and since when it has lain here (Unix seconds). Raises Damaged when the file surely holds none, and whatever
        the disk and `unseal` raise."""
        with open(self._file(order), 'rb') as file:
            data = file.read()
        text = self._options.unseal(data) if self._options.unseal else data
        try:
            batch, since = _read(text, order)
        except MemoryError:
            raise
        except Exception as error:
            raise Damaged('%s cannot be read (%s)' % (self._file(order), type(error).__name__)) from error
        return batch, min(since, self._files[order].since)

    def set_aside(self, order: int) -> None:
        """A damaged file is kept for people to look at, and not sent."""
        try:
            os.rename(self._file(order), self._file(order) + DAMAGED)
        except OSError:
            pass
        self.forget(order)

    def remove(self, order: int) -> None:
        if order in self._files:
            _remove(self._file(order))
        self.forget(order)

    def forget(self, order: int) -> None:
        self._files.pop(order, None)
        self._postponed.pop(order, None)

    def close(self) -> None:
        """Gives the folder up; it goes when nothing is left in it."""
        if not self._files:
            _remove(os.path.join(self.path, 'lock'))
            try:
                os.rmdir(self.path)
            except OSError:
                pass
        os.close(self._lock)

    def abandon(self) -> None:
        """In a child after a fork: the folder is its parent's."""
        os.close(self._lock)

    def _file(self, order: int) -> str:
        return os.path.join(self.path, self._files[order].name)

    def _sealed(self, data: bytes) -> bytes:
        return self._options.seal(data) if self._options.seal else data


def open_own(options: Spool) -> Folder:
    """A new folder for this process."""
    os.makedirs(options.directory, mode=0o700, exist_ok=True)
    for _ in range(OPEN_ATTEMPTS):
        path = os.path.join(options.directory, uuid7())
        os.mkdir(path, 0o700)
        try:
            folder = Folder.open(path, options)
        except FileNotFoundError:
            folder = None
        # Another process that looked for orphans may have taken it, or cleared it away, before it was locked.
        if folder is not None:
            return folder
    raise OSError('no folder of its own in %s' % options.directory)


def is_older(since: float, options: Spool) -> bool:
    """Whether what was written then (Unix seconds) has lain there for too long."""
    return time.time() - since > options.ttl_seconds


def open_orphan(options: Spool, but: Container[str] = ()) -> Optional[Folder]:
    """The oldest folder whose process is gone and that has batches, of those not in `but`; empty ones are cleared away."""
    try:
        names = sorted(os.listdir(options.directory))
    except OSError:
        return None
    for name in names:
        path = os.path.join(options.directory, name)
        if path in but:
            continue
        try:
            about = os.lstat(path)
            # What others may have put there is not ours to send.
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                continue
            folder = Folder.open(path, options)
        except OSError:
            continue
        if folder is not None and folder.oldest is not None:
            return folder
        if folder is not None:
            folder.close()
    return None


def losses_of(batch: Batch, reason: str) -> List[Loss]:
    """The numbers of a batch that will not be sent, for the ledger to know of."""
    found = []
    for item in batch.items:
        emitter = _emitter_in(item.text)
        if emitter is not None and item.link is not None:
            found.append(Loss(emitter['seq'], emitter['seq'], reason, item.link, emitter['id'], emitter['epoch']))
    return found


def _written(batch: Batch, now: float) -> bytes:
    about = {
        'v': 1,
        'at': int(now),
        'path': batch.path,
        'head': batch.head,
        'records': [[item.record_id, item.seq, item.link] for item in batch.items],
    }
    return '\n'.join([canonical(about)] + [item.text for item in batch.items]).encode('utf-8')


def _read(data: bytes, order: int) -> Tuple[Batch, float]:
    first, *texts = data.decode('utf-8').split('\n')
    about: Dict[str, Any] = json.loads(first)
    if about['v'] != 1 or len(about['records']) != len(texts) or not texts:
        raise ValueError('not a batch')
    items = [
        Item(about['path'], text, record_id, seq is not None, seq, link)
        for text, (record_id, seq, link) in zip(texts, about['records'])
    ]
    return Batch(items, order, about['head'], is_spooled=True), float(about['at'])


def _emitter_in(text: str) -> Optional[Dict[str, Any]]:
    emitter = json.loads(text).get('emitter')
    return emitter if isinstance(emitter, dict) else None


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _sync_directory(path: str) -> None:
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
