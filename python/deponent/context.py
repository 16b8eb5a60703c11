"""Who and what a piece of work is about, said once and put into everything recorded below it.

    with context(user_id='u-7', session_id='s-1', trace_id='t-9'):
        decide(application)

It follows tasks and threads as `contextvars` do: into `await`, `asyncio.create_task` and `asyncio.to_thread`, not into
a thread that is started by hand.
"""
import contextlib
import contextvars
import re
from typing import Any, Dict, Iterator, Mapping

_current: 'contextvars.ContextVar[Dict[str, Any]]' = contextvars.ContextVar('deponent_context', default={})

#: Which of it other kinds of records have a field for; decisions take all of it.
_OF_KIND = {
    'query': {'userId', 'affectedUserId', 'sessionId', 'traceId', 'spanId', 'requestId', 'environment', 'purpose'},
    'action': {'affectedUserId', 'traceId', 'spanId'},
}


@contextlib.contextmanager
def context(**fields: Any) -> Iterator[None]:
    """Adds fields (`user_id`, `affected_user_id`, `session_id`, `trace_id`, `request_id`, `case_id`, …) to what is
    recorded inside. Inner ones win over outer ones, what a record says itself over both."""
    token = _current.set(under(_current.get(), fields))
    try:
        yield
    finally:
        _current.reset(token)


def current_context() -> Dict[str, Any]:
    """The fields in force here."""
    return dict(_current.get())


def with_context(record: Mapping[str, Any], kind: str) -> Dict[str, Any]:
    """The record with what the context adds to its kind."""
    fields = _current.get()
    if not fields:
        return dict(record)
    if kind != 'decision':
        wanted = _OF_KIND.get(kind, set())
        fields = {name: value for name, value in fields.items() if camel(name) in wanted}
    return under(fields, record)


def under(below: Mapping[str, Any], above: Mapping[str, Any]) -> Dict[str, Any]:
    """Both; where they name one field, in either spelling, what lies above."""
    spoken = {camel(name) for name, value in above.items() if value is not None}
    return {**{name: value for name, value in below.items() if camel(name) not in spoken}, **above}


def camel(name: str) -> str:
    """`model_id` and `modelId` are one field."""
    return re.sub(r'_([a-z0-9])', lambda found: found.group(1).upper(), name)
