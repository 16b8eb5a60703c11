"""A copy of what a program holds, in values that JSON has; taken at once, so that later changes are not recorded.

Nothing turns into null or disappears unsaid: NaN and infinities become their text, bytes their number, functions and
unknown objects their name in brackets, and what goes round in circles, too deep or on for too long a word in brackets.
Attributes of unknown objects are not read: a client, a connection or `self` may hold anything.
"""
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import types
import uuid
from typing import Any, Dict, List, Optional, Tuple

DEPTH_MAX = 64
#: Values in one record; the server takes 4,096. Beyond it a word stands in for the rest.
VALUES_MAX = 10_000
MAX_INTEGER = 2**53 - 1
#: From here on the canonical text of a double has an exponent, and so does not look like an integer.
EXPONENT_FROM = 1e21

#: Identities of the values that one lies in.
Parents = Tuple[int, ...]


def plain(value: Any) -> Any:
    """Dicts, lists, texts, numbers, truth values and None that say what `value` says.

    Integers that a double does not carry are their digits as text, which is how the server keeps them.
    """
    return _Walk().copy(value, ())


class _Walk:
    def __init__(self) -> None:
        self.left = VALUES_MAX

    def copy(self, value: Any, parents: Parents) -> Any:
        kind = type(value)
        if kind is str:
            return well_formed(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -MAX_INTEGER <= value <= MAX_INTEGER else _digits(value)
        if kind is float:
            return _float(value)
        self.left -= 1
        if self.left < 0:
            return '[too large]'
        if id(value) in parents:
            return '[circular]'
        if len(parents) >= DEPTH_MAX:
            return '[too deep]'
        return self.structure(value, parents + (id(value),))

    def structure(self, value: Any, parents: Parents) -> Any:
        try:
            return self.known(value, parents)
        except Exception:
            # What the host's own classes do when they are read is not known here.
            return '[unreadable]'

    def known(self, value: Any, parents: Parents) -> Any:
        if isinstance(value, dict) or isinstance(value, collections.abc.Mapping):
            return self.members(value.items(), parents)
        if isinstance(value, (list, tuple)):
            names = getattr(value, '_fields', None)
            if isinstance(names, tuple):
                return self.members(zip(names, value), parents)
            return self.items(value, parents)
        said = _said(value)
        if said is not None:
            return self.copy(said, parents)
        if isinstance(value, (set, frozenset)):
            return self.items(value, parents)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            return self.members(((field.name, getattr(value, field.name)) for field in fields), parents)
        return self.foreign(value, parents)

    def foreign(self, value: Any, parents: Parents) -> Any:
        """Arrays, tables and models of libraries, by the methods they agree on."""
        if isinstance(value, type):
            return '[class %s]' % value.__name__
        size = _size(value)
        if size > VALUES_MAX:
            return '[%s of %d values]' % (type(value).__name__, size)
        for method in ('tolist', 'model_dump', 'to_dict'):
            convert = getattr(value, method, None)
            if callable(convert):
                return self.copy(convert(), parents)
        if isinstance(value, (collections.abc.Iterator, collections.abc.AsyncIterator, collections.abc.Awaitable)):
            return '[stream]'
        if callable(value):
            return '[function %s]' % getattr(value, '__name__', type(value).__name__)
        return '[%s]' % type(value).__name__

    def items(self, values: Any, parents: Parents) -> List[Any]:
        copied: List[Any] = []
        for value in values:
            self.left -= 1
            if self.left < 0:
                copied.append('[too large]')
                break
            copied.append(self.copy(value, parents))
        return copied

    def members(self, pairs: Any, parents: Parents) -> Dict[str, Any]:
        copied: Dict[str, Any] = {}
        for name, value in pairs:
            self.left -= 1
            if self.left < 0:
                copied['[too large]'] = True
                break
            text = name if type(name) is str else _name(name)
            # 1 and '1' are two names in a dict and one in JSON.
            while text in copied:
                text += ' (%s)' % type(name).__name__
            copied[well_formed(text)] = self.copy(value, parents)
        return copied


def well_formed(text: str) -> str:
    """The text; half characters, which no JSON may hold, as their escapes."""
    if text.isascii():
        return text
    try:
        text.encode('utf-8')
        return text
    except UnicodeEncodeError:
        return text.encode('utf-8', 'backslashreplace').decode('utf-8')


def _said(value: Any) -> Optional[Any]:
    """What a single value of the standard library says; None when it is none."""
    if isinstance(value, enum.Enum):
        return value.value if value.value is not None else value.name
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return _decimal(value)
    if isinstance(value, (uuid.UUID, pathlib.PurePath)):
        return str(value)
    if isinstance(value, complex):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return '[%d bytes]' % len(bytes(value) if isinstance(value, memoryview) else value)
    if isinstance(value, BaseException):
        return {'type': type(value).__name__, 'message': str(value)}
    if isinstance(value, types.ModuleType):
        return '[module %s]' % value.__name__
    return None


def _size(value: Any) -> int:
    """How many values an array has, as NumPy, pandas and PyTorch say it."""
    size = getattr(value, 'size', None)
    if callable(size):
        count = getattr(value, 'numel', None)
        size = count() if callable(count) else 0
    return size if isinstance(size, int) else 0


def _float(value: float) -> Any:
    if math.isnan(value):
        return 'NaN'
    if math.isinf(value):
        return 'Infinity' if value > 0 else '-Infinity'
    if abs(value) > MAX_INTEGER and abs(value) < EXPONENT_FROM:
        return str(int(value))
    return value


def _decimal(value: decimal.Decimal) -> Any:
    """As a number where a double has the same value, as text otherwise."""
    if not value.is_finite():
        return _float(float(value)) if not value.is_snan() else 'NaN'
    near = float(value)
    return near if decimal.Decimal(repr(near)) == value else str(value)


def _digits(value: int) -> str:
    # Thousands of digits take long to write, and Python may refuse to.
    return str(value) if value.bit_length() <= 4096 else '[integer of %d bits]' % value.bit_length()


def _name(name: Any) -> str:
    if isinstance(name, enum.Enum):
        name = name.value
    if isinstance(name, str):
        return str.__str__(name)
    if name is None or isinstance(name, (bool, int, float, uuid.UUID, datetime.date)):
        return str(name)
    if isinstance(name, tuple):
        return ','.join(_name(one) for one in name)
    return '[%s]' % type(name).__name__
