"""The server's word for each of the last records, with the signed promise it belongs to."""
import collections
import threading
from typing import Any, Callable, Dict, Optional

from .issue import logger

Receipt = Dict[str, Any]
OnReceipt = Callable[[Receipt], Any]


class Receipts:
    """By the id a record was taken with. When a decision is sent twice, the receipt that carries a path is the one kept."""

    def __init__(self, count_max: int, on_receipt: Optional[OnReceipt] = None) -> None:
        self._kept: 'collections.OrderedDict[str, Receipt]' = collections.OrderedDict()
        self._count_max = count_max
        self._on_receipt = on_receipt
        self._lock = threading.RLock()

    def get(self, record_id: str) -> Optional[Receipt]:
        with self._lock:
            receipt = self._kept.get(record_id)
            return None if receipt is None else dict(receipt)

    def add(self, record_id: str, receipt: Receipt) -> None:
        with self._lock:
            if 'path' in receipt or record_id not in self._kept:
                self._kept.pop(record_id, None)
                self._kept[record_id] = receipt
                while len(self._kept) > self._count_max:
                    self._kept.popitem(last=False)
        if self._on_receipt:
            try:
                self._on_receipt(dict(receipt))
            except Exception:
                logger.exception('on_receipt raised')
