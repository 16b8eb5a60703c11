"""Remembers the last checkpoint the server showed and shows it back with every request, so that a server restored from an
old copy learns of a head it forgot; and notices when the server shows a ledger that is shorter, or another, than before.
It holds no key: what it reports is for people, who keep both texts, to judge.
"""
import base64
import binascii
import dataclasses
from typing import Dict, Optional

from .issue import Issue, OnError


@dataclasses.dataclass(frozen=True)
class _Checkpoint:
    #: The signed note in base64, as it came.
    note: str
    origin: str
    size: int
    root: str


class Seen:
    def __init__(self, on_error: OnError) -> None:
        self._on_error = on_error
        self._last: Optional[_Checkpoint] = None

    def headers(self) -> Dict[str, str]:
        return {} if self._last is None else {'Deponent-Seen': self._last.note}

    def take(self, header: Optional[str]) -> None:
        """Takes the header `Deponent-Checkpoint` of an answer."""
        now = _checkpoint_of(header) if header else None
        if now is None:
            return
        before = self._last
        if before is None or _follows(before, now):
            self._last = now
            return
        # The longer ledger is remembered: it is what the server must answer for.
        message = 'the server showed a ledger of %d entries and now another of %d: keep both checkpoints'
        self._on_error(Issue('contradiction', message % (before.size, now.size), before=before.note, now=now.note))


def _follows(before: _Checkpoint, now: _Checkpoint) -> bool:
    """Whether the later checkpoint may be of the same ledger, as far as two texts can tell."""
    if now.origin != before.origin or now.size < before.size:
        return False
    return now.size > before.size or now.root == before.root


def _checkpoint_of(note: str) -> Optional[_Checkpoint]:
    try:
        origin, size, root = base64.b64decode(note, validate=True).decode('utf-8').split('\n')[:3]
    except (ValueError, binascii.Error):
        return None
    if not origin or not (size.isascii() and size.isdigit() and len(size) <= 15):
        return None
    return _Checkpoint(note, origin, int(size), root)
