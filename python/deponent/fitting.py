"""A record that is too large for the ledger is kept with its longest texts cut, and says so: all of it would be refused."""
from typing import Any, Callable, Dict, List, NamedTuple

from .canonical import canonical

#: A record has at most 256 KiB; the server writes into it what it did with it.
BYTES_MAX = 240 * 1024
#: Shorter texts are left alone.
TEXT_CHARACTERS_MIN = 256
#: Cuts that are named one by one; those beyond are counted.
NAMED_MAX = 100


class _LongText(NamedTuple):
    path: str
    text: str
    #: Bytes its characters take, on average.
    bytes_each: float
    replace: Callable[[str], None]


def fitting(record: Dict[str, Any]) -> str:
    """The canonical text of a record as it fits. What was cut stands in `metadata.cut` with its length before."""
    text = canonical(record)
    excess = len(text.encode()) - BYTES_MAX
    if excess <= 0:
        return text
    metadata = _metadata_of(record)
    texts = _long_texts(record, '')
    kept = _characters_kept(texts, excess)
    while True:
        cut = [one for one in texts if len(one.text) > kept]
        for one in cut:
            one.replace(one.text[:kept] + '\u2026')
        if cut:
            record['metadata'] = {**metadata, 'cut': _told_of(cut)}
        text = canonical(record)
        # What takes more bytes than the rest of a text may all stand at its beginning.
        if kept <= TEXT_CHARACTERS_MIN or len(text.encode()) <= BYTES_MAX:
            return text
        kept = max(TEXT_CHARACTERS_MIN, int(kept * 0.8))


def _long_texts(value: Any, path: str) -> List[_LongText]:
    found: List[_LongText] = []
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in members:
        at = '%s/%s' % (path, str(name).replace('~', '~0').replace('/', '~1'))
        if isinstance(inner, str) and len(inner) > TEXT_CHARACTERS_MIN:
            each = len(canonical(inner).encode()) / len(inner)
            found.append(_LongText(at, inner, each, _replacing(value, name)))
        elif isinstance(inner, (dict, list)):
            found.extend(_long_texts(inner, at))
    return found


def _replacing(holder: Any, name: Any) -> Callable[[str], None]:
    def replace(shorter: str) -> None:
        holder[name] = shorter
    return replace


def _characters_kept(texts: List[_LongText], excess: int) -> int:
    """To how many characters every longer text is cut, so that so many bytes go; room for telling of it is left."""
    wanted = excess + NAMED_MAX * 64
    least, most = TEXT_CHARACTERS_MIN, max([len(one.text) for one in texts], default=0)
    while most - least > 64:
        middle = (least + most) // 2
        if sum(one.bytes_each * max(0, len(one.text) - middle) for one in texts) >= wanted:
            least = middle
        else:
            most = middle
    return least


def _metadata_of(record: Dict[str, Any]) -> Dict[str, Any]:
    metadata = record.get('metadata')
    if metadata is None:
        return {}
    return metadata if isinstance(metadata, dict) else {'given': metadata}


def _told_of(cut: List[_LongText]) -> Dict[str, Any]:
    told: Dict[str, Any] = {'texts': [{'path': one.path, 'characters': len(one.text)} for one in cut[:NAMED_MAX]]}
    if len(cut) > NAMED_MAX:
        told['more'] = len(cut) - NAMED_MAX
    return told
