"""Records the decisions of an application."""
import re
import time
from concurrent.futures import Future
from typing import Any, Callable, Dict, Mapping, Optional, Union

from . import ids
from .audit import audited
from .calls import Capture, Capturing, signature_of
from .canonical import canonical
from .context import context
from .counts import Counts
from .decision import OpenDecision
from .environment import CapturedEnvironment
from .environments import Environments
from .intake import Intake, Redact
from .issue import OnError, quietly, warn
from .numbering import Numbering
from .plain import plain
from .processes import clients
from .receipts import OnReceipt, Receipt, Receipts
from .reporting import Reporting
from .sender import Sender
from .sensitive import pseudonyms
from .sinks import HttpSink
from .spool import Spool
from .statements import Statements
from .store import Store
from .waiting import Queue

_EMITTER = re.compile('[A-Za-z0-9][A-Za-z0-9._-]{0,63}')


class Deponent(Reporting):
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
        context: Optional[Mapping[str, Any]] = None,
        include_inputs: bool = True,
        include_outputs: bool = True,
        redact: Optional[Redact] = None,
        batch_size: int = 100,
        flush_interval: float = 5.0,
        max_queued_records: int = 10_000,
        max_queued_characters: int = 64 * 1024 * 1024,
        receipts_kept: int = 1_000,
        on_receipt: Optional[OnReceipt] = None,
        emitter_id: Union[str, bool, None] = None,
        heartbeat: float = 60.0,
        request_timeout: float = 30.0,
        ssl_context: Any = None,
        on_error: Optional[OnError] = None,
    ) -> None:
        """
        `url` and `key` are those of a server; `sink` is a `FileSink` or a `StdoutSink` instead. `system`: the one of
        records that name none. `context`: what every decision carries that says nothing else. Without `include_inputs`
        or `include_outputs` what a model was given, or said, is left out before anything is kept. `redact` is handed each
        record, as a copy, before it is kept anywhere, and returns what is to be kept of it; a record for which it returns
        nothing, or raises, is declared lost. `batch_size` records are one request, and wait for others for at most
        `flush_interval` seconds. `on_receipt` is told of each receipt as it comes, to be kept elsewhere. `emitter_id`:
        under which name records are numbered, 1 to 64 letters, digits, dots, dashes, underscores, the emitter's own where
        the key is an emitter's; by default the system and eight random digits; False: not numbered. `heartbeat`: how
        often, in seconds, the client says that it is alive and how far its numbers went; 0 for never.

        Raises ValueError for what it cannot work with.
        """
        if (sink is None) == (url is None):
            raise ValueError('either url and key, or sink')
        if sink is not None and not callable(getattr(sink, 'deliver', None)):
            raise ValueError('sink must be a FileSink or a StdoutSink')
        if emitter_id is True or (isinstance(emitter_id, str) and not _EMITTER.fullmatch(emitter_id)):
            raise ValueError('emitter_id must be 1 to 64 letters, digits, dots, dashes, underscores')
        if spool is not None and sink is not None:
            raise ValueError('a spool is for records that go to a server')
        self._sink: Any = sink if url is None else HttpSink(url, key or '', ssl_context)
        self._system = system
        self._emitter_id = emitter_id
        self._spool = spool
        self._on_error = quietly(on_error or warn)
        self._taking: Dict[str, Any] = {
            'system': system,
            'context': dict(context or {}),
            'include_inputs': include_inputs,
            'include_outputs': include_outputs,
            'redact': redact,
            'hashed': pseudonyms(sink.hash_key) if getattr(sink, 'hash_sensitive', False) else None,
            'environments': Environments(),
        }
        self._limits = (max_queued_records, max_queued_characters, max(1, batch_size), max(0.0, flush_interval))
        self._keeping = (receipts_kept, on_receipt)
        self._heartbeat = max(0.0, heartbeat)
        self._timeout = request_timeout
        self._is_closed = False
        self._begin()
        clients.add(self)

    def _begin(self) -> None:
        self._sink.prepare(self._on_error)
        self._counts = Counts()
        self._receipts = Receipts(*self._keeping)
        queue = Queue(*self._limits)
        numbering = statements = store = None
        if self._sink.is_ledger and self._emitter_id is not False:
            numbering = Numbering(self._emitter_id or ids.emitter_name(self._system))
            statements = Statements(self._sink, numbering, self._counts, self._heartbeat)
        self._intake = Intake(queue, self._counts, numbering, self._on_error, **self._taking)
        if self._spool:
            store = Store(self._spool, self._on_error, self._intake.lose, numbering)
        self._sender = Sender(self._sink, queue, numbering, statements, store, self._receipts, self._counts,
                              self._on_error, self._timeout)
        if store:
            # What an earlier process left is sent whether or not this one records anything.
            self._sender.start()

    def begin_anew(self) -> None:
        """In a child after a fork: the queue, the numbers and the spool are its parent's."""
        self._sender.abandon()
        self._begin()

    # ------------------------------------------------------------ recording

    def record(self, decision: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> str:
        """Takes a decision and returns its id at once; sending happens later. Fields are those of the record format, in
        snake_case or camelCase; required are `model_id` and one of `prediction`, `messages` and a `status` other than ok.
        What it holds is copied now, so it may be changed afterwards."""
        return self._take('decision', decision, fields)

    log = record

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

    def environment(
        self,
        *,
        model_id: Optional[str] = None,
        model_version: Optional[str] = None,
        model_file: Any = None,
        config: Any = None,
        prompt: Optional[str] = None,
        preprocessing: Any = None,
        tokenizer: Any = None,
        seeds: Any = None,
        code_commit: Optional[str] = None,
        directory: Any = None,
    ) -> 'Future[Optional[CapturedEnvironment]]':
        """Captures in which environment decisions are made, in a thread of its own: commit, installed packages, runtime, machine, seeds,
        and digests of the weights (`model_file`, of any size), `config` and `prompt`. It is recorded once, and decisions from then on name
        it, those of `model_id` and `model_version` alone where these are given; who wants the first decision to name it waits for
        `.result()`, whose `environment` can be told of a training as well (None when nothing was captured). `directory`: where
        the application lies; by default the one the process is in. `code_commit`: where no repository says it."""
        about = {'model_id': model_id, 'model_version': model_version}
        options = {'model_file': model_file, 'config': config, 'prompt': prompt, 'preprocessing': preprocessing,
                   'tokenizer': tokenizer, 'seeds': seeds, 'code_commit': code_commit, 'directory': directory}

        def told(found: CapturedEnvironment) -> None:
            named = {name: value for name, value in about.items() if value is not None}
            self._take('system.log', {'event': 'environment', 'details': found.environment}, named)

        environments: Environments = self._taking['environments']
        return environments.capture((model_id, model_version), options, self._on_error, told)

    #: Fields for everything recorded inside a `with`: `with deponent.context(user_id='u-7'): ...`
    context = staticmethod(context)

    def _take(self, kind: str, given: Optional[Mapping[str, Any]], fields: Mapping[str, Any]) -> str:
        taken = self._intake.take(kind, given, fields)
        if not self._is_closed:
            self._sender.start()
        return taken

    # ------------------------------------------------------------ ending, and looking

    def flush(self, timeout: float = 10.0) -> int:
        """Sends what waits, and returns when all of it is judged by the server or declared lost, after `timeout` seconds at
        the latest; how many records still wait then, which go on being sent."""
        self._intake.tell_overflow()
        return self._sender.flush(time.monotonic() + timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Flushes and ends. What could not be sent within `timeout` seconds goes into the spool, or is declared lost, as
        is anything recorded later."""
        if self._is_closed:
            return
        self._is_closed = True
        self._intake.close()
        clients.discard(self)
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

    def receipt(self, record_id: str) -> Optional[Receipt]:
        """The server's receipt for one of the last records that were kept, by the id it was recorded with. It is worth keeping elsewhere: held against
        the ledger years later, it shows a promise that was broken."""
        return self._receipts.get(record_id)

    def verify(self, record_id: str, trust: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """Checks the receipt of a record offline: did a key of `trust` (the text of a trust file) sign the promise, and
        does the receipt's path lead to it? None when there is no receipt (yet, or any more). Without `trust` the verdict is
        `incomplete`."""
        receipt = self.receipt(record_id)
        if receipt is None:
            return None
        # Loaded when it is asked for: most applications only record.
        import deponent_verify

        known = None if trust is None else deponent_verify.parse_trust(trust)
        report: Dict[str, Any] = deponent_verify.verify_receipt(canonical(plain(receipt)), known)
        return report
