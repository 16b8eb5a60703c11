"""Batches kept on disk while the server is away, and sent from there when it is back.

Each process has a folder of its own, locked while it lives; folders whose process is gone are taken over. A batch is a
file, written whole and synced before it has its name; files are sent by ascending name.

    DIR/<uuid>/lock, DIR/<uuid>/000000000007.batch

A file is a line about its records and then their texts, one a line, as `seal` makes it.
"""
import dataclasses
import json
import os
import stat
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from .canonical import canonical
from .ids import uuid7
from .numbering import Loss
from .waiting import Batch, Item

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = '.batch'
DAMAGED = '.damaged'
OPEN_ATTEMPTS = 10


@dataclasses.dataclass(frozen=True)
class Spool:
    """How records are kept on disk. What lies there is personal data: it is in clear, readable by its owner alone, when
    `plaintext` is true, and otherwise whatever `seal` makes of it, which `unseal` undoes."""

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
    """A file of the spool that cannot be read; it is left beside the others under another name."""


class Folder:
    """The batches of one process, by ascending order, under its lock."""

    def __init__(self, path: str, options: Spool, lock: int) -> None:
        self.path = path
        self._options = options
        self._lock = lock
        #: By order: bytes, and records, which are known of one's own.
        self._files: Dict[int, Tuple[int, int]] = {}
        for name in os.listdir(path):
            if name.endswith(SUFFIX) and name[: -len(SUFFIX)].isdigit():
                self._files[int(name[: -len(SUFFIX)])] = (os.stat(os.path.join(path, name)).st_size, 0)

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
    def oldest(self) -> Optional[int]:
        return min(self._files, default=None)

    @property
    def records(self) -> int:
        return sum(count for _, count in list(self._files.values()))

    def count_of(self, order: int) -> int:
        return self._files[order][1]

    def has_room(self) -> bool:
        return sum(size for size, _ in list(self._files.values())) < self._options.max_bytes

    def put(self, batch: Batch) -> None:
        """Raises OSError, with nothing kept, when it cannot be written."""
        data = self._sealed(_written(batch))
        final = self._file(batch.order)
        temporary = final + '.new'
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
        self._files[batch.order] = (len(data), 0 if batch.is_statement else len(batch.items))

    def load(self, order: int) -> Tuple[Batch, float]:
        """The batch, and since when it has lain here (Unix seconds)."""
        try:
            with open(self._file(order), 'rb') as file:
                data = file.read()
            batch, since = _read(self._options.unseal(data) if self._options.unseal else data, order)
        except Exception as error:
            raise Damaged('%s cannot be read (%s)' % (self._file(order), type(error).__name__)) from error
        return batch, since

    def set_aside(self, order: int) -> None:
        """A damaged file is kept for people to look at, and not sent."""
        try:
            os.rename(self._file(order), self._file(order) + DAMAGED)
        except OSError:
            pass
        self._files.pop(order, None)

    def remove(self, order: int) -> None:
        _remove(self._file(order))
        self._files.pop(order, None)

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
        return os.path.join(self.path, '%012d%s' % (order, SUFFIX))

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


def open_orphan(options: Spool, but: Optional[Folder]) -> Optional[Folder]:
    """The oldest folder whose process is gone and that has batches; empty ones are cleared away."""
    try:
        names = sorted(os.listdir(options.directory))
    except OSError:
        return None
    for name in names:
        path = os.path.join(options.directory, name)
        if but is not None and path == but.path:
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


def _written(batch: Batch) -> bytes:
    about = {
        'v': 1,
        'at': int(time.time()),
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
