"""How a call becomes a decision: what went in, what came out or how it failed, and how long it took."""
import dataclasses
import inspect
import re
import time
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from .issue import Issue, OnError
from .plain import plain

#: Of what a generator yields, at most so many items and characters are recorded.
ITEMS_MAX = 1_000
CHARACTERS_MAX = 65_536

_TIMEOUT = re.compile('time(d_?)?out', re.IGNORECASE)
_REFUSALS = frozenset(('refusal', 'content_filter', 'content-filter'))

Capture = Union[bool, None, Callable[..., Any]]
Report = Callable[[Dict[str, Any]], Any]


@dataclasses.dataclass(frozen=True)
class Capturing:
    """What is recorded of each call of one function.

    `input`: None for the argument, or the arguments by name when there are several; False for nothing; or a function of
    the arguments. `output`: None for the result, False for nothing but "[not captured]", or a function of the result (of
    a generator: of the list of what it yielded). `describe`: a function of the result and the arguments that gives
    further fields, known only after the call.
    """

    fields: Dict[str, Any]
    report: Report
    on_error: OnError
    input: Capture = None
    output: Capture = None
    describe: Optional[Callable[..., Any]] = None
    signature: Optional[inspect.Signature] = None

    def begin(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> 'Call':
        return Call(self, args, kwargs)


class Call:
    def __init__(self, capturing: Capturing, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        self._of = capturing
        self._args = args
        self._kwargs = kwargs
        # Taken before the call, since a function may change what it is given.
        self._input = self._captured('input', self._taken_input)
        self._started = time.perf_counter()

    def succeeded(self, result: Any) -> None:
        latency = self._latency()
        self._record(lambda: {
            'status': status_of_result(result),
            'prediction': self._prediction(result),
            'latencyMs': latency,
            **self._described(result),
        })

    def failed(self, error: BaseException, partial: Any = None) -> None:
        latency = self._latency()
        self._record(lambda: {
            'status': status_of(error),
            'error': described(error),
            'latencyMs': latency,
            **({'prediction': self._prediction(partial)} if partial else {}),
        })

    def _record(self, outcome: Callable[[], Dict[str, Any]]) -> None:
        def report() -> None:
            given = {} if self._input is None else {'input': self._input}
            self._of.report({**self._of.fields, **outcome(), **given})

        # Whatever is wrong in here, the application's call goes on.
        self._captured('recording', report)

    def _latency(self) -> float:
        return round((time.perf_counter() - self._started) * 1000, 3)

    def _taken_input(self) -> Any:
        wanted = self._of.input
        if wanted is False:
            return None
        if callable(wanted):
            return plain(wanted(*self._args, **self._kwargs))
        return plain(_arguments(self._of.signature, self._args, self._kwargs))

    def _prediction(self, result: Any) -> Any:
        """A function may well answer with nothing; the record says so in words, because null means absent there."""
        wanted = self._of.output
        if wanted is False:
            return '[not captured]'
        shown = self._captured('output', lambda: wanted(result) if callable(wanted) else result, '[not captured]')
        return '[None]' if shown is None else plain(shown)

    def _described(self, result: Any) -> Dict[str, Any]:
        if self._of.describe is None:
            return {}
        describe = self._of.describe
        fields: Dict[str, Any] = self._captured(
            'describe', lambda: dict(describe(result, *self._args, **self._kwargs) or {}), {})
        return fields

    def _captured(self, what: str, capture: Callable[[], Any], instead: Any = None) -> Any:
        try:
            return capture()
        except Exception as error:
            self._of.on_error(Issue('capture_failed', '%s raised %s' % (what, type(error).__name__)))
            return instead


class Yielded:
    """What a generator gave so far, as far as it is recorded."""

    def __init__(self) -> None:
        self._items: List[Any] = []
        self._characters = 0
        self._left_out = 0

    def add(self, item: Any) -> None:
        if len(self._items) < ITEMS_MAX and self._characters <= CHARACTERS_MAX:
            # As it is now: generators like to yield the same object again.
            said = item if type(item) is str else _safely_plain(item)
            self._characters += len(said) if isinstance(said, str) else 0
            if self._characters <= CHARACTERS_MAX:
                self._items.append(said)
                return
        self._left_out += 1

    def result(self) -> Any:
        """The text when texts were yielded, as models stream them; otherwise the list."""
        rest = ['[%d more]' % self._left_out] if self._left_out else []
        if self._items and all(isinstance(item, str) for item in self._items):
            return ''.join(self._items + rest)
        return self._items + rest


def status_of(error: BaseException) -> str:
    """`timeout` for what calls itself one, whichever library raised it; otherwise `error`."""
    is_timeout = any(_TIMEOUT.search(kind.__name__) for kind in type(error).__mro__)
    return 'timeout' if is_timeout else 'error'


def status_of_result(result: Any) -> str:
    """`refused` where a model says that it will not answer, in the words of the vendors: `stop_reason: "refusal"`, a
    `refusal`, `finish_reason: "content_filter"`. Otherwise `ok`."""
    try:
        return 'refused' if _is_refusal(result, 0) else 'ok'
    except Exception:
        # It resists being looked at.
        return 'ok'


def _is_refusal(value: Any, depth: int) -> bool:
    if depth > 2 or value is None or isinstance(value, (str, int, float, list, tuple)):
        return False
    reasons = (_member(value, name) for name in ('stop_reason', 'finish_reason', 'finishReason'))
    if any(isinstance(reason, str) and reason in _REFUSALS for reason in reasons):
        return True
    refusal = _member(value, 'refusal')
    if isinstance(refusal, str) and refusal:
        return True
    choices = _member(value, 'choices')
    first = choices[0] if isinstance(choices, list) and choices else None
    return _is_refusal(_member(value, 'message'), depth + 1) or _is_refusal(first, depth + 1)


def _member(value: Any, name: str) -> Any:
    try:
        return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    except Exception:
        return None


def described(error: BaseException) -> Dict[str, str]:
    """A cancelled task is a `CancelledError`, a generator that its reader left a `GeneratorExit`."""
    try:
        message = str(error)
    except Exception:
        message = ''
    return {'type': type(error).__name__, 'message': message}


def signature_of(function: Callable[..., Any]) -> Optional[inspect.Signature]:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _arguments(signature: Optional[inspect.Signature], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    named: Dict[str, Any] = {}
    if signature is not None:
        try:
            named = dict(signature.bind(*args, **kwargs).arguments)
        except TypeError:
            # The call itself will say so.
            return None
    first = next(iter(signature.parameters), None) if signature is not None else None
    if first in ('self', 'cls'):
        named.pop(first, None)
    if signature is None:
        named = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
    if not named:
        return None
    return next(iter(named.values())) if len(named) == 1 else named


def _safely_plain(value: Any) -> Any:
    try:
        return plain(value)
    except Exception:
        return '[unreadable]'
