"""What a request came to: judged, refused, or worth another try."""
import dataclasses
import email.utils
import json
import math
import random
import time
from typing import Any, Dict, List, Optional

#: Everything else is tried again, wrong keys included: a key can be mended, a dropped decision cannot.
REFUSED = frozenset((400, 409, 411, 413, 414, 415, 422, 431))

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0
#: The longest a server may ask to be left alone.
RETRY_AFTER_MAX_SECONDS = 600.0


@dataclasses.dataclass(frozen=True)
class Answer:
    """`judged` record by record; `kept` as a whole, by a sink that hands out no receipts; `retry`: nothing is known to be
    kept, and sending the same again is safe; `refused`: the request as such, too large or not to be read."""

    outcome: str
    message: str = ''
    status: Optional[int] = None
    retry_after: Optional[float] = None
    receipts: List[Dict[str, Any]] = dataclasses.field(default_factory=list)
    errors: List[Dict[str, Any]] = dataclasses.field(default_factory=list)
    promise: Optional[str] = None


def answer_of(status: int, body: bytes, retry_after: Optional[str]) -> Answer:
    parsed = _parsed(body)
    if isinstance(parsed, dict) and _is_list(parsed.get('receipts')) and _is_list(parsed.get('errors')):
        return Answer('judged', status=status, receipts=parsed['receipts'], errors=parsed['errors'],
                      promise=parsed.get('promise'))
    code = parsed.get('code') if isinstance(parsed, dict) else None
    message = 'the server answered %d%s' % (status, ' (%s)' % code if isinstance(code, str) else '')
    if status in REFUSED:
        return Answer('refused', message, status)
    return Answer('retry', message, status, retry_after_of(retry_after, time.time()))


def retry_after_of(header: Optional[str], now: float) -> Optional[float]:
    """Seconds; the header is a number of them or a date (RFC 9110, section 10.2.3)."""
    try:
        seconds = float(header or '')
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header or '').timestamp() - now
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def backoff(failures: int, retry_after: Optional[float] = None) -> float:
    """Seconds before attempt `failures` + 1: doubling from a quarter of a second to half a minute, and a random half of
    that so that many clients do not return together; longer when the server asked for it, up to ten minutes."""
    ceiling = min(FIRST_SECONDS * float(2 ** min(failures, 16)), LONGEST_SECONDS)
    own = ceiling / 2 + random.random() * ceiling / 2
    return max(own, min(retry_after or 0.0, RETRY_AFTER_MAX_SECONDS))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and type(item.get('position')) is int for item in value
    )
