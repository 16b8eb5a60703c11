"""The environments that were captured, and which decisions carry which."""
import concurrent.futures
import threading
from typing import Any, Callable, Dict, Optional, Tuple

from .environment import CapturedEnvironment, captured
from .issue import OnError

_Key = Tuple[Optional[str], Optional[str]]


class Environments:
    def __init__(self) -> None:
        #: By model and version; None stands for every one.
        self._known: Dict[_Key, Dict[str, Any]] = {}

    def capture(self, model: _Key, options: Dict[str, Any], on_error: OnError,
                record: Callable[[CapturedEnvironment], Any]
                ) -> 'concurrent.futures.Future[Optional[CapturedEnvironment]]':
        """Captures in a thread of its own and hands what was found to `record`, before decisions name it."""
        found: 'concurrent.futures.Future[Optional[CapturedEnvironment]]' = concurrent.futures.Future()

        def work() -> None:
            environment = captured(options, on_error)
            if environment is not None:
                record(environment)
                self._known[model] = environment.fields
            found.set_result(environment)

        try:
            threading.Thread(target=work, name='deponent-environment', daemon=True).start()
        except RuntimeError:
            # The process ends, or has no room for a thread.
            found.set_result(None)
        return found

    def complete(self, decision: Dict[str, Any]) -> None:
        """Adds to a decision what it does not say itself."""
        if not self._known:
            return
        model, version = _text(decision, 'modelId', 'model_id'), _text(decision, 'modelVersion', 'model_version')
        fields = next((self._known[key] for key in ((model, version), (model, None), (None, None)) if key in self._known),
                      None)
        if fields is None:
            return
        if 'modelChecksum' in fields and decision.get('modelChecksum', decision.get('model_checksum')) is None:
            decision['modelChecksum'] = fields['modelChecksum']
        decision['inference'] = _joined(fields['inference'], decision.get('inference'))


def _text(decision: Dict[str, Any], *names: str) -> Optional[str]:
    value = next((decision[name] for name in names if decision.get(name) is not None), None)
    return None if value is None else str(value)


def _joined(found: Dict[str, Any], own: Any) -> Any:
    """What the decision says goes first, one level down in `runtime` too."""
    if own is None:
        return found
    if not isinstance(own, dict):
        return own
    whole = {**found, **own}
    if isinstance(own.get('runtime'), dict):
        whole['runtime'] = {**found['runtime'], **own['runtime']}
    return whole
