"""The client behind one call that takes everything, for code that has such a logger already."""
from typing import Any, Optional

from .client import Deponent
from .plain import plain


class AIAuditLogger:
    """
    ::

        logger = AIAuditLogger(url='http://127.0.0.1:4600', key=key, system='credit')
        decision_id = logger.log_decision('credit-risk', '3.2', {'income': 52000}, 'declined', 0.93, user_id='u-7')

    Takes the options of `Deponent`, or a client that is there already.
    """

    def __init__(self, url: Optional[str] = None, key: Optional[str] = None, *,
                 client: Optional[Deponent] = None, **options: Any) -> None:
        self.client = client if client is not None else Deponent(url, key, **options)

    def log_decision(
        self,
        model_id: str,
        model_version: Optional[str] = None,
        input_data: Any = None,
        output: Any = None,
        confidence: Optional[float] = None,
        user_id: Optional[str] = None,
        session_id: Optional[str] = None,
        explanation: Any = None,
        metadata: Any = None,
        trace_id: Optional[str] = None,
        latency_ms: Optional[float] = None,
        *,
        prediction: Any = None,
        **fields: Any,
    ) -> str:
        """Records a decision and returns its id. `output` and `prediction` are two names of one thing; `user_id` is the
        person who used the AI, `affected_user_id`, as a further field, the person decided about."""
        given = dict(model_id=model_id, model_version=model_version, input=input_data,
                     prediction=output if prediction is None else prediction, confidence=confidence, user_id=user_id,
                     session_id=session_id, explanation=_explanation(explanation), metadata=metadata,
                     trace_id=trace_id, latency_ms=latency_ms)
        if given['prediction'] is None and not {'status', 'messages'} & set(fields):
            given['prediction'] = '[None]'
        return self.client.record({**{name: value for name, value in given.items() if value is not None}, **fields})

    def flush(self, timeout: float = 10.0) -> int:
        """As `Deponent.flush`."""
        return self.client.flush(timeout)

    def close(self, timeout: float = 10.0) -> None:
        """As `Deponent.close`."""
        self.client.close(timeout)


def _explanation(given: Any) -> Any:
    """Text and objects are explanations as they are; a list of reasons is the reasoning of one."""
    if given is None or isinstance(given, (str, dict)):
        return given
    return {'reasoning': plain(given) if isinstance(given, (list, tuple)) else str(given)}
