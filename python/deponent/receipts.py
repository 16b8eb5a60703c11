"""The server's word for each of the last records, with the signed promise it belongs to."""
import collections
import threading
from typing import Any, Dict, Optional

Receipt = Dict[str, Any]


class Receipts:
    """By decision id. When a decision is sent twice, the receipt that carries a path is the one kept."""

    def __init__(self, count_max: int) -> None:
        self._kept: 'collections.OrderedDict[str, Receipt]' = collections.OrderedDict()
        self._count_max = count_max
        self._lock = threading.RLock()

    def get(self, decision_id: str) -> Optional[Receipt]:
        with self._lock:
            receipt = self._kept.get(decision_id)
            return None if receipt is None else dict(receipt)

    def add(self, decision_id: str, receipt: Receipt) -> None:
        with self._lock:
            if 'path' not in receipt and decision_id in self._kept:
                return
            self._kept.pop(decision_id, None)
            self._kept[decision_id] = receipt
            while len(self._kept) > self._count_max:
                self._kept.popitem(last=False)
