"""Numbers what a client reports, so that the ledger itself shows what is missing (docs/format.md, section 4.1).

Invariants:
- every record gets the next number, whether or not it can be kept: a number that will not be sent is declared lost;
- a record keeps its number, its blind and so its text however often it is sent;
- links join the chain in the order of their numbers, because records are numbered as they leave the queue;
- numbers are given by the thread that sends, hashing included; the application's call counts losses and nothing else.
"""
import dataclasses
import hashlib
import hmac
import os
import struct
import threading
import time
from typing import Any, Dict, List, Optional

from .canonical import canonical, with_member
from .waiting import Item

EMPTY_HEAD = bytes(32)
#: Beyond this the numbers are simply gaps, which the ledger shows without being told.
LOSSES_MAX = 10_000


@dataclasses.dataclass(frozen=True)
class Loss:
    """Numbers that will never arrive."""

    seq: int
    seq_to: int
    reason: str
    link: Optional[str] = None
    #: Of an earlier process, by its name and epoch.
    emitter: Optional[str] = None
    epoch: Optional[int] = None


def link_of(blind: bytes, text: str) -> bytes:
    """The link of a record: `text` is its canonical text without `emitter`."""
    return hmac.new(blind, text.encode('utf-8'), hashlib.sha256).digest()


def next_head(head: bytes, seq: int, link: bytes) -> bytes:
    """The head after record `seq`."""
    return hashlib.sha256(b'\x13' + head + struct.pack('>Q', seq) + link).digest()


class Numbering:
    def __init__(self, emitter: str) -> None:
        self.emitter = emitter
        #: Unix microseconds of the start: a client that starts again begins a later epoch.
        self.epoch = time.time_ns() // 1000
        self._last = 0
        self._head = EMPTY_HEAD
        #: Where the chain stands; everything up to here was sent, or is declared lost.
        self._stated: Optional[int] = None
        self._losses: List[Loss] = []
        self._uncounted: Dict[str, int] = {}
        self._lock = threading.RLock()

    def drop(self, reason: str, count: int = 1) -> None:
        """Counts records that could not be kept before they had a number. Any thread may call it."""
        with self._lock:
            self._uncounted[reason] = self._uncounted.get(reason, 0) + count

    def number(self, items: List[Item]) -> None:
        """Gives each record the next number and its place in the chain."""
        for item in items:
            if item.is_numbered and item.seq is None:
                self._number(item)
        self._number_losses()

    def _number(self, item: Item) -> None:
        self._last += 1
        blind = os.urandom(32)
        link = link_of(blind, item.text)
        self._head = next_head(self._head, self._last, link)
        self._stated = self._last
        emitter = {'id': self.emitter, 'epoch': self.epoch, 'seq': self._last, 'blind': blind.hex()}
        item.text = with_member(item.text, 'emitter', canonical(emitter))
        item.seq, item.link = self._last, link.hex()

    def head_of(self, items: List[Item]) -> Optional[str]:
        """The head after the last of the records, as `Deponent-Emitter-Head` says it, when the chain ends there."""
        last = next((item.seq for item in reversed(items) if item.seq is not None), None)
        if last is None or last != self._stated:
            return None
        return '%s %d %d %s' % (self.emitter, self.epoch, last, self._head.hex())

    @property
    def at(self) -> Optional[int]:
        """The number the chain stands at; None before the first."""
        return self._stated

    def lose(self, item: Item, reason: str) -> None:
        """Declares that a record that has its number will not arrive; it is in the chain, and so its link is told."""
        if item.seq is not None:
            self._add(Loss(item.seq, item.seq, reason, item.link))

    def declare(self, loss: Loss) -> None:
        """The same of a record that another process numbered, or that lies on disk."""
        self._add(loss)

    @property
    def has_losses(self) -> bool:
        return bool(self._losses or self._uncounted)

    def take_losses(self) -> List[Loss]:
        """What was lost since it was last taken."""
        self._number_losses()
        losses, self._losses = self._losses, []
        return losses

    def restore(self, losses: List[Loss]) -> None:
        """Puts back losses that could not be declared."""
        self._losses = losses + self._losses

    def loss_record(self, loss: Loss) -> Dict[str, Any]:
        record = {
            'kind': 'emitter.loss',
            'emitterId': loss.emitter or self.emitter,
            'epoch': loss.epoch or self.epoch,
            'seq': loss.seq,
            'seqTo': loss.seq_to,
            'count': loss.seq_to - loss.seq + 1,
            'reason': loss.reason,
        }
        if loss.link is not None:
            record['link'] = loss.link
        return record

    def statement(self, kind: str, **more: Any) -> Dict[str, Any]:
        """A heartbeat or a close: how far the numbering went and where the chain stands."""
        record = {'kind': kind, 'emitterId': self.emitter, 'epoch': self.epoch, 'seq': self._stated or 0, **more}
        if self._stated is not None:
            record['head'] = self._head.hex()
        return record

    def _number_losses(self) -> None:
        with self._lock:
            uncounted, self._uncounted = self._uncounted, {}
        for reason, count in uncounted.items():
            self._add(Loss(self._last + 1, self._last + count, reason))
            self._last += count

    def _add(self, loss: Loss) -> None:
        if len(self._losses) < LOSSES_MAX:
            self._losses.append(loss)
