"""RFC 8785: the one text of a JSON value.

Records are sent as this text, so that what is sent is also what the emitter's chain hashes (docs/format.md, section 4.1).
"""
import json.encoder
from typing import Any, Callable, Dict, List

# In C where it can be had: quotes, and escapes exactly what RFC 8785 escapes.
_quoted = json.encoder.encode_basestring


def canonical(value: Any) -> str:
    """The canonical text of what `plain` returns."""
    parts: List[str] = []
    _write(value, parts.append)
    return ''.join(parts)


def with_member(text: str, name: str, value_text: str) -> str:
    """The text of an object with one more member at its end, whose own text is known."""
    return '%s%s%s:%s}' % (text[:-1], '' if text == '{}' else ',', _quoted(name), value_text)


def _write(value: Any, put: Callable[[str], None]) -> None:
    if value is None:
        put('null')
    elif value is True:
        put('true')
    elif value is False:
        put('false')
    elif isinstance(value, str):
        put(_quoted(value))
    elif isinstance(value, (int, float)):
        put(_number(value))
    elif isinstance(value, list):
        separator = '['
        for item in value:
            put(separator)
            _write(item, put)
            separator = ','
        put('[]' if separator == '[' else ']')
    else:
        separator = '{'
        for name in _ordered(value):
            put(separator)
            put(_quoted(name))
            put(':')
            _write(value[name], put)
            separator = ','
        put('{}' if separator == '{' else '}')


def _ordered(members: Dict[str, Any]) -> List[str]:
    """By UTF-16 code units, which differ from Python's order beyond the first 65,536 characters only."""
    names = sorted(members)
    if all(map(str.isascii, names)):
        return names
    return sorted(names, key=lambda name: name.encode('utf-16-be'))


def _number(number: Any) -> str:
    """As ECMAScript prints a double: the fewest digits that read back to it."""
    if isinstance(number, int):
        return str(number)
    text = repr(number)
    if 'e' not in text:
        return ('0' if number == 0 else text[:-2]) if text.endswith('.0') else text
    mantissa, _, exponent = text.partition('e')
    sign = '-' if mantissa.startswith('-') else ''
    whole, _, fraction = mantissa.lstrip('-').partition('.')
    fraction = '' if fraction == '0' else fraction
    digits, power = whole + fraction, int(exponent)
    if 0 <= power < 21:
        return sign + digits + '0' * (power + 1 - len(digits))
    if -7 < power < 0:
        return sign + '0.' + '0' * (-power - 1) + digits
    tail = '.' + fraction if fraction else ''
    return '%s%s%se%s%d' % (sign, whole, tail, '+' if power > 0 else '-', abs(power))
