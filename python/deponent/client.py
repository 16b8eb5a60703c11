"""Records the decisions of an application."""
import atexit
import datetime
import os
import re
import time
from typing import Any, Callable, Dict, Mapping, Optional, Set, Union

from . import ids
from .audit import audited
from .calls import Capture, Capturing, signature_of
from .canonical import canonical
from .context import context, under, with_context
from .counts import Counts
from .decision import OpenDecision
from .issue import Issue, OnError, quietly, warn
from .numbering import Numbering
from .plain import plain
from .receipts import Receipt, Receipts
from .sender import Sender
from .sensitive import pseudonyms
from .sinks import HttpSink
from .spool import Spool
from .statements import Statements
from .store import Store
from .waiting import DECISIONS, RECORDS, Item, Queue

#: How long a process that ends is held for its last records.
EXIT_SECONDS = 5.0
#: Every name a decision's own id may be sent under.
_ID_NAMES = ('decisionId', 'decision_id', 'eventId', 'event_id', 'auditId', 'audit_id')
_TIME_NAMES = ('timestamp', 'at')
_EMITTER = re.compile('[A-Za-z0-9][A-Za-z0-9._-]{0,63}')

Redact = Callable[[Dict[str, Any]], Dict[str, Any]]


class Deponent:
    """
    ::

        deponent = Deponent(url='http://127.0.0.1:4600', key=os.environ['DEPONENT_KEY'], system='credit')

        @deponent.audit(model_id='credit-risk', model_version='3.2')
        def decide(application): ...

    It is never in the way: nothing here raises into the application or makes it wait, except the constructor, which
    refuses what it cannot work with, and `flush` and `close`, which are asked to wait. And it does not lose in silence:
    what cannot be kept is counted in `stats`, told to `on_error`, and declared to the ledger.

    What waits is held in memory, or on disk with a `spool` while the server is away. What a process still holds in memory
    when it is killed is gone; where it ends by itself, what waits is sent first, for at most five seconds. Safe for threads;
    in a child after a fork it begins anew, and what waits is sent by the parent.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        key: Optional[str] = None,
        *,
        system: Optional[str] = None,
        sink: Any = None,
        spool: Optional[Spool] = None,
        redact: Optional[Redact] = None,
        batch_size: int = 100,
        flush_interval: float = 5.0,
        max_queued_records: int = 10_000,
        max_queued_characters: int = 64 * 1024 * 1024,
        receipts_kept: int = 1_000,
        emitter_id: Union[str, bool, None] = None,
        heartbeat: float = 60.0,
        request_timeout: float = 30.0,
        ssl_context: Any = None,
        on_error: Optional[OnError] = None,
    ) -> None:
        """
        `url` and `key` are those of a server; `sink` is a `FileSink` or a `StdoutSink` instead. `system`: the one of
        records that name none. `redact` is handed each record, as a copy, before it is kept anywhere, and returns what is to
        be kept of it. `batch_size` records are one request, and wait for others for at most `flush_interval` seconds.
        `emitter_id`: under which name records are numbered, 1 to 64 letters, digits, dots, dashes, underscores, the
        emitter's own where the key is an emitter's; by default the system and eight random digits; False: not numbered.
        `heartbeat`: how often, in seconds, the client says that it is alive and how far its numbers went; 0 for never.

        Raises ValueError for what it cannot work with.
        """
        if (sink is None) == (url is None):
            raise ValueError('either url and key, or sink')
        if emitter_id is True or (isinstance(emitter_id, str) and not _EMITTER.fullmatch(emitter_id)):
            raise ValueError('emitter_id must be 1 to 64 letters, digits, dots, dashes, underscores')
        if spool is not None and sink is not None:
            raise ValueError('a spool is for records that go to a server')
        self._sink: Any = sink if url is None else HttpSink(url, key or '', ssl_context)
        self._system = system
        self._emitter_id = emitter_id
        self._spool = spool
        self._redact = redact
        self._on_error = quietly(on_error or warn)
        self._hashed = pseudonyms(sink.hash_key) if getattr(sink, 'hash_sensitive', False) else None
        self._limits = (max_queued_records, max_queued_characters, max(1, batch_size), max(0.0, flush_interval))
        self._receipts_kept = receipts_kept
        self._heartbeat = max(0.0, heartbeat)
        self._timeout = request_timeout
        self._is_closed = False
        self._begin()
        _clients.add(self)

    def _begin(self) -> None:
        self._sink.prepare(self._on_error)
        self._counts = Counts()
        self._overflown = 0
        self._receipts = Receipts(self._receipts_kept)
        self._queue = Queue(*self._limits)
        self._numbering = None
        if self._sink.is_ledger and self._emitter_id is not False:
            self._numbering = Numbering(self._emitter_id or ids.emitter_name(self._system))
        statements = None
        if self._numbering:
            statements = Statements(self._sink, self._numbering, self._counts, self._heartbeat)
        store = Store(self._spool, self._on_error, self._lose, self._declare) if self._spool else None
        self._sender = Sender(self._sink, self._queue, self._numbering, statements, store, self._receipts,
                              self._counts, self._on_error, self._timeout)
        if store is not None and not self._is_closed:
            # What an earlier process left is sent whether or not this one records anything.
            self._sender.start()

    def _after_fork(self) -> None:
        self._sender.abandon()
        self._begin()

    # ------------------------------------------------------------ recording

    def record(self, decision: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> str:
        """Takes a decision and returns its id at once; sending happens later. Fields are those of the record format, in
        snake_case or camelCase; required are `model_id` and one of `prediction`, `messages` and a `status` other than ok.
        What it holds is copied now, so it may be changed afterwards."""
        return self._take(DECISIONS, 'decision', decision, fields)

    def audit(
        self,
        function: Optional[Callable[..., Any]] = None,
        /,
        *,
        model_id: str,
        input: Capture = None,
        output: Capture = None,
        describe: Optional[Callable[..., Any]] = None,
        **fields: Any,
    ) -> Callable[..., Any]:
        """The same function, recorded: functions, coroutine functions, generators, async generators, methods.

        ::

            @deponent.audit(model_id='talent-match', input=lambda cv: {'skills': cv.skills},
                            describe=lambda result, cv: {'confidence': result.fit, 'affected_user_id': cv.person})
            def screen(cv): ...

        `input`, `output`: False for nothing, or what to record instead of the arguments and the result. `describe`:
        further fields, from the result and the arguments. All other fields are recorded with every call.
        """

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            inner = getattr(function, '__func__', function)
            return audited(function, Capturing(
                {'model_id': model_id, **fields}, self.record, self._on_error, input, output, describe, signature_of(inner)))

        return decorate if function is None else decorate(function)

    def decision(self, **fields: Any) -> OpenDecision:
        """A block of code as one decision; see `OpenDecision`."""
        return OpenDecision(self.record, fields)

    #: Fields for everything recorded inside a `with`: `with deponent.context(user_id='u-7'): ...`
    context = staticmethod(context)

    def review(self, decision_id: str, **fields: Any) -> None:
        """What a person made of a decision: `verdict` (agree, override, reverse, disregard, not_use, escalate),
        `reviewer_id`, `human_decision`, `override_reason`, `comment`, …"""
        self._about('review', decision_id, fields)

    def outcome(self, decision_id: str, outcome: Any, **fields: Any) -> None:
        """What turned out to be true: `observed_at`, `source`, …"""
        self._about('outcome', decision_id, {'outcome': outcome, **fields})

    def explanation(self, decision_id: str, **fields: Any) -> None:
        """Why it came out as it did: `reasoning`, `top_features`, `factors`, `counterfactual`, `method`, …"""
        self._about('explanation', decision_id, fields)

    def contest(self, decision_id: str, **fields: Any) -> None:
        """Somebody disputes it: `grounds`, `statement`, `affected_user_id`, …"""
        self._about('contest', decision_id, fields)

    def comment(self, decision_id: str, text: str, **fields: Any) -> None:
        """A remark on it."""
        self._about('comment', decision_id, {'text': text, **fields})

    def score(self, decision_id: str, name: str, value: Any, **fields: Any) -> None:
        """How good it was, said by a person, a program or another model."""
        self._about('score', decision_id, {'name': name, 'value': value, **fields})

    def action(self, action: Any, **fields: Any) -> None:
        """Something done because of an AI output: `decision_id`, `target`, `result`, `tool_name`, …"""
        self._take(RECORDS, 'action', {'kind': 'action', 'action': action}, fields)

    def query(self, **fields: Any) -> None:
        """A prompt or question asked, apart from the decision it may lead to: `input` or `messages`, `model_id`, …"""
        self._take(RECORDS, 'query', {'kind': 'query'}, fields)

    def model_event(self, model_id: str, event_type: str, **fields: Any) -> None:
        """What happened to a model: `event_type` as in `deployed`, `rollback`, `retired`; `model_version`, `actor`, …"""
        kind = 'model.' + event_type
        self._take(RECORDS, kind, {'kind': kind, 'model_id': model_id, 'event_type': event_type}, fields)

    # ------------------------------------------------------------ ending, and looking

    def flush(self, timeout: float = 10.0) -> int:
        """Sends what waits, and returns when all of it is judged by the server or declared lost, after `timeout` seconds at
        the latest; how many records still wait then, which go on being sent."""
        self._tell_overflow()
        return self._sender.flush(time.monotonic() + timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Flushes and ends. What could not be sent within `timeout` seconds goes into the spool, or is declared lost, as
        is anything recorded later."""
        if self._is_closed:
            return
        self._is_closed = True
        _clients.discard(self)
        deadline = time.monotonic() + timeout
        self.flush(timeout)
        self._sender.stop(deadline)

    async def aflush(self, timeout: float = 10.0) -> int:
        """`flush` without blocking the event loop."""
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, self.flush, timeout)

    async def aclose(self, timeout: float = 10.0) -> None:
        """`close` without blocking the event loop."""
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.close, timeout)

    def __enter__(self) -> 'Deponent':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    async def __aenter__(self) -> 'Deponent':
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()

    def stats(self) -> Dict[str, int]:
        """What became of everything reported so far: `reported` = `recorded` + `duplicates` + `rejected` + `lost` +
        `waiting` (in memory) + `spooled` (on disk)."""
        return {**self._counts.now(), 'waiting': self._sender.in_memory, 'spooled': self._sender.on_disk}

    def receipt(self, decision_id: str) -> Optional[Receipt]:
        """The server's receipt for one of the last decisions that were kept. It is worth keeping elsewhere: held against
        the ledger years later, it shows a promise that was broken."""
        return self._receipts.get(decision_id)

    def verify(self, decision_id: str, trust: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """Checks the receipt of a decision offline: did a key of `trust` (the text of a trust file) sign the promise, and
        does the receipt's path lead to it? None when there is no receipt (yet, or any more). Without `trust` the verdict is
        `incomplete`."""
        receipt = self.receipt(decision_id)
        if receipt is None:
            return None
        # Loaded when it is asked for: most applications only record.
        import deponent_verify

        known = None if trust is None else deponent_verify.parse_trust(trust)
        report: Dict[str, Any] = deponent_verify.verify_receipt(canonical(plain(receipt)), known)
        return report

    # ------------------------------------------------------------ taking

    def _about(self, kind: str, decision_id: str, fields: Dict[str, Any]) -> None:
        self._take(RECORDS, kind, {'kind': kind, 'decision_id': decision_id}, fields)

    def _take(self, path: str, kind: str, given: Optional[Mapping[str, Any]], fields: Dict[str, Any]) -> str:
        decision_id = ''
        reason = 'unserialisable'
        try:
            self._counts.add('reported')
            record = plain(with_context(under(given or {}, fields), kind))
            decision_id = self._complete(record, kind)
            reason = 'redaction_failed'
            if self._hashed:
                record = self._hashed(record)
            if self._redact:
                record = _redacted(self._redact, record)
                decision_id = _first(record, _ID_NAMES) or decision_id
            reason = 'unserialisable'
            self._enqueue(Item(path, canonical(record), str(decision_id) if path == DECISIONS else None,
                               is_numbered=self._numbering is not None and 'emitter' not in record))
        except Exception as error:
            self._drop(reason, type(error).__name__)
        return str(decision_id or ids.uuid7())

    def _complete(self, record: Dict[str, Any], kind: str) -> str:
        decision_id = ''
        if kind == 'decision':
            decision_id = _first(record, _ID_NAMES)
            if not isinstance(decision_id, (str, int)) or isinstance(decision_id, bool):
                decision_id = record['decisionId'] = ids.uuid7()
        if _first(record, _TIME_NAMES) is None:
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='milliseconds')
            record['timestamp' if kind == 'decision' else 'at'] = now.replace('+00:00', 'Z')
        # A record about a decision belongs to the decision's system.
        if self._system is not None and record.get('system') is None and not _is_about(record, kind):
            record['system'] = self._system
        return decision_id

    def _enqueue(self, item: Item) -> None:
        if self._is_closed:
            self._drop('closed', 'recorded after the client was closed')
            return
        if not self._queue.add(item):
            self._overflow()
        self._sender.start()

    def _overflow(self) -> None:
        """A full queue turns away thousands: they are told of together."""
        self._counts.add('lost')
        self._overflown += 1
        if self._numbering:
            self._numbering.drop('queue_full')
        if self._overflown >= 1_000:
            self._tell_overflow()

    def _tell_overflow(self) -> None:
        count, self._overflown = self._overflown, 0
        if count:
            self._on_error(Issue('lost', 'no room for more waiting records', reason='queue_full', count=count))

    def _drop(self, reason: str, message: str) -> None:
        if self._numbering and not self._is_closed:
            self._numbering.drop(reason)
        self._lose(reason, 1, message)

    def _lose(self, reason: str, count: int, message: str) -> None:
        self._counts.add('lost', count)
        self._on_error(Issue('lost', message, reason=reason, count=count))

    def _declare(self, loss: Any) -> None:
        if self._numbering:
            self._numbering.declare(loss)


def _is_about(record: Mapping[str, Any], kind: str) -> bool:
    return kind != 'decision' and _first(record, ('decisionId', 'decision_id')) is not None


def _redacted(redact: Redact, record: Dict[str, Any]) -> Dict[str, Any]:
    kept = plain(redact(record))
    if not isinstance(kept, dict):
        raise TypeError('redact gave no record')
    return kept


def _first(record: Mapping[str, Any], names: Any) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, '')), None)


# ---------------------------------------------------------------- processes

#: Until they are closed: what one of them still holds is sent at the end, whether or not anybody remembers it.
_clients: Set['Deponent'] = set()


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_SECONDS
    for client in list(_clients):
        client.close(max(0.0, deadline - time.monotonic()))


def _after_fork() -> None:
    ids.forget_after_fork()
    for client in list(_clients):
        client._after_fork()


atexit.register(_close_all)
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)
