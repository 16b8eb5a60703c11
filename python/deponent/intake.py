"""Takes what an application reports: completes it, makes text of it at once, and puts it into the queue.

Invariants: nothing here raises; what cannot be kept is counted, told and declared; after `close` nothing is taken.
"""
import datetime
from typing import Any, Callable, Dict, Mapping, Optional

from .context import camel, under, with_context
from .counts import Counts
from .environments import Environments
from .fitting import fitting
from .ids import uuid7
from .issue import Issue, OnError
from .numbering import Numbering
from .plain import plain
from .waiting import DECISIONS, RECORDS, Item, Queue

Redact = Callable[[Dict[str, Any]], Optional[Dict[str, Any]]]

#: Every name a decision's own id may be sent under.
_ID_NAMES = ('decisionId', 'decision_id', 'eventId', 'event_id', 'auditId', 'audit_id')
_TIME_NAMES = ('timestamp', 'at')
#: Fields that hold what a model was given, and what it said.
_INPUTS = frozenset(('input', 'inputData', 'inputFeatures', 'messages', 'retrievedDocuments', 'contextData'))
_OUTPUTS = frozenset(
    ('prediction', 'output', 'explanation', 'alternativePredictions', 'finalDecision', 'toolCalls'))
NOT_CAPTURED = '[not captured]'
#: A full queue turns away thousands: so many are told of together.
OVERFLOW_TOLD = 1_000


class Intake:
    def __init__(self, queue: Queue, counts: Counts, numbering: Optional[Numbering], on_error: OnError, *,
                 system: Optional[str], context: Mapping[str, Any], include_inputs: bool, include_outputs: bool,
                 redact: Optional[Redact], hashed: Optional[Callable[[Any], Any]], environments: Environments) -> None:
        self._queue = queue
        self._counts = counts
        self._numbering = numbering
        self._on_error = on_error
        self._system = system
        self._context = context
        self._include_inputs = include_inputs
        self._include_outputs = include_outputs
        self._redact = redact
        self._hashed = hashed
        self._environments = environments
        self._overflown = 0
        self._is_closed = False

    def close(self) -> None:
        self._is_closed = True

    def take(self, kind: str, given: Optional[Mapping[str, Any]], fields: Mapping[str, Any]) -> str:
        """Takes a record and gives its id: of a decision its own, of another kind the one its receipt is found by."""
        record_id = ''
        reason = 'unserialisable'
        try:
            self._counts.add('reported')
            record = plain(self._whole(kind, under(given or {}, fields)))
            record_id = self._complete(kind, record)
            if not self._include_outputs or not self._include_inputs:
                self._leave_out(record)
            if self._hashed:
                record = self._hashed(record)
            if self._redact:
                reason = 'redaction_failed'
                record = self._redacted(self._redact, record)
                record_id = str(_first(record, _ID_NAMES) or record_id) if kind == 'decision' else record_id
                reason = 'unserialisable'
            if not record:
                self._drop('redacted', 'redact gave nothing back')
                return record_id
            self._enqueue(Item(DECISIONS if kind == 'decision' else RECORDS, fitting(record), record_id,
                               is_numbered=self._numbering is not None and 'emitter' not in record))
        except Exception as error:
            self._drop(reason, type(error).__name__)
        return record_id or uuid7()

    def tell_overflow(self) -> None:
        count, self._overflown = self._overflown, 0
        if count:
            self._on_error(Issue('lost', 'no room for more waiting records', reason='queue_full', count=count))

    def lose(self, reason: str, count: int, message: str) -> None:
        """Counts records that will never be sent, and tells of them."""
        self._counts.add('lost', count)
        self._on_error(Issue('lost', message, reason=reason, count=count))

    def _whole(self, kind: str, given: Mapping[str, Any]) -> Dict[str, Any]:
        whole = with_context(given, kind)
        if kind == 'decision':
            return under(self._context, whole)
        return {**whole, 'kind': kind}

    def _complete(self, kind: str, record: Dict[str, Any]) -> str:
        record_id = ''
        if kind == 'decision':
            given = _first(record, _ID_NAMES)
            is_id = isinstance(given, (str, int)) and not isinstance(given, bool)
            record_id = str(given) if is_id else uuid7()
            if not is_id:
                record['decisionId'] = record_id
            self._environments.complete(record)
        if _first(record, _TIME_NAMES) is None:
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='milliseconds')
            record['timestamp' if kind == 'decision' else 'at'] = now.replace('+00:00', 'Z')
        # A record about a decision belongs to the decision's system.
        is_about = kind != 'decision' and _first(record, _ID_NAMES[:2]) is not None
        if self._system is not None and record.get('system') is None and not is_about:
            record['system'] = self._system
        return record_id or uuid7()

    def _leave_out(self, record: Dict[str, Any]) -> None:
        for name in list(record):
            if camel(name) in _INPUTS and not self._include_inputs:
                del record[name]
            elif camel(name) in _OUTPUTS and not self._include_outputs:
                del record[name]
                record['prediction'] = NOT_CAPTURED
        # A decision that was nothing but its messages would be refused.
        if not {'prediction', 'output', 'messages', 'status'} & set(record) and 'kind' not in record:
            record['prediction'] = NOT_CAPTURED

    def _redacted(self, redact: Redact, record: Dict[str, Any]) -> Dict[str, Any]:
        kept = plain(redact(record))
        if kept is not None and not isinstance(kept, dict):
            raise TypeError('redact gave no record')
        return kept or {}

    def _enqueue(self, item: Item) -> None:
        if self._is_closed:
            self.lose('closed', 1, 'recorded after the client was closed')
        elif not self._queue.add(item):
            self._counts.add('lost')
            self._overflown += 1
            if self._numbering:
                self._numbering.drop('queue_full')
            if self._overflown >= OVERFLOW_TOLD:
                self.tell_overflow()

    def _drop(self, reason: str, message: str) -> None:
        if self._numbering and not self._is_closed:
            self._numbering.drop(reason)
        self.lose(reason, 1, message)


def _first(record: Mapping[str, Any], names: Any) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, '')), None)
