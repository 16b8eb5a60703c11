"""What went wrong, told to `on_error`. Nothing is ever raised at the application instead."""
import dataclasses
import logging
from typing import Any, Callable, Dict, List, Optional

logger = logging.getLogger('deponent')


@dataclasses.dataclass(frozen=True)
class Issue:
    """`code` is one of

    - `rejected`: the server judged this record and will not keep it; it is not sent again
    - `lost`: records that will never be sent; they were counted, and the loss is declared to the ledger where it can be
    - `unreachable`: the server could not be reached or did not take a batch, which is kept and sent again
    - `contradiction`: the server shows a ledger that is not the one it showed before; keep what it signed
    - `capture_failed`: an `input`, `output` or `describe` function raised; the record is sent without what it should give
    - `spool_failed`: a file of the spool could not be written or read

    and `reason`, of `lost`, one of

    - `queue_full`: recorded faster than the server took, or while it was away
    - `unserialisable`: no JSON could be made of the record
    - `redacted`: `redact` gave nothing back
    - `redaction_failed`: `redact` raised
    - `closed`: recorded after `close`, or still waiting when its time was up
    - `refused`: the server cannot read the request it is in, however it is cut
    - `spool_expired`: it lay in the spool for longer than its `ttl_seconds`
    - `spool_damaged`: its file in the spool holds no batch, or is gone
    """

    code: str
    message: str = ''
    reason: Optional[str] = None
    count: Optional[int] = None
    #: Of a rejected one, as it was recorded with.
    record_id: Optional[str] = None
    #: `code`, `path` (a JSON pointer into the record) and `message` of each.
    faults: Optional[List[Dict[str, Any]]] = None
    status: Optional[int] = None
    retry_in_seconds: Optional[float] = None
    #: Of a contradiction: both checkpoints, signed notes in base64.
    before: Optional[str] = None
    now: Optional[str] = None

    def __str__(self) -> str:
        if self.code == 'rejected':
            faults = ', '.join('%s %s' % (fault.get('code'), fault.get('path')) for fault in self.faults or ())
            return 'record %s was rejected: %s' % (self.record_id, faults)
        if self.code == 'lost':
            return '%s record(s) lost (%s): %s' % (self.count, self.reason, self.message)
        if self.code == 'unreachable':
            return '%s; trying again in %.1f s' % (self.message, self.retry_in_seconds or 0)
        return '%s: %s' % (self.code.replace('_', ' '), self.message)


OnError = Callable[[Issue], Any]


def warn(issue: Issue) -> None:
    """One line to the logger `deponent`: losing evidence in silence is not a default."""
    logger.warning('%s', issue)


def quietly(on_error: OnError) -> OnError:
    """A handler that raises must not take the application down with it."""

    def tell(issue: Issue) -> None:
        try:
            on_error(issue)
        except Exception:
            logger.debug('on_error raised', exc_info=True)

    return tell
