"""What a server's answer says of each record of a batch."""
from typing import Any, Dict, List, Optional

from .answer import Answer
from .counts import Counts
from .issue import Issue, OnError
from .receipts import Receipts
from .waiting import Batch, Item


class Judging:
    def __init__(self, counts: Counts, receipts: Receipts, on_error: OnError) -> None:
        self._counts = counts
        self._receipts = receipts
        self._on_error = on_error

    def take(self, batch: Batch, answer: Answer) -> List[Item]:
        """Counts, keeps and tells what was judged; gives the records that the answer says nothing of."""
        if answer.outcome == 'kept':
            self._count(batch, 'recorded', len(batch.items))
            return []
        unjudged = dict(enumerate(batch.items))
        for receipt in answer.receipts:
            item = unjudged.pop(receipt['position'], None)
            if item is not None:
                self._count(batch, 'duplicates' if receipt.get('status') == 'duplicate' else 'recorded')
                self._keep(item, receipt, answer.promise)
        for position, faults in _faults_by_position(answer.errors).items():
            item = unjudged.pop(position, None)
            if item is not None:
                self._count(batch, 'rejected')
                self._on_error(Issue('rejected', record_id=item.record_id, faults=faults))
        return [unjudged[position] for position in sorted(unjudged)]

    def _keep(self, item: Item, receipt: Dict[str, Any], promise: Optional[str]) -> None:
        if item.record_id is not None:
            kept = {name: value for name, value in receipt.items() if name != 'position'}
            self._receipts.add(item.record_id, {**kept, 'promise': promise})

    def _count(self, batch: Batch, what: str, count: int = 1) -> None:
        """An earlier process counted its records itself."""
        if batch.is_foreign:
            what = 'replayed' if what in ('recorded', 'duplicates') else ''
        if what:
            self._counts.add(what, count)


def _faults_by_position(errors: List[Dict[str, Any]]) -> Dict[int, List[Dict[str, Any]]]:
    found: Dict[int, List[Dict[str, Any]]] = {}
    for error in errors:
        fault = {name: error.get(name) for name in ('code', 'path', 'message')}
        found.setdefault(error['position'], []).append(fault)
    return found
