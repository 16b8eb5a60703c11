"""A block of code as one decision."""
import time
from typing import Any, Callable, Dict, Optional

from .calls import described, status_of
from .ids import uuid7


class OpenDecision:
    """
    ::

        with deponent.decision(model_id='scorer', input=application) as decision:
            score = model.predict(application)
            decision.set(prediction='approve' if score > 0.5 else 'decline', confidence=score)

    Recorded when the block ends, with its time as `latency_ms`; what the block raises is recorded and goes on as it is.
    """

    def __init__(self, record: Callable[..., str], fields: Dict[str, Any]) -> None:
        self._record = record
        self._fields = fields
        self._started = 0.0
        self.decision_id: str = str(fields.get('decision_id') or fields.get('decisionId') or uuid7())

    def set(self, **fields: Any) -> None:
        """Adds to what is recorded; a later value of a field replaces an earlier one."""
        self._fields.update(fields)

    def __enter__(self) -> 'OpenDecision':
        self._started = time.perf_counter()
        return self

    def __exit__(self, _: Any, error: Optional[BaseException], __: Any) -> None:
        latency = round((time.perf_counter() - self._started) * 1000, 3)
        outcome: Dict[str, Any] = {'latency_ms': latency}
        if error is not None:
            outcome.update(status=status_of(error), error=described(error))
        elif not {'prediction', 'messages', 'status', 'output'} & set(self._fields):
            outcome.update(prediction='[not captured]')
        self._fields.setdefault('decision_id', self.decision_id)
        self._record({**outcome, **self._fields} if error is None else {**self._fields, **outcome})
