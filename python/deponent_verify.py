#!/usr/bin/env python3
"""Checks what a Deponent ledger handed out, without any code of Deponent.

One file, Python 3.9 or newer, standard library only. It was written from docs/format.md, whose sections
the comments name (§), and shares nothing with the verifier in packages/format but that page: two readers
of one page who agree are worth more than one who is sure.

    python3 deponent_verify.py TARGET [--trust FILE] [--against FILE ...] [--json]

TARGET is a data directory, a bundle, a saved answer with receipts or one receipt, a proof (say which entry
with --entry FILE or --leaf HEX), or the address of a ledger (http://HOST/ledgers/NAME; --key KEY or DEPONENT_KEY).

Exit code: 0 valid, 1 invalid, 2 not understood, 3 incomplete.
"""
import argparse
import base64
import binascii
import functools
import hashlib
import hmac
import json
import math
import os
import re
import struct
import sys
import unicodedata
import urllib.error
import urllib.request
import zlib

MAX_INTEGER = 2**53 - 1
JSON_DEPTH_MAX = 512
sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * JSON_DEPTH_MAX))
HASH_BYTES = 32
TILE_WIDTH = 256

# §15: the meaning of each code this verifier may report.
MEANINGS = {
    'trust_self': "checked against the operator's own key; no outside witness",
    'trust_missing': 'no trusted key for this origin was supplied, so no signature could be checked',
    'trust_extended': 'trust in a key was followed to the one that replaced it, as an entry signed by both says',
    'rotation_invalid': 'an entry about a change of keys is not signed by both, or not where its statement puts it',
    'witness_quorum': 'fewer trusted witnesses cosigned the checkpoint than the trust file asks for',
    'witness_signature': 'a cosignature names a trusted witness and does not verify',
    'head_malformed': 'a known head given for comparison is neither a checkpoint nor a receipt',
    'head_unverified': 'a known head is not signed by a trusted key and was not believed',
    'head_unrelated': 'a known head belongs to another ledger and says nothing about this one',
    'head_incomparable': 'a known head covers this, but more than the two texts is needed to compare them',
    'checkpoint_missing': 'there is no checkpoint',
    'checkpoint_malformed': 'the checkpoint cannot be read',
    'checkpoint_signature': 'the checkpoint is not signed by a trusted key of its origin',
    'checkpoint_behind': 'entries after the checkpoint are under no signature yet',
    'checkpoint_origin': 'the checkpoint names another ledger than the one checked',
    'root_mismatch': "the stored entries do not lead to the checkpoint's root",
    'leaf_mismatch': 'an entry does not hash to the leaf stored or promised for it',
    'entry_malformed': 'an entry is not a well-formed entry',
    'entry_missing': 'an entry the checkpoint covers is not there',
    'entry_tile_malformed': 'a tile of entries cannot be read',
    'tile_malformed': 'a tile of hashes cannot be read',
    'tile_missing': 'a tile the checkpoint calls for is not there',
    'tile_mismatch': 'a stored tile differs from the hashes of what lies below it',
    'tile_unfinished': 'tiles were cut short by a power cut while the log still holds all their entries',
    'tile_unexpected': 'a file lies among the tiles that no checkpoint calls for',
    'received_at_decreases': 'an entry was received before the entry in front of it',
    'received_at_contradicted': 'an entry says it was received at a time that what others saw rules out',
    'id_repeated': 'two entries carry the same id',
    'rolled_back': 'the ledger is behind, or differs from, a head that was known before',
    'anchor_malformed': 'an anchor cannot be read',
    'anchor_signature': 'the checkpoint of an anchor is not signed by a trusted key of its origin',
    'anchor_mismatch': 'the checkpoint of an anchor is not a state this ledger was ever in',
    'receipt_malformed': 'the receipt cannot be read',
    'receipt_path': "a receipt's path does not lead from its leaf to the promised root",
    'receipt_unproven': 'a receipt without a path: the promise given with it does not cover it',
    'promise_malformed': 'the promise cannot be read',
    'promise_missing': 'there is no promise, so the receipts rest on nothing signed',
    'promise_signature': 'the promise is not signed by a trusted receipt key of its origin',
    'promise_contradicted': 'two signed statements of the ledger contradict each other: proof of misbehaviour',
    'promise_pending': 'the promise is of entries that no checkpoint covers yet',
    'proof_malformed': 'the proof cannot be read',
    'proof_inclusion': 'the proof does not lead from the leaf to the root of its checkpoint',
    'proof_consistency': 'the larger tree is not shown to be an extension of the smaller one',
    'bundle_malformed': 'the bundle cannot be read',
    'payload_missing': 'the sealed payload of an entry is not there and no tombstone says why',
    'payload_unopened': 'payloads were not opened, because the key to do so was not supplied',
    'payload_mismatch': 'a payload is not the one its entry commits to',
    'disclosure_malformed': 'a disclosed leaf cannot be read',
    'shape_withheld': 'the shape leaf is not disclosed, so a pointer may have been committed twice',
    'fields_withheld': 'some fields are not disclosed; nothing is said about their content',
    'payload_withheld': 'a payload is withheld as a whole; nothing is said about its content',
    'shape_mismatch': 'a disclosed leaf is not where the disclosed shape puts it',
    'erasure_unproven': 'a payload is said to be erased without a tombstone that opens to an erasure entry',
    'payload_erased': 'a payload is erased, as an erasure entry shows',
    'segment_damaged': 'a frame of a vault segment differs from the digest in its footer',
    'segment_footer': 'the footer of a vault segment is missing, malformed or not the recorded one',
    'segment_missing': 'a vault segment recorded in the ledger is not there',
    'keyring_damaged': 'the keyring has a page that cannot be read',
    'dictionary_damaged': 'a learned dictionary that payloads are coded with is missing or damaged',
    'keyring_older': 'the keyring is older than the vault it should open',
    'wal_corrupt': 'the write-ahead log is damaged in front of frames that were acknowledged',
    'wal_torn_tail': 'the write-ahead log ends in a frame that was never completed',
    'emitter_gap': 'an emitter numbered records that never arrived',
    'emitter_fork': 'an emitter gave one number to two different records',
    'emitter_content_altered_by_policy': 'policy dropped fields, so the record is not the one its emitter hashed',
    'emitter_head_mismatch': "an emitter's stated head does not follow from its records",
    'emitter_loss': 'an emitter declared the loss of records',
    'emitter_duplicate': 'two entries carry one number of an emitter and the same content',
    'emitter_unclosed': 'an emitter began a new epoch and never closed the one before, so its end is not known',
    'format_unknown': 'the directory was written by a version this one does not know',
    'format_damaged': 'the description of the directory cannot be read',
    'not_checked': 'a part lies outside this check and was not looked at',
}


class Malformed(Exception):
    """Bytes that are not what the format says they are."""


class Usage(Exception):
    """What was asked cannot be understood, or names what is not there."""


# ---------------------------------------------------------------- §15 findings and verdicts


def finding(severity, code, message=None, index=None):
    found = {'severity': severity, 'code': code}
    if index is not None:
        found['index'] = index
    found['message'] = message if message is not None else MEANINGS[code]
    return found


def error(code, message=None, index=None):
    return finding('error', code, message, index)


def gap(code, message=None, index=None):
    return finding('gap', code, message, index)


def info(code, message=None, index=None):
    return finding('info', code, message, index)


def report(findings, entries=0, checkpoints=0, payloads=0, erased=0):
    severities = {found['severity'] for found in findings}
    verdict = 'invalid' if 'error' in severities else 'incomplete' if 'gap' in severities else 'valid'
    checked = {'entries': entries, 'checkpoints': checkpoints, 'payloads': payloads, 'erased': erased}
    return {'verdict': verdict, 'findings': findings, 'checked': checked}


# ---------------------------------------------------------------- §1 notation


def sha256(data):
    return hashlib.sha256(data).digest()


def from_base64(text):
    """Standard alphabet, padded, no stray bits: the text must be what its bytes are written as."""
    try:
        data = base64.b64decode(text.encode('ascii'), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Malformed('not base64')
    if base64.b64encode(data).decode('ascii') != text:
        raise Malformed('not canonical base64')
    return data


def to_base64(data):
    return base64.b64encode(data).decode('ascii')


def from_hex(text):
    if not re.fullmatch(r'(?:[0-9a-f]{2})*', text):
        raise Malformed('not lower-case hex')
    return bytes.fromhex(text)


def from_decimal(text):
    if not re.fullmatch(r'0|[1-9][0-9]{0,15}', text) or int(text) > MAX_INTEGER:
        raise Malformed('not a decimal integer in 0..2^53-1')
    return int(text)


def from_utf8(data):
    try:
        return data.decode('utf-8')
    except UnicodeDecodeError:
        raise Malformed('not UTF-8')


def is_well_formed(text):
    return not any('\ud800' <= character <= '\udfff' for character in text)


def hash_of(text, decode):
    data = decode(text)
    if len(data) != HASH_BYTES:
        raise Malformed('not 32 bytes')
    return data


# ---------------------------------------------------------------- JSON, and RFC 8785


def read_json(text):
    """RFC 8259 and nothing that two readers may understand differently: no name twice, no half characters,
    no number a double cannot hold. Integers that a double cannot carry stay text."""

    def members(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise Malformed('a name comes twice')
        for name in names:
            if not is_well_formed(name):
                raise Malformed('half a surrogate pair')
        return dict(pairs)

    def integer(digits):
        # Converting thousands of digits takes long, and Python may refuse: no double carries them anyway.
        return int(digits) if len(digits) <= 17 and abs(int(digits)) <= MAX_INTEGER else digits

    def decimal(digits):
        value = float(digits)
        mantissa = re.split('[eE]', digits)[0].replace('.', '').lstrip('-').strip('0')
        if math.isinf(value):
            raise Malformed('a number beyond a double')
        return digits if len(mantissa) > 17 or (value == 0 and mantissa) else value

    def constant(_):
        raise Malformed('not a JSON number')

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_int=integer, parse_float=decimal, parse_constant=constant
        )
    except (ValueError, RecursionError):
        raise Malformed('not JSON')
    check_strings(value)
    return value


def check_strings(value):
    pending = [(value, 1)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, str) and not is_well_formed(one):
            raise Malformed('half a surrogate pair')
        if isinstance(one, (dict, list)):
            if depth > JSON_DEPTH_MAX:
                raise Malformed('nested too deep')
            pending.extend((inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one))


def jcs(value):
    """RFC 8785."""
    if value is None:
        return 'null'
    if value is True or value is False:
        return 'true' if value else 'false'
    if isinstance(value, str):
        return jcs_string(value)
    if isinstance(value, (int, float)):
        return jcs_number(value)
    if isinstance(value, list):
        return '[' + ','.join(jcs(item) for item in value) + ']'
    names = sorted(value, key=utf16_order)
    return '{' + ','.join(jcs_string(name) + ':' + jcs(value[name]) for name in names) + '}'


ESCAPES = {'"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t'}


def utf16_order(name):
    return name.encode('utf-16-be')


def jcs_string(text):
    if not is_well_formed(text):
        raise Malformed('half a surrogate pair')
    escaped = (ESCAPES.get(c) or ('\\u%04x' % ord(c) if c < ' ' else c) for c in text)
    return '"' + ''.join(escaped) + '"'


def jcs_number(number):
    """As ECMAScript prints a double: the fewest digits that read back to it."""
    value = float(number)
    if value == 0:
        return '0'
    sign, value = ('-', -value) if value < 0 else ('', value)
    mantissa, _, exponent = ('%s' % repr(value)).partition('e')
    whole, _, fraction = mantissa.partition('.')
    digits = (whole + fraction).lstrip('0')
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip('0')))
    digits = digits.rstrip('0')
    if len(digits) <= point <= 21:
        return sign + digits + '0' * (point - len(digits))
    if 0 < point <= 21:
        return sign + digits[:point] + '.' + digits[point:]
    if -6 < point <= 0:
        return sign + '0.' + '0' * -point + digits
    power = point - 1
    tail = '.' + digits[1:] if len(digits) > 1 else ''
    return '%s%s%se%s%d' % (sign, digits[0], tail, '+' if power >= 0 else '-', abs(power))


class Place:
    """A place in a JSON document that must have an exact shape."""

    def __init__(self, value, path=''):
        self.value = value
        self.path = path

    def misfit(self, message):
        return Malformed('%s: %s' % (self.path or 'the document', message))

    def members(self, *names):
        if not isinstance(self.value, dict):
            raise self.misfit('not an object')
        if names and not set(self.value) <= set(names):
            raise self.misfit('has a field other than ' + ', '.join(names))
        return self.value

    def field(self, name):
        return Place(self.members().get(name, ABSENT), self.path + '/' + name)

    @property
    def absent(self):
        return self.value is ABSENT

    def list(self):
        if not isinstance(self.value, list):
            raise self.misfit('not a list')
        return [Place(item, '%s/%d' % (self.path, i)) for i, item in enumerate(self.value)]

    def text(self):
        if not isinstance(self.value, str):
            raise self.misfit('not a text')
        return self.value

    def position(self):
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_INTEGER:
            raise self.misfit('not an integer in 0..2^53-1')
        return value

    def decode(self, decoder):
        try:
            return decoder(self.text())
        except Malformed as reason:
            raise self.misfit(str(reason))


ABSENT = object()


# ---------------------------------------------------------------- Ed25519 (RFC 8032)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def point_add(a, b):
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    o = 2 * D * a[3] * b[3] % P
    q = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, q - o, q + o, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def points_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_decode(data):
    """None for every encoding RFC 8032 does not write."""
    encoded = int.from_bytes(data, 'little')
    sign, y = encoded >> 255, encoded & (2**255 - 1)
    if y >= P:
        return None
    numerator, denominator = (y * y - 1) % P, (D * y * y + 1) % P
    x = numerator * pow(denominator, 3, P) * pow(numerator * pow(denominator, 7, P), (P - 5) // 8, P) % P
    if (denominator * x * x - numerator) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (denominator * x * x - numerator) % P != 0 or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def point_encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))


def ed25519_verify(public_key, message, signature):
    """False for whatever does not verify; never raises."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, nonce = point_decode(public_key), point_decode(signature[:32])
    scalar = int.from_bytes(signature[32:], 'little')
    if key is None or nonce is None or scalar >= ORDER:
        return False
    if points_equal(point_multiply(8, key), IDENTITY):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), 'little') % ORDER
    return points_equal(point_multiply(scalar, BASE), point_add(nonce, point_multiply(challenge, key)))


def ed25519_public_key(seed):
    half = bytearray(hashlib.sha512(seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return point_encode(point_multiply(int.from_bytes(half, 'little'), BASE))


# ---------------------------------------------------------------- §5 tree


EMPTY_ROOT = sha256(b'')


def leaf_hash(entry):
    return sha256(b'\x00' + entry)


def node_hash(left, right):
    return sha256(b'\x01' + left + right)


def payload_node_hash(left, right):
    return sha256(b'\x11' + left + right)


def tree_root(hashes, node=node_hash):
    """Pairs neighbours level by level; a last one without a neighbour moves up. That is the RFC 6962 tree."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) - len(level) % 2 :]
    return level[0]


def root_from_inclusion(leaf, index, size, proof, node=node_hash):
    """RFC 9162 §2.1.3.2; None when the proof has not the length or widths the place calls for."""
    if not 0 <= index < size <= MAX_INTEGER or any(len(hash_) != HASH_BYTES for hash_ in [leaf, *proof]):
        return None
    fn, sn, reached = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            reached = node(sibling, reached)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            reached = node(reached, sibling)
        fn >>= 1
        sn >>= 1
    return reached if sn == 0 else None


def includes(leaf, index, size, proof, root, node=node_hash):
    return root_from_inclusion(leaf, index, size, proof, node) == root


def extends(size1, size2, root1, root2, proof):
    """RFC 9162 §2.1.4.2: the tree of size2 only appended to that of size1. The empty tree is shown by no
    proof, because it is a prefix of everything; equal sizes need equal roots and no hash."""
    if not 0 <= size1 <= MAX_INTEGER or not 0 <= size2 <= MAX_INTEGER:
        return False
    if size1 == 0 and root1 != EMPTY_ROOT:
        return False
    if size1 == size2:
        return not proof and root1 == root2
    if any(len(hash_) != HASH_BYTES for hash_ in [root1, root2, *proof]):
        return False
    if size1 == 0 or size1 > size2 or not proof:
        return False
    if size1 & (size1 - 1) == 0:
        proof = [root1, *proof]
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = proof[0]
    for hash_ in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(hash_, first), node_hash(hash_, second)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, hash_)
        fn >>= 1
        sn >>= 1
    return sn == 0 and first == root1 and second == root2


class GrowingTree:
    """The roots of perfect subtrees, largest first: enough to go on and to tell the root at any moment."""

    def __init__(self):
        self.size = 0
        self.subtrees = []

    def append(self, leaf):
        self.subtrees.append(leaf)
        rest = self.size
        while rest & 1:
            right = self.subtrees.pop()
            self.subtrees.append(node_hash(self.subtrees.pop(), right))
            rest >>= 1
        self.size += 1

    def root(self):
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root


# ---------------------------------------------------------------- §5 tiles

TILE_PATH = re.compile(r'tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?')


def parse_tile_path(path):
    matched = TILE_PATH.fullmatch(path)
    if not matched:
        raise Malformed('not the path of a tile')
    level, groups, width = matched.groups()
    level = level if level == 'entries' else int(level)
    number = int(groups.replace('x', '').replace('/', ''))
    width = TILE_WIDTH if width is None else int(width)
    is_partial = '.p/' in path
    if level != 'entries' and level > 63 or number > MAX_INTEGER or (is_partial and width > 255):
        raise Malformed('not the path of a tile')
    if tile_path(level, number, width) != path:
        raise Malformed('not the shortest path of a tile')
    return level, number, width


def tile_path(level, number, width=TILE_WIDTH):
    groups = ['%03d' % (number % 1000)]
    number //= 1000
    while number:
        groups.insert(0, 'x%03d' % (number % 1000))
        number //= 1000
    return 'tile/%s/%s%s' % (level, '/'.join(groups), '' if width == TILE_WIDTH else '.p/%d' % width)


def partial_width(level, size):
    return size // TILE_WIDTH**level % TILE_WIDTH


def split_entry_tile(data):
    entries, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise Malformed('ends inside a length')
        (length,) = struct.unpack_from('>H', data, at)
        if at + 2 + length > len(data):
            raise Malformed('ends inside an entry')
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if len(entries) > TILE_WIDTH:
        raise Malformed('more than 256 entries')
    return entries


def split_hash_tile(data):
    if len(data) % HASH_BYTES or len(data) > TILE_WIDTH * HASH_BYTES:
        raise Malformed('not a list of at most 256 hashes')
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


# ---------------------------------------------------------------- §4 entry

INTEGER = '(?:0|[1-9][0-9]{0,15})'
ID_SHAPE = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}')
KIND_SHAPE = re.compile(r'[a-z][a-z_]{0,30}(?:\.[a-z][a-z_]{0,60})?')
SLUG_SHAPE = re.compile('[a-z0-9-]{1,64}')
LEAVES_MAX = 65_536


def decode_entry(data):
    """The entry of its canonical bytes; Malformed for any others."""
    if len(data) > 65_535:
        raise Malformed('longer than 65,535 bytes')
    place = Place(read_json(from_utf8(data)))
    entry = place.members('v', 'id', 'kind', 'receivedAt', 'system', 'retention', 'emitter', 'payload')
    if place.field('v').position() != 1:
        raise Malformed('an entry of another version')
    for name, shape in (('id', ID_SHAPE), ('kind', KIND_SHAPE), ('system', SLUG_SHAPE), ('retention', SLUG_SHAPE)):
        if not shape.fullmatch(place.field(name).text()):
            raise Malformed('malformed ' + name)
    place.field('receivedAt').position()
    payload = place.field('payload')
    payload.members('c', 'leaves', 'root')
    if payload.field('c').position() != 1 or not 1 <= payload.field('leaves').position() <= LEAVES_MAX:
        raise Malformed('malformed payload')
    payload.field('root').decode(lambda text: hash_of(text, from_hex))
    emitter = place.field('emitter')
    if not emitter.absent:
        emitter.members('epoch', 'id', 'seq')
        emitter.field('epoch').position()
        emitter.field('seq').position()
        if not SLUG_SHAPE.fullmatch(emitter.field('id').text()):
            raise Malformed('malformed emitter')
    if jcs(entry).encode('utf-8') != data:
        raise Malformed('not canonical')
    return entry


# ---------------------------------------------------------------- §6 notes and keys

ED25519_KEY, COSIGNATURE_KEY = 1, 4
NOTE_CHARACTERS_MAX = 1_000_000
NOTE_SIGNATURES_MAX = 100


def is_key_name(name):
    """Not empty, no '+', nothing that Unicode calls white space, no control character."""
    return name != '' and is_well_formed(name) and not any(
        c == '+' or c.isspace() or unicodedata.category(c) == 'Cc' for c in name
    )


def parse_vkey(vkey):
    parts = vkey.split('+', 2)
    if len(parts) < 3 or not is_key_name(parts[0]) or not re.fullmatch('[0-9a-f]{8}', parts[1]):
        raise Malformed('a key is name, key id and key')
    name, key_id, key = parts[0], from_hex(parts[1]), from_base64(parts[2])
    if key[:1] not in (b'\x01', b'\x04') or len(key) != 33:
        raise Malformed('not an Ed25519 or cosignature key')
    if sha256(name.encode('utf-8') + b'\n' + key)[:4] != key_id:
        raise Malformed('the key id is of another name or key')
    return {'name': name, 'keyId': key_id, 'type': key[0], 'publicKey': key[1:], 'vkey': vkey}


def utf16_length(text):
    return len(text) + sum(1 for c in text if c > '\uffff')


def parse_note(note):
    """(text, [(name, key id, signature)])."""
    whole = from_utf8(note) if isinstance(note, bytes) else note
    if utf16_length(whole) > NOTE_CHARACTERS_MAX:
        raise Malformed('a note of more than 1,000,000 characters')
    if not is_well_formed(whole) or any(c < ' ' and c != '\n' for c in whole):
        raise Malformed('a note with a control character')
    text, blank, block = whole.rpartition('\n\n')
    if not blank or not block.endswith('\n'):
        raise Malformed('no signatures behind an empty line')
    lines = block[:-1].split('\n')
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise Malformed('more than 100 signatures')
    return text + '\n', [parse_signature_line(line) for line in lines]


def parse_signature_line(line):
    parts = line.split(' ')
    if len(parts) != 3 or parts[0] != '\u2014' or not is_key_name(parts[1]):
        raise Malformed('not a signature line')
    data = from_base64(parts[2])
    if len(data) <= 4:
        raise Malformed('a signature line without a signature')
    return parts[1], data[:4], data[4:]


def is_signed_by(key, text, signature):
    message = text.encode('utf-8')
    if key['type'] == ED25519_KEY:
        return ed25519_verify(key['publicKey'], message, signature)
    if len(signature) != 72:
        return False
    (seconds,) = struct.unpack('>Q', signature[:8])
    if seconds > MAX_INTEGER:
        return False
    cosigned = b'cosignature/v1\ntime %d\n' % seconds + message
    return ed25519_verify(key['publicKey'], cosigned, signature[8:])


def signers_of(note, keys):
    """The given keys that signed. None when a line names one of them and does not verify: the note is condemned."""
    text, lines = note
    signers = []
    for name, key_id, signature in lines:
        named = [key for key in keys if key['name'] == name and key['keyId'] == key_id]
        if not named:
            continue
        signer = next((key for key in named if is_signed_by(key, text, signature)), None)
        if signer is None:
            return None
        if signer not in signers:
            signers.append(signer)
    return signers


# ---------------------------------------------------------------- §7 checkpoint, §8 promise


def is_origin(text):
    return text != '' and is_well_formed(text) and not any(unicodedata.category(c) == 'Cc' for c in text)


def parse_checkpoint(text):
    if not text.endswith('\n'):
        raise Malformed('a checkpoint ends in a newline')
    lines = text[:-1].split('\n')
    if len(lines) < 3 or not is_origin(lines[0]) or '' in lines[3:]:
        raise Malformed('a checkpoint is origin, size and root')
    return {'origin': lines[0], 'size': from_decimal(lines[1]), 'root': hash_of(lines[2], from_base64)}


def parse_promise(text):
    lines = text.split('\n')
    if len(lines) != 5 or lines[4] != '':
        raise Malformed('a promise has four lines')
    origin, suffix = lines[0][: -len('/promise')], lines[0][-len('/promise') :]
    bounds = lines[1].split(' ')
    if suffix != '/promise' or not is_origin(origin) or len(bounds) != 2:
        raise Malformed('a promise is name, range, root and time')
    start, end = from_decimal(bounds[0]), from_decimal(bounds[1])
    if start >= end:
        raise Malformed('an empty range')
    root = hash_of(lines[2], from_base64)
    return {'origin': origin, 'start': start, 'end': end, 'root': root, 'at': from_decimal(lines[3])}


# ---------------------------------------------------------------- §11 trust


def parse_trust(text):
    """The trust file, by origin."""
    document = Place(read_json(text))
    document.members('ledgers')
    trust = {}
    for place in document.field('ledgers').list():
        ledger = parse_trusted_ledger(place)
        if ledger['origin'] in trust:
            raise Malformed('an origin is listed twice')
        trust[ledger['origin']] = ledger
    return trust


def optional_list(place):
    return [] if place.absent else place.list()


def parse_trusted_ledger(place):
    place.members('origin', 'keys', 'witnesses', 'quorum', 'timestampRoots')
    origin = place.field('origin').text()
    if not is_origin(origin):
        raise place.misfit('malformed origin')
    keys = [parse_trusted_key(key, origin) for key in place.field('keys').list()]
    witnesses = [witness.decode(parse_vkey) for witness in optional_list(place.field('witnesses'))]
    if any(witness['type'] != COSIGNATURE_KEY for witness in witnesses):
        raise place.misfit('a witness has a cosignature key')
    if len({witness['publicKey'] for witness in witnesses}) < len(witnesses):
        raise place.misfit('a witness key is listed twice')
    if {witness['publicKey'] for witness in witnesses} & {key['key']['publicKey'] for key in keys}:
        raise place.misfit('a key of the ledger cannot be its own witness')
    quorum = 0 if place.field('quorum').absent else place.field('quorum').position()
    if quorum > len(witnesses):
        raise place.misfit('quorum is larger than the number of witnesses')
    for root in optional_list(place.field('timestampRoots')):
        root.text()
    return {'origin': origin, 'keys': keys, 'witnesses': witnesses, 'quorum': quorum, 'self': False}


def parse_trusted_key(place, origin):
    place.members('vkey', 'use', 'sizes')
    use, key = place.field('use').text(), place.field('vkey').decode(parse_vkey)
    if use not in ('checkpoint', 'promise') or key['type'] != ED25519_KEY:
        raise place.misfit('not a key of a ledger')
    if use == 'promise' and key['name'] != origin + '/promise':
        raise place.misfit("a receipt key is named after its ledger's promises")
    lowest, highest = 0, MAX_INTEGER
    if not place.field('sizes').absent:
        matched = re.fullmatch(r'([0-9]+)\.\.([0-9]*)', place.field('sizes').text())
        if not matched:
            raise place.misfit('sizes are written from.. or from..to')
        lowest = from_decimal(matched.group(1))
        highest = from_decimal(matched.group(2)) if matched.group(2) else MAX_INTEGER
        if highest < lowest:
            raise place.misfit('sizes end before they start')
    return {'key': key, 'use': use, 'from': lowest, 'to': highest}


# §6.1 rotation


def parse_rotation(statement, index, origin):
    """The change of keys a statement at this index of the ledger makes; Malformed when it makes none."""
    note = parse_note(statement)
    lines = note[0].split('\n')
    matched = re.fullmatch('(checkpoint|promise) ([0-9]+)', lines[1]) if len(lines) == 5 else None
    if not matched or lines[4] != '' or lines[0] != origin + '/rotation' or lines[2] == lines[3]:
        raise Malformed('not a rotation of this ledger')
    use, size = matched.group(1), from_decimal(matched.group(2))
    keys = [parse_vkey(vkey) for vkey in lines[2:4]]
    name = origin + ('/promise' if use == 'promise' else '')
    if any(key['type'] != ED25519_KEY or key['name'] != name for key in keys):
        raise Malformed('not keys of this ledger')
    if size != index + 1 or len(signers_of(note, keys) or []) != 2:
        raise Malformed('out of its place, or not signed by both keys')
    return {'use': use, 'from': size, 'previous': keys[0], 'next': keys[1]}


def extend_trust(trust, origin, statements):
    """(trust that follows from trust, findings) through (index, statement) of rotation entries, in order."""
    findings = []
    ledger = (trust or {}).get(origin)
    for index, statement in statements:
        try:
            rotation = parse_rotation(statement, index, origin)
        except Malformed:
            findings.append(error('rotation_invalid', None, index))
            continue
        if ledger is None:
            continue
        size, use = rotation['from'], rotation['use']

        def counts(trusted, key):
            return trusted['key'] == key and trusted['use'] == use and trusted['from'] <= size <= trusted['to']

        if any(counts(trusted, rotation['next']) for trusted in ledger['keys']):
            continue
        if not any(counts(trusted, rotation['previous']) for trusted in ledger['keys']):
            continue
        end = max(t['to'] for t in ledger['keys'] if counts(t, rotation['previous']))
        keys = [dict(t, to=size) if counts(t, rotation['previous']) else t for t in ledger['keys']]
        keys.append({'key': rotation['next'], 'use': use, 'from': size, 'to': end})
        ledger = dict(ledger, keys=keys)
        findings.append(info('trust_extended', None, index))
    return (trust if ledger is None else dict(trust, **{origin: ledger})), findings


def keys_for(ledger, use, size):
    return [k['key'] for k in ledger['keys'] if k['use'] == use and k['from'] <= size <= k['to']]


def check_statement(note_text, use, trust):
    """(what was stated or None, whether it may be believed, findings)."""
    try:
        note = parse_note(note_text)
        stated = parse_checkpoint(note[0]) if use == 'checkpoint' else parse_promise(note[0])
    except Malformed as reason:
        return None, False, [error(use + '_malformed', str(reason))]
    ledger = (trust or {}).get(stated['origin'])
    findings = signature_findings(note, stated, use, ledger)
    return stated, all(found['severity'] == 'info' for found in findings), findings


def signature_findings(note, stated, use, ledger):
    if ledger is None:
        return [gap('trust_missing')]
    size = stated['size'] if use == 'checkpoint' else stated['end']
    findings = []
    if not signers_of(note, keys_for(ledger, use, size)):
        findings.append(error(use + '_signature'))
    elif ledger['self']:
        findings.append(info('trust_self'))
    if use == 'checkpoint':
        witnesses = signers_of(note, ledger['witnesses'])
        if witnesses is None:
            findings.append(error('witness_signature'))
        elif len(witnesses) < ledger['quorum']:
            findings.append(gap('witness_quorum'))
    return findings


# ---------------------------------------------------------------- §7.4 the time of an entry

TOLERANCE_MS = 600_000


def times_of(note_text, checkpoint, trust):
    """(size, earliest ms, latest ms) of each time at which a trusted witness saw this checkpoint."""
    ledger = (trust or {}).get(checkpoint['origin'])
    times = []
    text, lines = parse_note(note_text)
    for witness in ledger['witnesses'] if ledger else []:
        for name, key_id, signature in lines:
            if (name, key_id) == (witness['name'], witness['keyId']) and is_signed_by(witness, text, signature):
                start = struct.unpack('>Q', signature[:8])[0] * 1_000
                times.append((checkpoint['size'], start, start + 999))
    return times


def time_findings(index, received_at, seen):
    not_before = max([earliest for size, earliest, _ in seen if size <= index], default=None)
    not_after = min([latest for size, _, latest in seen if size > index], default=None)
    if not_before is not None and received_at < not_before - TOLERANCE_MS:
        return [error('received_at_contradicted', None, index)]
    if not_after is not None and received_at > not_after + TOLERANCE_MS:
        return [error('received_at_contradicted', None, index)]
    return []


# ---------------------------------------------------------------- §8 receipts, §16 known heads


def parse_receipts(text):
    """(promise note or None, receipts) of a saved answer, or of one receipt with its promise inside."""
    document = Place(read_json(text))
    document.members()
    promise = document.field('promise')
    note = None if promise.value is None else promise.text()
    listed = document.field('receipts')
    places = [document] if listed.absent else listed.list()
    return note, [parse_receipt(place) for place in places]


def parse_receipt(place):
    path = place.field('path')
    return {
        'index': place.field('index').position(),
        'leafHash': place.field('leafHash').decode(lambda text: hash_of(text, from_hex)),
        'path': None if path.absent else [h.decode(lambda text: hash_of(text, from_base64)) for h in path.list()],
    }


def judge_receipts(receipts, promise):
    """(those whose path leads to the promised root, findings about the others)."""
    proven, findings = [], []
    for receipt in receipts:
        if receipt['path'] is None:
            findings.append(gap('receipt_unproven', None, receipt['index']))
        elif promise is not None:
            place, width = receipt['index'] - promise['start'], promise['end'] - promise['start']
            if includes(receipt['leafHash'], place, width, receipt['path'], promise['root']):
                proven.append(receipt)
            else:
                findings.append(error('receipt_path', None, receipt['index']))
    return proven, findings


def read_head(text, trust):
    """Somebody's memory of the ledger: a checkpoint, or saved receipts. None when it is neither."""
    if text.lstrip().startswith('{'):
        try:
            note, receipts = parse_receipts(text)
        except Malformed:
            return None
        if note is None:
            return None
        promise, signed, _ = check_statement(note, 'promise', trust)
        if promise is None:
            return None
        proven, _ = judge_receipts(receipts, promise)
        return {'kind': 'receipts', 'signed': signed, 'promise': promise, 'receipts': proven, 'origin': promise['origin']}
    checkpoint, signed, _ = check_statement(text, 'checkpoint', trust)
    if checkpoint is None:
        return None
    return {'kind': 'checkpoint', 'signed': signed, 'checkpoint': checkpoint, 'origin': checkpoint['origin']}


def doubt_of_head(head, origin):
    """Why a head says nothing about a ledger; None when it does."""
    if head is None:
        return gap('head_malformed')
    if not head['signed']:
        return gap('head_unverified')
    return None if head['origin'] == origin else info('head_unrelated')


def signed_checkpoints(heads):
    return sum(1 for head in heads if head and head['kind'] == 'checkpoint' and head['signed'])


def verify_receipt(text, trust=None, against=()):
    try:
        note, receipts = parse_receipts(text)
    except Malformed as reason:
        return report([error('receipt_malformed', str(reason))])
    if note is None:
        return report([gap('promise_missing')])
    promise, signed, findings = check_statement(note, 'promise', trust)
    proven, of_receipts = judge_receipts(receipts, promise)
    if not receipts:
        of_receipts = [gap('receipt_unproven', 'a promise without a receipt: no record is shown to be under it')]
    heads = [read_head(head, trust) for head in against]
    findings = findings + of_receipts
    for head in heads:
        if head is None or not head['signed']:
            findings.append(doubt_of_head(head, None))
        elif promise is not None and signed:
            findings.extend(compare_promise(promise, proven, head))
    return report(findings, entries=len(proven), checkpoints=signed_checkpoints(heads))


def compare_promise(promise, receipts, head):
    doubt = doubt_of_head(head, promise['origin'])
    if doubt:
        return [doubt]
    if head['kind'] == 'checkpoint':
        known = head['checkpoint']
        if known['size'] < promise['end']:
            return [info('promise_pending', 'the checkpoint given ends before the promise does')]
        if promise['start'] > 0 or promise['end'] < known['size']:
            return [info('head_incomparable')]
        return [] if known['root'] == promise['root'] else [error('promise_contradicted')]
    known = {receipt['index']: receipt['leafHash'] for receipt in head['receipts']}
    differing = [r['index'] for r in receipts if known.get(r['index'], r['leafHash']) != r['leafHash']]
    if differing:
        return [error('promise_contradicted', None, index) for index in differing]
    other = head['promise']
    same_range = (promise['start'], promise['end']) == (other['start'], other['end'])
    return [error('promise_contradicted')] if same_range and promise['root'] != other['root'] else []


# ---------------------------------------------------------------- §9 proof


def parse_proof(text):
    head, blank, note = text.partition('\n\n')
    if not blank:
        raise Malformed('no empty line before the checkpoint')
    lines = head.split('\n')
    if lines.pop(0) != 'c2sp.org/tlog-proof@v1':
        raise Malformed('not a proof of version 1')
    if lines and lines[0].startswith('extra '):
        from_base64(lines.pop(0)[len('extra ') :])
    if not lines or not lines[0].startswith('index '):
        raise Malformed('no index')
    index = from_decimal(lines.pop(0)[len('index ') :])
    if len(lines) > 63:
        raise Malformed('more than 63 hashes')
    parse_note(note)
    return index, [hash_of(line, from_base64) for line in lines], note


def verify_proof(text, leaf, trust=None):
    """`leaf` is the leaf hash of the entry the proof is said to be about."""
    try:
        index, proof, note = parse_proof(text)
    except Malformed as reason:
        return report([error('proof_malformed', str(reason))])
    checkpoint, signed, findings = check_statement(note, 'checkpoint', trust)
    checkpoints = 1 if signed else 0
    if checkpoint is None:
        return report(findings)
    if not includes(leaf, index, checkpoint['size'], proof, checkpoint['root']):
        return report(findings + [error('proof_inclusion', None, index)], checkpoints=checkpoints)
    return report(findings, entries=1, checkpoints=checkpoints)


# ---------------------------------------------------------------- §3 payload commitment


def payload_leaves(record, entry_id):
    """The texts of the leaves of a record, leaf 0 first (§3.1)."""
    pointers, texts, objects = [], [], []

    def walk(value, pointer):
        if isinstance(value, dict) and value:
            names = sorted(value, key=lambda name: name.encode('utf-16-be'))
            if names == [str(i) for i in range(len(names))]:
                objects.append(pointer)
            for name in names:
                walk(value[name], pointer + '/' + name.replace('~', '~0').replace('/', '~1'))
        elif isinstance(value, list) and value:
            for i, item in enumerate(value):
                walk(item, '%s/%d' % (pointer, i))
        elif pointer or not isinstance(value, dict):
            pointers.append(pointer)
            texts.append(jcs([pointer, value]))

    walk(record, '')
    shape = {'id': entry_id, 'pointers': pointers, 'v': 1}
    if objects:
        shape['objects'] = objects
    return [jcs(['', shape])] + texts


def payload_leaf_hash(salt, text):
    return sha256(b'\x10' + salt + text.encode('utf-8'))


def payload_root(texts, salts):
    return tree_root([payload_leaf_hash(salt, text) for salt, text in zip(salts, texts)], payload_node_hash)


# ---------------------------------------------------------------- §10 disclosure


def open_leaf(leaf, root, leaves):
    """(pointer, value) of a disclosed leaf, or the finding that says why it is none."""
    try:
        pair = read_json(leaf['text'])
        if jcs(pair) != leaf['text'] or len(leaf['salt']) != 16:
            raise Malformed('not canonical')
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise Malformed('not a pointer and a value')
        if leaf['index'] > 0 and isinstance(pair[1], (dict, list)) and pair[1]:
            raise Malformed('what is not empty has leaves of its own')
    except Malformed:
        return error('disclosure_malformed')
    hash_ = payload_leaf_hash(leaf['salt'], leaf['text'])
    if not includes(hash_, leaf['index'], leaves, leaf['path'], root, payload_node_hash):
        return error('payload_mismatch', 'a disclosed leaf does not lead to the commitment root')
    return tuple(pair)


def pointers_of_shape(shape, entry_id, leaves):
    """The pointers of leaves 1, 2, …; None when this is no shape of the entry and of one record."""
    pointer, value = shape
    if pointer != '' or not isinstance(value, dict):
        return None
    pointers = value.get('pointers')
    if value.get('v') != 1 or value.get('v') is True or value.get('id') != entry_id or not isinstance(pointers, list):
        return None
    if not all(isinstance(p, str) for p in pointers):
        return None
    if not set(value) <= {'id', 'objects', 'pointers', 'v'} or len(pointers) != leaves - 1:
        return None
    if any((p and p[0] != '/') or re.search('~(?![01])', p) for p in pointers):
        return None
    # Sorted so, whatever lies below a pointer follows it at once: two leaves could then pass for one field.
    places = sorted(p + '/' for p in pointers)
    if any(later.startswith(earlier) for earlier, later in zip(places, places[1:])):
        return None
    return pointers


def numbered_and_altered(pointers):
    """Whether a record carries a number of its emitter, and says that a policy changed what was numbered."""
    altering = ('/classification/pseudonymised/', '/classification/dropped/')
    return any(one.startswith('/emitter/') for one in pointers) and any(one.startswith(altering) for one in pointers)


def verify_disclosure(root, leaves, entry_id, disclosed):
    """(findings, [(pointer, value)]). `root` and `leaves` are those of the entry's payload, `disclosed` leaves with
    index, salt, text and path."""
    findings, opened = [], []
    for leaf in disclosed:
        content = open_leaf(leaf, root, leaves)
        if isinstance(content, dict):
            findings.append(content)
        else:
            opened.append((leaf['index'],) + content)
    fields = [(index, pointer, value) for index, pointer, value in opened if index > 0]
    shape = next(((pointer, value) for index, pointer, value in opened if index == 0), None)
    if shape is None:
        findings.append(gap('shape_withheld'))
    else:
        pointers = pointers_of_shape(shape, entry_id, leaves)
        if pointers is None:
            findings.append(error('shape_mismatch', 'the disclosed shape is not one of this entry'))
        elif any(pointers[index - 1] != pointer for index, pointer, _ in fields):
            findings.append(error('shape_mismatch'))
        elif numbered_and_altered(pointers):
            findings.append(info('emitter_content_altered_by_policy'))
    if len({index for index, _, _ in fields}) < leaves - 1:
        findings.append(info('fields_withheld'))
    return findings, [(pointer, value) for _, pointer, value in fields]


# ---------------------------------------------------------------- §10.2 bundle

BUNDLE_CHARACTERS_MAX = 256 * 1_048_576
BUNDLE_ENTRIES_MAX = 10_000
BUNDLE_ANCHORS_MAX = 256
ANCHOR_TIMESTAMPS_MAX = 16
TIMESTAMP_BYTES_MAX = 65_536
ERASURE_PATH_MAX = 53


def at_most(places, limit, place):
    if len(places) > limit:
        raise place.misfit('has more than %d items' % limit)
    return places


def hashes_of(place):
    return [item.decode(lambda text: hash_of(text, from_base64)) for item in at_most(place.list(), 63, place)]


def salt_of(place):
    salt = place.decode(from_base64)
    if len(salt) != 16:
        raise place.misfit('not 16 bytes')
    return salt


def ascending(numbers):
    return all(a < b for a, b in zip(numbers, numbers[1:]))


def parse_bundle(text):
    if utf16_length(text) > BUNDLE_CHARACTERS_MAX:
        raise Malformed('longer than 256 Mi characters')
    document = Place(read_json(text))
    document.members('bundle', 'origin', 'checkpoint', 'anchors', 'entries', 'statement')
    if document.field('bundle').position() != 1:
        raise Malformed('a bundle of another version')
    anchors, entries = document.field('anchors'), document.field('entries')
    parsed = {
        'origin': document.field('origin').text(),
        'checkpoint': document.field('checkpoint').text(),
        'anchors': [parse_anchor(place) for place in at_most(anchors.list(), BUNDLE_ANCHORS_MAX, anchors)],
        'entries': [parse_bundle_entry(place) for place in at_most(entries.list(), BUNDLE_ENTRIES_MAX, entries)],
    }
    if not parsed['entries'] or not ascending([entry['index'] for entry in parsed['entries']]):
        raise entries.misfit('not entries in the order of the ledger, each once')
    statement = document.field('statement')
    if not statement.absent:
        members = statement.members()
        if len(members) > 32 or any(utf16_length(statement.field(name).text()) > 1_000 for name in members):
            raise statement.misfit('has more than 32 texts of 1,000 characters')
    return parsed


def parse_anchor(place):
    place.members('checkpoint', 'timestamps', 'consistency')
    timestamps = place.field('timestamps')
    for token in at_most(timestamps.list(), ANCHOR_TIMESTAMPS_MAX, timestamps):
        if len(token.decode(from_base64)) > TIMESTAMP_BYTES_MAX:
            raise token.misfit('a timestamp has at most 65,536 bytes')
    return {
        'checkpoint': place.field('checkpoint').text(),
        'timestamps': len(timestamps.list()),
        'consistency': hashes_of(place.field('consistency')),
    }


def parse_bundle_entry(place):
    place.members('index', 'entry', 'proof', 'disclosed', 'absent', 'erased')
    said = [name for name in ('disclosed', 'absent', 'erased') if not place.field(name).absent]
    if len(said) > 1:
        raise place.misfit('says two things of one payload')
    entry = {
        'index': place.field('index').position(),
        'entry': place.field('entry').text(),
        'proof': hashes_of(place.field('proof')),
        'state': said[0] if said else 'withheld',
    }
    if entry['state'] == 'disclosed':
        disclosed = place.field('disclosed')
        entry['leaves'] = [parse_leaf(leaf) for leaf in disclosed.list()]
        if not entry['leaves'] or not ascending([leaf['index'] for leaf in entry['leaves']]):
            raise disclosed.misfit('not leaves in their order, each once')
    elif entry['state'] == 'absent' and place.field('absent').value is not True:
        raise place.misfit('absent is true or not there')
    elif entry['state'] == 'erased':
        entry['tombstone'] = parse_tombstone(place.field('erased'))
    return entry


def parse_leaf(place):
    place.members('leaf', 'salt', 'text', 'path')
    return {
        'index': place.field('leaf').position(),
        'salt': salt_of(place.field('salt')),
        'text': place.field('text').text(),
        'path': hashes_of(place.field('path')),
    }


def parse_tombstone(place):
    place.members('erasure', 'position', 'salt', 'path')
    return {
        'erasure': place.field('erasure').position(),
        'position': place.field('position').position(),
        'salt': salt_of(place.field('salt')),
        'path': hashes_of(place.field('path')),
    }


def verify_bundle(text, trust=None, against=()):
    try:
        bundle = parse_bundle(text)
    except Malformed as reason:
        return report([error('bundle_malformed', str(reason))])
    claimed, of_entries = check_statement(bundle['checkpoint'], 'checkpoint', None)[0], []
    for entry in bundle['entries']:
        judge_bundle_entry(entry, claimed, of_entries)
    trust, findings = extend_trust(trust, bundle['origin'], rotations_shown(bundle)) if trust else (trust, [])
    checkpoint, signed, of_checkpoint = check_statement(bundle['checkpoint'], 'checkpoint', trust)
    findings.extend(of_checkpoint)
    if checkpoint is not None and checkpoint['origin'] != bundle['origin']:
        findings.append(error('checkpoint_origin'))
    seen = times_of(bundle['checkpoint'], checkpoint, trust) if checkpoint else []
    roots = judge_anchors(bundle, checkpoint, trust, findings, seen)
    findings.extend(of_entries)
    judge_order(bundle['entries'], findings)
    erased = sum(judge_tombstone(entry, bundle['entries'], findings) for entry in bundle['entries'])
    summarise_withheld(bundle['entries'], findings)
    heads = [read_head(head, trust) for head in against]
    for head in heads:
        if head is None or not head['signed']:
            findings.append(doubt_of_head(head, None))
        elif checkpoint is not None and signed:
            findings.extend(compare_bundle(bundle, checkpoint, roots, head))
    for entry in bundle['entries']:
        if entry['proven'] and entry['decoded']:
            findings.extend(time_findings(entry['index'], entry['decoded']['receivedAt'], seen))
    if any(anchor['timestamps'] for anchor in bundle['anchors']):
        findings.append(info('not_checked', 'timestamps of anchors are not read by this verifier'))
    return report(
        findings,
        entries=sum(1 for entry in bundle['entries'] if entry['proven']),
        checkpoints=(1 if signed else 0) + len(roots) + signed_checkpoints(heads),
        payloads=sum(1 for entry in bundle['entries'] if entry['withheld'] == 0 and entry['state'] == 'disclosed'),
        erased=erased,
    )


def rotations_shown(bundle):
    """(index, statement) of the rotation entries the bundle shows."""
    shown = []
    for entry in bundle['entries']:
        if entry['proven'] and entry['decoded'] and entry['decoded']['kind'] == 'key.rotated':
            statement = next((value for pointer, value in entry['fields'] if pointer == '/statement'), None)
            if isinstance(statement, str):
                shown.append((entry['index'], statement))
    return shown


def judge_anchors(bundle, checkpoint, trust, findings, seen):
    """(size, root) of every anchor that is signed and of one history with the checkpoint; `seen` takes its times."""
    roots = []
    for anchor in bundle['anchors']:
        try:
            note = parse_note(anchor['checkpoint'])
            stated = parse_checkpoint(note[0])
        except Malformed as reason:
            findings.append(error('anchor_malformed', str(reason)))
            continue
        signed, of_anchor = judge_anchor(note, stated, trust)
        findings.extend(of_anchor)
        if checkpoint is None:
            continue
        if stated['origin'] != bundle['origin']:
            findings.append(error('checkpoint_origin', 'an anchor names another ledger than the bundle'))
        elif not of_one_history(stated, checkpoint, anchor['consistency']):
            findings.append(error('proof_consistency'))
        elif signed:
            roots.append((stated['size'], stated['root']))
            seen.extend(times_of(anchor['checkpoint'], stated, trust))
    return roots


def judge_anchor(note, stated, trust):
    """(whether the ledger signed it, findings). It speaks for its time alone: the reader's quorum is asked of the
    checkpoint, and there it is said, once, that trust is missing."""
    ledger = (trust or {}).get(stated['origin'])
    if ledger is None:
        return False, []
    if not signers_of(note, keys_for(ledger, 'checkpoint', stated['size'])):
        return False, [error('anchor_signature')]
    forged = [
        error('witness_signature')
        for witness in ledger['witnesses']
        for name, key_id, signature in note[1]
        if (name, key_id) == (witness['name'], witness['keyId']) and not is_signed_by(witness, note[0], signature)
    ]
    return True, forged


def of_one_history(anchor, checkpoint, proof):
    first, second = sorted((anchor, checkpoint), key=lambda one: one['size'])
    if first['size'] == 0 < second['size']:
        return not proof and first['root'] == EMPTY_ROOT
    return extends(first['size'], second['size'], first['root'], second['root'], proof)


def judge_bundle_entry(entry, checkpoint, findings):
    """Adds to the entry: decoded, leafHash, proven, fields, withheld."""
    index = entry['index']
    data = entry['entry'].encode('utf-8')
    entry.update(leafHash=leaf_hash(data), proven=False, decoded=None, fields=[], withheld=None)
    if checkpoint is not None:
        entry['proven'] = includes(entry['leafHash'], index, checkpoint['size'], entry['proof'], checkpoint['root'])
        if not entry['proven']:
            findings.append(error('proof_inclusion', None, index))
    try:
        entry['decoded'] = decode_entry(data)
    except Malformed as reason:
        findings.append(error('entry_malformed', str(reason), index))
    if entry['state'] == 'absent':
        message = 'the exporter had no sealed payload to show, and no tombstone says why'
        findings.append(gap('payload_missing', message, index))
    elif entry['decoded'] and entry['state'] == 'disclosed':
        payload = entry['decoded']['payload']
        root = bytes.fromhex(payload['root'])
        found, entry['fields'] = verify_disclosure(root, payload['leaves'], entry['decoded']['id'], entry['leaves'])
        findings.extend(dict(one, index=index) for one in found if one['code'] != 'fields_withheld')
        entry['withheld'] = payload['leaves'] - 1 - len(entry['fields'])


def judge_order(entries, findings):
    latest, ids = 0, set()
    for entry in (entry for entry in entries if entry['decoded']):
        decoded = entry['decoded']
        if decoded['receivedAt'] < latest:
            findings.append(error('received_at_decreases', None, entry['index']))
        if decoded['id'] in ids:
            findings.append(error('id_repeated', None, entry['index']))
        latest = max(latest, decoded['receivedAt'])
        ids.add(decoded['id'])


def set_root_of(tombstone, index, part=b''):
    """The root of the set a tombstone opens to, for an index or for the part with this digest there; None when it has no place in any."""
    leaf = sha256(b'\x12' + tombstone['salt'] + struct.pack('>Q', index) + part)
    return root_from_inclusion(leaf, tombstone['position'], 2 ** len(tombstone['path']), tombstone['path'])


# Kinds of records that say content was deleted: at the request of a person, or because its time had passed.
DELETING = ('erasure', 'retention.expired')


def judge_tombstone(entry, entries, findings):
    """1 for an entry that is shown to be erased (§14)."""
    if entry['state'] != 'erased':
        return 0
    tombstone, index = entry['tombstone'], entry['index']
    erasure = next((other for other in entries if other['index'] == tombstone['erasure']), None)
    root = None
    if erasure and erasure['proven'] and erasure['decoded'] and erasure['decoded']['kind'] in DELETING:
        root = next((value for pointer, value in erasure['fields'] if pointer == '/setRoot'), None)
    reached = set_root_of(tombstone, index)
    if not index < tombstone['erasure'] or not isinstance(root, str) or reached is None or reached.hex() != root:
        findings.append(gap('erasure_unproven', None, index))
        return 0
    findings.append(info('payload_erased', None, index))
    return 1 if entry['proven'] else 0


def summarise_withheld(entries, findings):
    partly = [entry for entry in entries if entry['state'] == 'disclosed' and entry['withheld']]
    wholly = [entry for entry in entries if entry['state'] == 'withheld']
    if partly:
        message = '%d fields of %d records are not disclosed; nothing is said about their content'
        findings.append(info('fields_withheld', message % (sum(entry['withheld'] for entry in partly), len(partly))))
    if wholly:
        findings.append(info('payload_withheld', 'the payloads of %d entries are withheld as a whole' % len(wholly)))


def compare_bundle(bundle, checkpoint, anchors, head):
    doubt = doubt_of_head(head, checkpoint['origin'])
    if doubt:
        return [doubt]
    if head['kind'] == 'checkpoint':
        known = head['checkpoint']
        same = [root for size, root in anchors + [(checkpoint['size'], checkpoint['root'])] if size == known['size']]
        if not same:
            return [info('head_incomparable')]
        return [] if same[-1] == known['root'] else [error('rolled_back', 'differs from a known checkpoint')]
    leaves = {entry['index']: entry['leafHash'] for entry in bundle['entries'] if entry['proven']}
    shared = [receipt for receipt in head['receipts'] if receipt['index'] in leaves]
    differing = [receipt['index'] for receipt in shared if leaves[receipt['index']] != receipt['leafHash']]
    if differing:
        return [error('promise_contradicted', None, index) for index in differing]
    promise = head['promise']
    if promise['end'] - promise['start'] <= len(leaves):
        promised = [leaves.get(index) for index in range(promise['start'], promise['end'])]
        if None not in promised:
            kept = tree_root(promised) == promise['root']
            return [] if kept else [error('promise_contradicted', None, promise['start'])]
    return [] if shared else [info('head_incomparable')]


# ---------------------------------------------------------------- a ledger whose entries were read


class LedgerCheck:
    """Takes the entries of a ledger one after another: hashes, order, and the roots at the sizes asked for."""

    def __init__(self, wanted_sizes=()):
        self.tree = GrowingTree()
        self.leaves = []
        self.roots = {0: EMPTY_ROOT}
        self.findings = []
        self.is_whole = True
        self._wanted = set(wanted_sizes)
        self._latest = 0
        self._ids = set()

    @property
    def size(self):
        return len(self.leaves)

    def take(self, index, data):
        """The decoded entry, None when it is none. Its leaf hash is returned beside it."""
        leaf = leaf_hash(data)
        if self.is_whole:
            self.tree.append(leaf)
            self.leaves.append(leaf)
            if index + 1 in self._wanted:
                self.roots[index + 1] = self.tree.root()
        try:
            entry = decode_entry(data)
        except Malformed as reason:
            self.findings.append(error('entry_malformed', str(reason), index))
            return None, leaf
        if entry['receivedAt'] < self._latest:
            self.findings.append(error('received_at_decreases', None, index))
        self._latest = max(self._latest, entry['receivedAt'])
        if entry['id'] in self._ids:
            self.findings.append(error('id_repeated', None, index))
        self._ids.add(entry['id'])
        return entry, leaf

    def lose(self, first, message):
        self.is_whole = False
        self.findings.append(error('entry_missing', message, first))

    def compare_checkpoint(self, checkpoint, available):
        if checkpoint is None:
            return
        if available > checkpoint['size']:
            message = 'entries from %d on are under no checkpoint yet' % checkpoint['size']
            self.findings.append(info('checkpoint_behind', message, checkpoint['size']))
        if available < checkpoint['size']:
            message = 'the checkpoint covers %d entries, %d are here' % (checkpoint['size'], available)
            self.findings.append(error('entry_missing', message, available))
        elif self.roots.get(checkpoint['size']) != checkpoint['root']:
            self.findings.append(error('root_mismatch'))

    def compare_head(self, head, origin):
        doubt = doubt_of_head(head, origin)
        if doubt:
            self.findings.append(doubt)
        elif head['kind'] == 'checkpoint':
            known = head['checkpoint']
            if self.size < known['size']:
                self._behind(known['size'])
            elif self.roots.get(known['size']) != known['root']:
                self.findings.append(error('rolled_back', 'differs from a known checkpoint'))
        else:
            promise = head['promise']
            if self.size < promise['end']:
                self._behind(promise['end'])
            elif tree_root(self.leaves[promise['start'] : promise['end']]) != promise['root']:
                self.findings.append(error('promise_contradicted', None, promise['start']))

    def _behind(self, known):
        message = 'holds %d entries; a known head has %d' % (self.size, known)
        self.findings.append(error('rolled_back', message))


def head_sizes(heads):
    return [head['checkpoint']['size'] for head in heads if head and head['kind'] == 'checkpoint']


# ---------------------------------------------------------------- a ledger over HTTP (§5)


class HttpLedger:
    """Reads below the address of one ledger."""

    def __init__(self, address, key=None):
        address = address.rstrip('/')
        self.address = address if '/ledgers/' in address else address + '/ledgers/default'
        self.key = key

    def get(self, path):
        """The bytes at a path; None when the ledger says that there are none (yet)."""
        request = urllib.request.Request(self.address + '/' + path)
        if self.key:
            request.add_header('Authorization', 'Bearer ' + self.key)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read()
        except urllib.error.HTTPError as refusal:
            if refusal.code in (404, 409):
                return None
            raise Usage('%s answers %d' % (request.full_url, refusal.code))
        except (urllib.error.URLError, OSError) as reason:
            raise Usage('%s cannot be reached: %s' % (self.address, reason))


def served_tile(ledger, level, number, width):
    """A tile of this width; the beginning of the full one where the partial one is not served any more (§16)."""
    data = ledger.get(tile_path(level, number, width))
    if data is not None or width == TILE_WIDTH:
        return data
    full = ledger.get(tile_path(level, number))
    if full is None or level != 'entries':
        return full if full is None else full[: width * HASH_BYTES]
    try:
        return b''.join(struct.pack('>H', len(entry)) + entry for entry in split_entry_tile(full)[:width])
    except Malformed:
        return full


def verify_http(ledger, trust=None, against=()):
    """Every tile of a published ledger: `ledger.get(path)` gives bytes or None."""
    note = ledger.get('checkpoint')
    if note is None:
        return report([gap('checkpoint_missing')])
    checkpoint, signed, findings = check_statement(note, 'checkpoint', trust)
    if checkpoint is None:
        return report(findings)
    heads = [read_head(head, trust) for head in against]
    size = checkpoint['size']
    check = LedgerCheck([size] + head_sizes(heads))
    levels = {0: []}
    for number in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        first = number * TILE_WIDTH
        width = min(TILE_WIDTH, size - first)
        data = served_tile(ledger, 'entries', number, width)
        if data is None:
            check.lose(first, 'the entry tile of entries from %d is not there' % first)
            break
        try:
            entries = split_entry_tile(data)
            if len(entries) != width:
                raise Malformed('holds %d entries, expected %d' % (len(entries), width))
        except Malformed as reason:
            check.findings.append(error('entry_tile_malformed', 'entry tile %d: %s' % (number, reason), first))
            check.is_whole = False
            break
        levels[0].extend(check.take(first + i, entry)[1] for i, entry in enumerate(entries))
    if check.is_whole:
        compare_published_tiles(ledger, levels[0], size, check.findings)
        check.compare_checkpoint(checkpoint, check.size)
    for head in heads:
        check.compare_head(head, checkpoint['origin'])
        # Whoever compares with a head asks for its ledger: another one served in its place is no answer.
        if check.findings and check.findings[-1]['code'] == 'head_unrelated':
            check.findings[-1] = gap('head_unrelated')
    findings = findings + check.findings + [info('not_checked', 'payloads are not published and were not looked at')]
    return report(findings, entries=check.size, checkpoints=1 if signed else 0)


def compare_published_tiles(ledger, hashes, size, findings):
    """Every tile of every level, against the hashes of what lies below it."""
    level = 0
    while hashes:
        for number in range((len(hashes) + TILE_WIDTH - 1) // TILE_WIDTH):
            found = hashes[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            index = number * TILE_WIDTH ** (level + 1)
            data = served_tile(ledger, level, number, len(found))
            name = 'tile %d/%d' % (level, number)
            if data is None:
                findings.append(error('tile_missing', name + ' is missing', index))
                continue
            try:
                claimed = split_hash_tile(data)
                if len(claimed) != len(found):
                    raise Malformed('holds %d hashes, expected %d' % (len(claimed), len(found)))
            except Malformed as reason:
                findings.append(error('tile_malformed', '%s: %s' % (name, reason), index))
                continue
            if claimed != found:
                findings.append(error('leaf_mismatch' if level == 0 else 'tile_mismatch', None, index))
        full = len(hashes) // TILE_WIDTH
        hashes = [tree_root(hashes[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]) for n in range(full)]
        level += 1


# ---------------------------------------------------------------- §12.1 write-ahead log

FRAME_ALIGNMENT, FRAME_HEADER_BYTES = 4_096, 160


def ledger_id(origin):
    return sha256(origin.encode('utf-8'))[:16]


def frame_header(data, at, identity):
    header = data[at : at + FRAME_HEADER_BYTES]
    if len(header) < FRAME_HEADER_BYTES or header[:8] != b'DPNFRAM0' or sha256(header[:128]) != header[128:]:
        return None
    if header[8:24] != identity:
        return None
    generation, number, length, first, count = struct.unpack('>5Q', header[24:64])
    return {
        'generation': generation, 'number': number, 'length': length, 'first': first, 'count': count,
        'previous': header[64:96], 'bodyHash': header[96:128], 'hash': header[128:160],
    }


def frame_body(data, at, header):
    """[(entry, attachment)], or None when the body is not the one the header vouches for."""
    body = data[at + FRAME_HEADER_BYTES : at + FRAME_HEADER_BYTES + header['length']]
    if len(body) != header['length'] or sha256(body) != header['bodyHash']:
        return None
    pairs, position = [], 0
    while position < len(body):
        try:
            (length,) = struct.unpack_from('>H', body, position)
            entry_end = position + 2 + length
            (length,) = struct.unpack_from('>I', body, entry_end)
        except struct.error:
            return None
        if entry_end + 4 + length > len(body):
            return None
        pairs.append((body[position + 2 : entry_end], body[entry_end + 4 : entry_end + 4 + length]))
        position = entry_end + 4 + length
    return pairs if len(pairs) == header['count'] else None


def padded(length):
    return -(-(FRAME_HEADER_BYTES + length) // FRAME_ALIGNMENT) * FRAME_ALIGNMENT


class WriteAheadLog:
    """The frames of the highest generation, as far as they can be believed."""

    def __init__(self, directory, identity):
        self.logged = {}
        self.begin, self.end = 0, 0
        self.findings = []
        names = sorted(name for name in list_directory(directory) if re.fullmatch(r'[0-9]{8}-[0-9]{8}\.wal', name))
        generation = names[-1][:8] if names else None
        self._last = None
        stopped = None
        for name in (name for name in names if name[:8] == generation):
            data = read_file(os.path.join(directory, name))
            at = 0 if stopped else self._take_frames(data, identity, int(generation))
            resumes = self._resumes(data, at, identity, int(generation))
            if resumes is not None:
                message = 'entries %d..%d are damaged in %s' % (self.end, resumes, stopped or name)
                self.findings.append(error('wal_corrupt', message, self.end))
                return
            if stopped is None and any(data[at : at + FRAME_ALIGNMENT]):
                self.findings.append(info('wal_torn_tail'))
                stopped = name

    def _take_frames(self, data, identity, generation):
        at = 0
        while True:
            header = frame_header(data, at, identity)
            if header is None or not self._continues(header, generation):
                return at
            pairs = frame_body(data, at, header)
            if pairs is None:
                return at
            if self._last is None:
                self.begin = header['first']
            for i, pair in enumerate(pairs):
                self.logged[header['first'] + i] = pair
            self._last = header
            self.end = header['first'] + header['count']
            at += padded(header['length'])

    def _continues(self, header, generation):
        last = self._last
        if header['generation'] != generation:
            return False
        if last is None:
            return True
        follows = header['number'] == last['number'] + 1 and header['first'] == last['first'] + last['count']
        return follows and header['previous'] == last['hash']

    def _resumes(self, data, at, identity, generation):
        for position in range(at, len(data), FRAME_ALIGNMENT):
            header = frame_header(data, position, identity)
            if header is None or header['generation'] != generation:
                continue
            if self._last is not None and header['number'] <= self._last['number']:
                continue
            if frame_body(data, position, header) is not None:
                return header['first']
        return None

    def entries(self, first, end):
        """The entries of a range, None when the log does not hold them all."""
        if all(index in self.logged for index in range(first, end)):
            return [self.logged[index][0] for index in range(first, end)]
        return None


# ---------------------------------------------------------------- AES, for payloads (§3.2, §3.4, §12.2, §12.4)


def _aes_tables():
    box, product = [0] * 256, lambda a: (a << 1) ^ (0x11B if a & 0x80 else 0)
    p = q = 1
    while True:
        p = p ^ product(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        box[p] = q ^ (q << 1 | q >> 7) & 0xFF ^ (q << 2 | q >> 6) & 0xFF ^ (q << 3 | q >> 5) & 0xFF ^ (q << 4 | q >> 4) & 0xFF ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    tables = [[0] * 256 for _ in range(4)]
    for value in range(256):
        s = box[value]
        word = product(s) << 24 | s << 16 | s << 8 | (product(s) ^ s)
        for i in range(4):
            tables[i][value] = word >> 8 * i | (word << 32 - 8 * i) & 0xFFFFFFFF
    return box, tables


SBOX, AES_TABLES = _aes_tables()


class Aes256:
    def __init__(self, key):
        words = list(struct.unpack('>8I', key))
        constant = 1
        for i in range(8, 60):
            word = words[i - 1]
            if i % 8 == 0:
                word = (word << 8 | word >> 24) & 0xFFFFFFFF
                word = self._substitute(word) ^ constant << 24
                constant = (constant << 1) ^ (0x11B if constant & 0x80 else 0)
            elif i % 8 == 4:
                word = self._substitute(word)
            words.append(words[i - 8] ^ word)
        self._words = words

    @staticmethod
    def _substitute(word):
        return SBOX[word >> 24] << 24 | SBOX[word >> 16 & 255] << 16 | SBOX[word >> 8 & 255] << 8 | SBOX[word & 255]

    def block(self, data):
        words, (t0, t1, t2, t3) = self._words, AES_TABLES
        a, b, c, d = (one ^ word for one, word in zip(struct.unpack('>4I', data), words))
        for i in range(4, 56, 4):
            a, b, c, d = (
                t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ words[i],
                t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ words[i + 1],
                t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ words[i + 2],
                t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ words[i + 3],
            )
        s = SBOX
        return struct.pack(
            '>4I',
            (s[a >> 24] << 24 | s[b >> 16 & 255] << 16 | s[c >> 8 & 255] << 8 | s[d & 255]) ^ words[56],
            (s[b >> 24] << 24 | s[c >> 16 & 255] << 16 | s[d >> 8 & 255] << 8 | s[a & 255]) ^ words[57],
            (s[c >> 24] << 24 | s[d >> 16 & 255] << 16 | s[a >> 8 & 255] << 8 | s[b & 255]) ^ words[58],
            (s[d >> 24] << 24 | s[a >> 16 & 255] << 16 | s[b >> 8 & 255] << 8 | s[c & 255]) ^ words[59],
        )

    def counter_stream(self, blocks, counter=0, prefix=b''):
        """`blocks` blocks of key stream; the counter is big-endian and fills what the prefix leaves."""
        width = 16 - len(prefix)
        return b''.join(self.block(prefix + (counter + i).to_bytes(width, 'big')) for i in range(blocks))


def gcm_open(key, nonce, data, additional):
    """The plain text of AES-256-GCM (96-bit nonce, tag behind the data); None when it does not authenticate."""
    if len(data) < 16:
        return None
    cipher = Aes256(key)
    sealed, tag = data[:-16], data[-16:]
    subkey = int.from_bytes(cipher.block(bytes(16)), 'big')
    blocks = -(-len(sealed) // 16)
    lengths = struct.pack('>2Q', 8 * len(additional), 8 * len(sealed))
    pad = lambda text: text + bytes(-len(text) % 16)
    digest = 0
    hashed = pad(additional) + pad(sealed) + lengths
    for at in range(0, len(hashed), 16):
        digest = _gf_multiply(digest ^ int.from_bytes(hashed[at : at + 16], 'big'), subkey)
    mask = cipher.counter_stream(1 + blocks, 1, nonce)
    expected = (digest ^ int.from_bytes(mask[:16], 'big')).to_bytes(16, 'big')
    if not hmac.compare_digest(expected, tag):
        return None
    stream = int.from_bytes(mask[16 : 16 + len(sealed)], 'big')
    return (int.from_bytes(sealed, 'big') ^ stream).to_bytes(len(sealed), 'big')


def _gf_multiply(x, y):
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


# ---------------------------------------------------------------- §12.4 keyring, §12.2 vault frames


def derive(root, label):
    return hmac.new(root, label.encode('utf-8'), 'sha256').digest()


def key_text(data, title):
    """The key of a three-line key file, as written."""
    lines = from_utf8(data).split('\n')
    if len(lines) != 4 or lines[0] != title or lines[3] != '':
        raise Malformed('not a key file')
    if hashlib.sha256(('%s\n%s\n' % (lines[0], lines[1])).encode('utf-8')).hexdigest() != lines[2]:
        raise Malformed('does not match its checksum')
    return lines[1]


def root_key(data):
    """A root key as a file or a variable of the environment holds it: 64 hex digits, alone or under title and checksum."""
    text = from_utf8(data).rstrip()
    if '\n' in text:
        return hash_of(key_text(data, 'deponent root key v1').lower(), from_hex)
    return hash_of(text.lower(), from_hex)


def master_file(data):
    """(head, what wraps it, wrapped key) of a master.key; the head is what the wrapped key is bound to."""
    lines = from_utf8(data).split('\n')
    if len(lines) != 6 or lines[0] != 'deponent master key v1' or lines[5] != '':
        raise Malformed('master.key is none')
    if hashlib.sha256(('\n'.join(lines[:4]) + '\n').encode('utf-8')).hexdigest() != lines[4]:
        raise Malformed('master.key does not match its checksum')
    if not re.fullmatch(r'directory [0-9a-f]{32}', lines[1]):
        raise Malformed('master.key does not name its directory')
    if not re.fullmatch(r'root-key [0-9a-f]{16}|aws-kms [!-~]{1,2048}', lines[2]):
        raise Malformed('master.key is wrapped in a way this verifier does not know')
    return ('\n'.join(lines[:3]) + '\n').encode('utf-8'), lines[2], from_base64(lines[3])


def master_key(directory, ledger, supplied):
    """The master key; None without the root key that wraps it. This verifier asks no key management service."""
    stored = (read_file(os.path.join(directory, name)) for name in ('master.key', 'master.key.next'))
    files = [master_file(data) for data in stored if data is not None]
    beside = (read_file(os.path.join(directory, name)) for name in ('root.key', 'root.key.next'))
    roots = [supplied] if supplied is not None else [root_key(data) for data in beside if data is not None]
    if not files and roots and read_file(os.path.join(directory, ledger + '.keys')) is not None:
        raise Malformed('master.key is missing')
    for head, wrapped_by, wrapped in files:
        for root in roots:
            if wrapped_by != 'root-key ' + derive(root, 'deponent/root-id/v1')[:8].hex():
                continue
            is_whole = len(wrapped) == 12 + 32 + 16
            key = gcm_open(derive(root, 'deponent/master/v1'), wrapped[:12], wrapped[12:], head) if is_whole else None
            if key is None:
                raise Malformed('master.key does not open with the root key it names')
            return key
    return None


class Keyring:
    """The keys by number. Without a root key there are none, and sealed payloads stay closed."""

    def __init__(self, directory, ledger, identity, supplied=None):
        self.keys = self.master = None
        self.findings = []
        try:
            master = master_key(directory, ledger, supplied)
            if master is not None:
                self.keys = self._pages(directory, ledger, derive(master, 'deponent/keyring/v1/' + identity.hex()))
                self.master = master
        except Malformed as reason:
            self.findings.append(error('keyring_damaged', str(reason)))

    def _pages(self, directory, ledger, wrapping_key):
        """The keys of all pages, each page opened with its key or the next one it was being written under."""
        page_keys = self._page_keys(read_file(os.path.join(directory, ledger + '.pages')), wrapping_key)
        if page_keys is None:
            if read_file(os.path.join(directory, ledger + '.keys')) is not None:
                raise Malformed('the file of page keys is missing')
            return []
        keys = []
        for number, (key, following) in enumerate(page_keys):
            name = ledger + '.keys' if number == 0 else '%s.%06d.keys' % (ledger, number)
            data = read_file(os.path.join(directory, name))
            is_last = number == len(page_keys) - 1
            if data is None and not is_last:
                raise Malformed('page %d of the keyring is missing' % number)
            keys.extend(self._read(data or b'', len(keys), [key] + ([following] if any(following) else []), is_last))
        return keys

    @staticmethod
    def _page_keys(data, wrapping_key):
        if data is None:
            return None
        if len(data) < 72 or data[:8] != b'DPNPAGE1' or sha256(data[:-32]) != data[-32:]:
            raise Malformed('the file of page keys does not match its checksum')
        content = gcm_open(wrapping_key, data[12:24], data[24:-32], data[:24])
        if content is None:
            raise Malformed('the page keys of the keyring do not open with this root key')
        if len(content) != 64 * struct.unpack_from('>I', data, 8)[0]:
            raise Malformed('the file of page keys holds another number than it says')
        return [(content[i : i + 32], content[i + 32 : i + 64]) for i in range(0, len(content), 64)]

    @staticmethod
    def _whole(data, at):
        """(first, count, end) of the undamaged frame at a place, else None."""
        if data[at : at + 8] != b'DPNKEYR1' or at + 32 > len(data):
            return None
        first, count = struct.unpack_from('>QI', data, at + 8)
        end = at + 32 + 48 * count + 16 + 32
        if end > len(data) or sha256(data[at : end - 32]) != data[end - 32 : end]:
            return None
        return first, count, end

    def _is_followed(self, data, at):
        later = data.find(b'DPNKEYR1', at + 1)
        while later >= 0:
            if self._whole(data, later) is not None:
                return True
            later = data.find(b'DPNKEYR1', later + 1)
        return False

    def _read(self, data, first, page_keys, is_last):
        """The keys of one page, None where one was destroyed."""
        keys, at = [], 0
        while at < len(data):
            frame = self._whole(data, at)
            if frame is None or frame[0] != first + len(keys):
                if frame is not None or self._is_followed(data, at) or not is_last:
                    raise Malformed('the keyring frame of keys from %d is damaged' % (first + len(keys)))
                break
            end = frame[2]
            for key in list(page_keys):
                pairs = gcm_open(key, data[at + 20 : at + 32], data[at + 32 : end - 32], data[at : at + 32])
                if pairs is not None:
                    # All frames of a page are under one key.
                    page_keys = [key]
                    break
            else:
                raise Malformed('a keyring frame does not open with its page key')
            found = (pairs[i + 16 : i + 48] for i in range(0, len(pairs), 48))
            keys.extend(key if any(key) else None for key in found)
            at = end
        return keys


# The preset dictionary of coding 1 (§12.2).
DICTIONARY = (
    b'"actor":{"id":"type":"action":"agentName":"agentVersion":"atAssumed":"utc","cacheRead":0,"cacheWrite'
    b'":0,"chunk":"code":"contextData":{"counterfactual":"details":{"digest":"sha256:"direction":"error":{'
    b'"message":"type":"timeout"}"evaluationResults":[{"metric":"passed":true,"threshold":"value":}],"even'
    b'tType":"deployed","falseguardrails":[{"name":"outcome":"passed"}],"humanDecision":"humanReviewerId":'
    b'"overrideReason":"ipAddress":"links":[{"id":"01a","rel":"outcomeOf"}],"observedAt":"owner":"predicti'
    b'onInterval":[0.,0.],"protectedAttributes":{"queuedAt":"openedAt":"closedAt":"reason":"referenceDatab'
    b'ase":"refused""requestedModel":"servedModel":"retention":"reviewer":"spanId":"verdict":"agree","over'
    b'ride","affectedSubjects":[{"id":"affectedUserId":"person-","agentId":"alternativePredictions":[{"con'
    b'fidence":0.,"prediction":"}],"at":"2026-01-01T00:00:00.000Z","automationLevel":"basis":"asserted","c'
    b'aseId":"case-","coerced":["confidence":0.,"confidenceKind":"probability","consentGiven":true,"conseq'
    b'uenceLevel":"informational","material","significant","costUsd":0.0,"dataRetentionPolicy":"decisionCa'
    b'tegory":"decisionId":"deployer":"environment":"production","staging","explanation":{"method":"shap",'
    b'"reasoning":"topFeatures":[{"feature":"importance":0.},{"feature":"},"explanationRef":"featureStoreV'
    b'ersion":"finalDecision":"finishReason":"stop","humanOverride":false,"humanReviewRequired":true,"huma'
    b'nReviewed":false,"inference":{"input":{"inputFeatures":{"age":"amount":"income":"inputHash":"jurisdi'
    b'ction":["EU"],"latencyMs":"lawfulBasis":"contract","legalEffect":true,"messages":[{"content":"role":'
    b'"system"},{"content":"role":"user"},{"content":"role":"assistant"}],"metadata":{"modelChecksum":"sha'
    b'256:"modelId":"modelType":"classification","regression","llm","modelVersion":"1.0.0","operation":"ch'
    b'at","outcome":"policyVersion":"prediction":"approve","decline","high","low","promptName":"promptVers'
    b'ion":"provider":"purpose":"reasonCodes":["region":"eu-"requestId":"retrievedDocuments":[{"digest":"i'
    b'd":"version":"}],"riskTier":"high","medium","low","sessionId":"sess-","status":"ok","system":"system'
    b'Actor":"tags":["threshold":0.5,"timeToFirstTokenMs":"timestamp":"2026-"tokenUsage":{"input":,"output'
    b'":,"reasoning":0},"toolCalls":[{"arguments":"name":"traceId":"usePeriod":{"userAgent":"userId":"'
)


# What prose looks like in a record: every text of coding 3 is read as if it followed this and a dictionary (§12.2).
PROSE = (
    b"Hello! I would like to know whether you can help me with this. Thank you for your question, and I'm sorry to hear that"
    b' you have had trouble with it. Could you please tell me more about what happened, when it started, and what you have a'
    b'lready tried? Here is what I would suggest:\\n\\n1. **First**, check that the information you were given is correct and '
    b'up to date.\\n2. **Then**, make sure that the account is in the right name and that nothing else has changed since.\\n3.'
    b' **Finally**, if the problem is still there after a few days, contact customer service, who should be able to find out'
    b" which of these applies to you.\\n\\nIt's important to understand that this is general information, not legal, medical o"
    b'r financial advice. You may want to talk to someone who knows your situation before you make a decision. There are sev'
    b'eral things to consider here. On the one hand, the first option costs less at the beginning and does not need any furt'
    b'her work; on the other hand, it takes longer, and there is no guarantee that the result will be the same. In most case'
    b"s people choose the second one because they don't want to wait.\\n\\nFor example, let us say that a person has been with"
    b' the company for more than three years, but has not used the service during the last twelve months. According to the t'
    b'erms and conditions, the contract can then be ended by either side at the end of each month, provided that notice is g'
    b'iven in writing at least thirty days before. If that was not done, the agreement continues for another year under the '
    b'same conditions as before.\\n\\nThe following table shows the difference between them:\\n\\n- **What it is**: a short desc'
    b'ription of the product and how it works.\\n- **Who it is for**: anyone whose income is below the limit, including stude'
    b'nts and families with children.\\n- **What it costs**: between ten and twenty percent of the total amount, depending on'
    b" where you live.\\n\\nHowever, these numbers are only an example. I don't have access to your personal data, so I cannot"
    b' say exactly how much it would be for you. If you would like, I can explain each step in more detail, or write a short'
    b' letter that you could send to them.\\n\\nSubject: Request for further information\\n\\nDear Sir or Madam,\\n\\nI am writing'
    b' to you because I have not received an answer to my application of last month. As far as I know, all of the required d'
    b'ocuments were sent together with the form, and I was told that it would take about two weeks. Would you be so kind as '
    b'to let me know whether anything is missing, and when I can expect a reply? I look forward to hearing from you.\\n\\nYour'
    b's sincerely,\\n\\nLet me know if there is anything else I can do for you!\\n\\nTo answer this question we need to look at '
    b'how the system was designed. A request is first read by the server, which checks that it is valid and that the user is'
    b' allowed to make it; then the data is written to the database, and only after this has been done does the client get i'
    b'ts response. When something goes wrong, an error is returned instead, with a message that says what failed and why. Th'
    b'is means that the same operation can be run again without changing the result, since every file, record and value that'
    b" was created before is either found or replaced. The default setting is usually good enough; if it isn't, set the numb"
    b'er of threads to a higher value, use a larger cache, or add an index to the column that is being searched. Note that e'
    b'ach of these needs more memory, and that the first call after a restart will always be slower than those that follow.\\'
    b'n\\n```\\nfunction first(list) {\\n  if (list.length === 0) return null\\n  return list[0]\\n}\\n```\\n\\nIn this code the fun'
    b'ction takes a list and returns its first element, or nothing when the list is empty. You can test it by running the co'
    b'mmand below:\\n\\nWe have now seen that there are two kinds of reasons for such a change: those which come from outside,'
    b' like a new law or a different market, and those that come from within the organisation itself. Both must be taken int'
    b'o account. The report states that over the past five years the number of people in this group has increased by almost '
    b'a third, while the average age has remained the same. It also shows how important it is for public services to work we'
    b'll together, especially where children, health or housing are concerned. Although this has often been said before, ver'
    b'y little has been done about it so far, and it is not clear whose responsibility it would be. What makes it difficult '
    b'is that no one wants to be the first to begin, even though everyone would gain from it.\\n\\nSummary: the main point is '
    b'that nothing should be decided without knowing the facts. They should be open to all, they should be easy to read, and'
    b' they must be kept for as long as somebody may need them. Whether or not these rules apply to a given case depends on '
    b'its history, on the type of work, and on what both sides have agreed. Any such agreement has to be made at the time, b'
    b'ecause afterwards it can no longer be proven who knew what. \\"Yes,\\" she said, \\"but that is exactly what they told us'
    b' the last time, and we never heard from them again.\\" He looked at her for a moment, then turned away and went back in'
    b'to the house through the open door. '
)


class Mixing:
    """Context mixing, coding 3 (§12.2): a model of texts like a dictionary, from which each text begins anew."""

    TEXT_BYTES_MAX = 32768
    KNOTS = (1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901) + (
        (3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094)
    )
    RATES = [655360 // (10 * met + 13) for met in range(16)]

    def __init__(self, dictionary):
        squash = [0] + [
            (self.KNOTS[i >> 7] * (128 - (i & 127)) + self.KNOTS[(i >> 7) + 1] * (i & 127) + 64) >> 7 for i in range(1, 4096)
        ]
        self.squash, self.stretch, argument = squash, [], 1
        for probability in range(4096):
            while argument < 4095 and squash[argument] < probability:
                argument += 1
            self.stretch.append(argument - 2048)
        self.counters, self.weights, self.repeats, self.places = {}, [[27306] * 4 for _ in range(5)], {}, {}
        self.before = bytearray(8)
        self.word = 0
        self._run((PROSE + dictionary)[-32768:], None, None)

    def decode(self, data, length):
        """The text of so many bytes; Malformed when there is none."""
        if length > self.TEXT_BYTES_MAX:
            raise Malformed('a mixed text is at most 32,768 bytes')
        model = object.__new__(Mixing)
        model.squash, model.stretch, model.word = self.squash, self.stretch, self.word
        model.counters, model.repeats, model.places = dict(self.counters), dict(self.repeats), dict(self.places)
        model.weights = [list(weights) for weights in self.weights]
        model.before = bytearray(self.before)
        model._run(None, data, length)
        return bytes(model.before[len(self.before) :])

    def _run(self, text, data, length):
        """Reads `text`, or decodes that many bytes of `data`: the model learns the same from both."""
        self.text, self.data, self.at = text, data, 4
        self.low, self.high = 0, 0xFFFFFFFF
        self.code = None if data is None else int.from_bytes(data[:4].ljust(4, b'\0'), 'big')
        begin, end = len(self.before), len(self.before) + (len(text) if data is None else length)
        while len(self.before) < end:
            start = self._note()
            size = 0
            if start:
                if data is None:
                    left = text[len(self.before) - begin :]
                    source = self.before[start:] + left
                    while size < len(left) and source[size] == left[size]:
                        size += 1
                if self._flag(0, int(size >= 20)):
                    size = self._length(size - 19) + 19
                    if len(self.before) + size > end:
                        raise Malformed('does not decode')
                    for i in range(size):
                        if i > 0:
                            self._note()
                        self._append(self.before[start + i])
                    continue
            self._append(self._byte(None if text is None else text[len(self.before) - begin]))

    @staticmethod
    def _hashed(value, byte):
        mixed = (value ^ byte) * 0x2C1B3C6D & 0xFFFFFFFF
        return mixed ^ mixed >> 15

    def _note(self):
        value = 0
        for byte in self.before[-1:-7:-1]:
            value = self._hashed(value, byte)
        slot = value >> 18
        start = self.places.get(slot, 0)
        self.places[slot] = len(self.before)
        return start

    def _append(self, byte):
        self.before.append(byte)
        lower = byte | 32
        self.word = self._hashed(self.word, lower) if 97 <= lower <= 122 or byte >= 128 else 0

    def _length(self, value):
        bits = 0
        size = None if self.code is not None else value.bit_length() - 1
        while bits < 15 and self._flag(1 + bits, 0 if size is None else int(bits < size)):
            bits += 1
        read = 1
        for i in range(bits - 1, -1, -1):
            read = read << 1 | self._flag(17 + 16 * bits + i, 0 if size is None else value >> i & 1)
        return read

    def _flag(self, counter, bit):
        state = self.repeats.get(counter, 0x8000)
        bit = self._bit(bit, max(1, state >> 4))
        self.repeats[counter] = self._counted(state, bit)
        return bit

    def _counted(self, state, bit):
        probability, met = state >> 4, state & 15
        probability += ((4095 if bit else 0) - probability) * self.RATES[met] >> 16
        return probability << 4 | min(15, met + 1)

    def _byte(self, byte):
        counters, stretch, contexts, value = self.counters, self.stretch, [], 0
        for back in (1, 2, 3):
            value = self._hashed(value, self.before[-back])
            contexts.append(value)
        contexts.append(self.word)
        node = 1
        for i in range(8):
            if i % 2 == 0:
                # A group of three counters: two bits, from the bits of the byte so far.
                groups = [(order << 16 | self._hashed(context, node) >> 16) << 2 for order, context in enumerate(contexts)]
                inner = 1
            keys = [group | inner for group in groups]
            states = [counters.get(key, 0x8000) for key in keys]
            inputs = [stretch[state >> 4] for state in states]
            weights = self.weights[sum(state & 15 != 0 for state in states)]
            total = sum(given * (weight >> 2) for given, weight in zip(inputs, weights)) >> 14
            probability = self.squash[max(-2047, min(2047, total)) + 2048]
            bit = self._bit(None if byte is None else byte >> 7 - i & 1, probability)
            error = ((bit << 12) - probability) * 6
            for order, given in enumerate(inputs):
                weights[order] = max(-524287, min(524287, weights[order] + (given * error + 8192 >> 14)))
                counters[keys[order]] = self._counted(states[order], bit)
            node = node << 1 | bit
            inner = 2 + bit
        return node & 255

    def _bit(self, bit, probability):
        span = self.high - self.low
        middle = self.low + (span >> 12) * probability + ((span & 4095) * probability >> 12)
        if self.code is not None:
            bit = int(self.code <= middle)
        if bit:
            self.high = middle
        else:
            self.low = middle + 1
        while not (self.low ^ self.high) & 0xFF000000:
            if self.code is not None:
                self.code = (self.code << 8 & 0xFFFFFFFF) | (self.data[self.at] if self.at < len(self.data) else 0)
                self.at += 1
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = (self.high << 8 & 0xFFFFFFFF) | 255
        return bit


def decode_payload(coding, data, dictionaries):
    if coding == 0:
        return from_utf8(data)
    if coding == 1:
        return inflate(data, DICTIONARY)
    number = struct.unpack('>H', data[:2])[0] if coding in (2, 3) and len(data) >= 2 else None
    if number not in dictionaries:
        raise Malformed('an unknown coding or dictionary')
    if coding == 2:
        return inflate(data[2:], dictionaries[number])
    if len(data) < 4:
        raise Malformed('does not decode')
    return from_utf8(mixing_with(dictionaries[number]).decode(data[4:], struct.unpack('>H', data[2:4])[0]))


@functools.lru_cache(maxsize=4)
def mixing_with(dictionary):
    return Mixing(dictionary)


def inflate(data, dictionary):
    try:
        inflater = zlib.decompressobj(-15, dictionary)
        text = inflater.decompress(data, 32 * 1_048_576)
    except zlib.error:
        raise Malformed('does not inflate')
    if not inflater.eof or inflater.unconsumed_tail:
        raise Malformed('does not inflate')
    return from_utf8(text)


class KeyDestroyed(Exception):
    pass


def is_tombstone(frame):
    return bool(frame) and frame[0] & 0xFE == 0x40


def parse_frame_tombstone(frame):
    """The tombstone in the place of an erased payload (§12.2)."""
    count = frame[21] if len(frame) > 21 else ERASURE_PATH_MAX + 1
    end = 22 + 32 * count
    has_link = frame[0] & 1
    if count > ERASURE_PATH_MAX or len(frame) != end + (32 if has_link else 0):
        raise Malformed('the tombstone of an erased payload is malformed')
    return {
        'salt': frame[1:17],
        'position': struct.unpack_from('>I', frame, 17)[0],
        'path': [frame[at : at + 32] for at in range(22, end, 32)],
        'link': frame[end:].hex() if has_link else None,
    }


def is_shown(frame):
    return bool(frame) and frame[0] & 0xF0 == 0x20


def split_shown(frame):
    """(the leaves a frame shows, the sealed frame behind them)."""
    end = 3 + (struct.unpack_from('>H', frame, 1)[0] if len(frame) > 3 else 0)
    if len(frame) <= end:
        raise Malformed('the vault frame is too short')
    text = from_utf8(frame[3:end])
    items = Place(read_json(text)).list()
    leaves = [parse_leaf(item) for item in items]
    if not leaves or not ascending([leaf['index'] for leaf in leaves]):
        raise Malformed('what a sealed payload shows cannot be read')
    written = [
        [('leaf', leaf['index']), ('salt', to_base64(leaf['salt'])), ('text', leaf['text'])]
        + [('path', [to_base64(hash_) for hash_ in leaf['path']])]
        for leaf in leaves
    ]
    if json.dumps([dict(leaf) for leaf in written], ensure_ascii=False, separators=(',', ':')) != text:
        raise Malformed('what a sealed payload shows is not written as leaves are')
    return leaves, bytes([frame[0] & 0x0F]) + frame[end:]


def set_root_shown(frame, entry):
    """The root of the set an erasure commits to, in hex, as its frame shows it; None when it shows none."""
    if not is_shown(frame):
        return None
    leaves, _ = split_shown(frame)
    payload = entry['payload']
    findings, fields = verify_disclosure(bytes.fromhex(payload['root']), payload['leaves'], entry['id'], leaves)
    if any(found['severity'] == 'error' for found in findings):
        raise Malformed('what a sealed payload shows does not lead to the root in its entry')
    root = next((value for pointer, value in fields if pointer == '/setRoot'), None)
    is_root = isinstance(root, str) and re.fullmatch('[0-9a-f]{64}', root)
    return root if is_root and entry['kind'] in DELETING else None


def open_frame(frame, entry, keys, dictionaries):
    """(text, recordSalt) of a vault frame. None when it is sealed and there are no keys; Malformed when it does not open."""
    if len(frame) < 2:
        raise Malformed('the vault frame is too short')
    coding = frame[0] & 0x7F
    if frame[0] & 0x80:
        return decode_payload(coding, frame[33:], dictionaries), frame[1:33]
    if is_shown(frame):
        return open_frame(split_shown(frame)[1], entry, keys, dictionaries)
    if is_in_parts(frame):
        parse_parts(frame)
    elif frame[0] > 0x0F or frame[1] != 1:
        raise Malformed('the vault frame is of no known form')
    elif len(frame) < 22 + 16:
        raise Malformed('the vault frame is too short')
    if keys is None:
        return None
    if is_in_parts(frame):
        return open_parts(frame, entry, keys, dictionaries)
    (number,) = struct.unpack_from('>I', frame, 2)
    secret = record_secret(key_at(keys, number), entry, frame[6:22])
    return decode_payload(coding, open_for(entry, secret[:32], frame[22:]), dictionaries), secret[32:]


def key_at(keys, number):
    if number >= len(keys):
        raise LookupError('the keyring does not reach a key that sealed this payload')
    if keys[number] is None:
        raise KeyDestroyed('a key that sealed this payload is not in the keyring')
    return keys[number]


def record_secret(key, entry, r):
    return hmac.new(key, b'deponent/record/v1' + entry['id'].encode('ascii') + r, 'sha512').digest()


def open_for(entry, key, sealed):
    """What was sealed for an entry, under a key that is used once."""
    opened = gcm_open(key, bytes(12), sealed, entry['id'].encode('ascii') + bytes.fromhex(entry['payload']['root']))
    if opened is None:
        raise Malformed('the sealed payload does not open for its entry')
    return opened


def is_in_parts(frame):
    return bool(frame) and frame[0] & 0xF0 == 0x10


class FrameReader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if self.at + length > len(self.data):
            raise Malformed('the vault frame of a payload in parts is malformed')
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, length):
        return int.from_bytes(self.take(length), 'big')

    def hashes(self, count):
        return [self.take(32) for _ in range(count)]


def parse_parts(frame):
    """A payload in parts, taken apart (§12.2)."""
    reader = FrameReader(frame)
    coding, form, count = reader.number(1) & 0x0F, reader.number(1), reader.number(2)
    if form > 1 or count == 0 or (form == 0 and count > 1):
        raise Malformed('the vault frame of a payload in parts is malformed')
    keepers = [(reader.number(4), reader.take(48) if form else None) for _ in range(count)]
    r, parts = reader.take(16), []
    for _ in range(reader.number(2)):
        first = reader.number(1)
        part = {'hashes': reader.hashes(reader.number(2))}
        if not part['hashes'] or (first != 0x40 and first > 0x0F):
            raise Malformed('the vault frame of a payload in parts is malformed')
        if first == 0x40:
            erased = {'salt': reader.take(16), 'position': reader.number(4)}
            length = reader.number(1)
            if length > ERASURE_PATH_MAX:
                raise Malformed('the vault frame of a payload in parts is malformed')
            part['erased'] = dict(erased, path=reader.hashes(length))
        else:
            part.update(coding=first, number=reader.number(4), r=reader.take(16))
            part['sealed'] = reader.take(reader.number(4))
            if len(part['sealed']) < 16:
                raise Malformed('the vault frame of a payload in parts is malformed')
        parts.append(part)
    sealed = reader.take(len(frame) - reader.at)
    if len(sealed) < 16:
        raise Malformed('the vault frame of a payload in parts is malformed')
    return {'coding': coding, 'keepers': keepers, 'r': r, 'parts': parts, 'sealed': sealed}


class InParts:
    """An opened payload in parts: the main part with nulls, and of each part its leaves and what opened of it."""

    def __init__(self, masked, parts):
        self.masked, self.parts = masked, parts


def open_parts(frame, entry, keys, dictionaries):
    """(an InParts, recordSalt of the main part)."""
    read = parse_parts(frame)
    named = [number for number, _ in read['keepers']] + [part['number'] for part in read['parts'] if 'number' in part]
    if any(number >= len(keys) for number in named):
        raise LookupError('the keyring does not reach a key that sealed this payload')
    there = [(number, wrapped) for number, wrapped in read['keepers'] if keys[number] is not None]
    if not there:
        raise KeyDestroyed('no key that opens this payload is in the keyring')
    number, wrapped = there[0]
    content = keys[number]
    if wrapped is not None:
        label = b'deponent/keeper/v1' + entry['id'].encode('ascii') + read['r']
        content = open_for(entry, hmac.new(content, label, 'sha256').digest(), wrapped)
    secret = record_secret(content, entry, read['r'])
    value = read_json(decode_payload(read['coding'], open_for(entry, secret[:32], read['sealed']), dictionaries))
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], dict):
        raise Malformed('the parts of the payload do not fit together')
    leaves, masked = value
    check_places(leaves, read['parts'], entry['payload']['leaves'])
    parts = []
    for numbers, part in zip(leaves, read['parts']):
        opened = None
        if 'number' in part:
            own = record_secret(key_at(keys, part['number']), entry, part['r'])
            values = read_json(decode_payload(part['coding'], open_for(entry, own[:32], part['sealed']), dictionaries))
            if not isinstance(values, list) or len(values) != len(numbers):
                raise Malformed('the parts of the payload do not fit together')
            opened = (own[32:], values)
        parts.append((numbers, part['hashes'], opened))
    return InParts(masked, parts), secret[32:]


def check_places(leaves, parts, count):
    is_whole = isinstance(leaves, list) and len(leaves) == len(parts)
    places = []
    for numbers, part in zip(leaves if is_whole else [], parts):
        is_whole = is_whole and isinstance(numbers, list) and len(numbers) == len(part['hashes'])
        places.extend(numbers if is_whole else [])
    is_whole = is_whole and all(type(place) is int and 1 <= place < count for place in places)
    if not is_whole or len(set(places)) != len(places):
        raise Malformed('the parts of the payload do not fit together')


def hashes_in_parts(opened, record_salt, entry_id, salts_of):
    """(leaf hashes, the record as far as it opens): what is gone is not there, and None in a list."""
    texts = payload_leaves(opened.masked, entry_id)
    salts = salts_of(record_salt, len(texts))
    hashes = [payload_leaf_hash(salt, text) for salt, text in zip(salts, texts)]
    values = {}
    for numbers, told, content in opened.parts:
        own = salts_of(content[0], len(texts)) if content else None
        for i, leaf in enumerate(numbers):
            if not texts[leaf].endswith(',null]'):
                raise Malformed('a part of the payload has no place in it')
            values[leaf] = content[1][i] if content else GONE
            if not content:
                hashes[leaf] = told[i]
                continue
            hashes[leaf] = payload_leaf_hash(own[leaf], texts[leaf][:-5] + jcs(content[1][i]) + ']')
            if hashes[leaf] != told[i]:
                raise Malformed('not the record its entry commits to')
    return hashes, filled(opened.masked, values, [0])


GONE = object()


def filled(value, values, count):
    """A record with the values of some leaves replaced; `count` holds the number of the last leaf met."""
    if isinstance(value, dict) and value:
        members = [(name, filled(value[name], values, count)) for name in sorted(value, key=utf16_order)]
        members = {name: member for name, member in members if member is not GONE}
        return members or GONE
    if isinstance(value, list) and value:
        items = [filled(item, values, count) for item in value]
        return [None if item is GONE else item for item in items]
    count[0] += 1
    return values.get(count[0], value)


def salts_of(record_salt, count):
    stream = Aes256(record_salt).counter_stream(count)
    return [stream[16 * i : 16 * i + 16] for i in range(count)]


class Payloads:
    """Opens payloads and commits to them again (§3)."""

    def __init__(self, keyring, vault, identity):
        self.keys = keyring.keys
        self.findings = list(keyring.findings)
        self._ahead = []
        self._dictionaries = {}
        if keyring.master is not None:
            self._open_dictionaries(vault, derive(keyring.master, 'deponent/dictionary/v1/' + identity.hex()))
        self.opened = 0
        self._unopened = 0
        self.erasing = False

    def _open_dictionaries(self, vault, key):
        for number, data in vault.dictionaries.items():
            plain = gcm_open(key, data[28:40], data[40:-32], data[:40])
            if not plain or len(plain) < 1 + plain[0]:
                self.findings.append(error('dictionary_damaged', 'the dictionary %d does not open' % number))
            else:
                self._dictionaries[number] = plain[1 + plain[0] :]

    def check(self, index, entry, frame):
        """The record; None when it could not be had."""
        try:
            opened = open_frame(frame, entry, self.keys, self._dictionaries)
            if opened is None:
                self._unopened += 1
                return None
            text, record_salt = opened
            if isinstance(text, InParts):
                hashes, record = hashes_in_parts(text, record_salt, entry['id'], salts_of)
                record = {} if record is GONE else record
            else:
                record = read_json(text)
                if not isinstance(record, dict) or jcs(record) != text:
                    raise Malformed('not the record its entry commits to')
                texts = payload_leaves(record, entry['id'])
                hashes = [payload_leaf_hash(*leaf) for leaf in zip(salts_of(record_salt, len(texts)), texts)]
            if len(hashes) != entry['payload']['leaves']:
                raise Malformed('not the record its entry commits to')
            if tree_root(hashes, payload_node_hash).hex() != entry['payload']['root']:
                raise Malformed('not the record its entry commits to')
        except LookupError:
            self._ahead.append(index)
            return None
        except KeyDestroyed as reason:
            # While an erasure is under way a key goes before what it sealed.
            found = gap('erasure_pending', str(reason), index) if self.erasing else error('payload_missing', str(reason), index)
            self.findings.append(found)
            return None
        except Malformed as reason:
            self.findings.append(error('payload_mismatch', str(reason), index))
            return None
        self.opened += 1
        return record

    def finish(self):
        if self._ahead:
            message = '%d payloads are sealed with keys that this keyring does not reach' % len(self._ahead)
            self.findings.append(error('keyring_older', message, self._ahead[0]))
        if self._unopened:
            message = '%d payloads were not opened: no root key was supplied' % self._unopened
            self.findings.append(info('payload_unopened', message))


# ---------------------------------------------------------------- §14 erasures


class Erasures:
    """Tombstones, which wait by set until the entry that shows the root of the set is met."""

    NAMED_MAX = 64

    def __init__(self, covered):
        self.findings = []
        self.proven = 0
        self.proven_parts = 0
        self.still_logged = 0
        self._covered = covered
        self._waiting = {}
        self._uncovered = self._erasures = 0

    def tombstone(self, index, frame):
        """The link that the tombstone keeps."""
        try:
            tombstone = parse_frame_tombstone(frame)
            root = set_root_of(tombstone, index)
            if root is None:
                raise Malformed('a tombstone has no place in the set it is of')
        except Malformed as reason:
            self.findings.append(error('payload_malformed', str(reason), index))
            return None
        self._waiting.setdefault(root.hex(), []).append((index, False))
        return tombstone['link']

    def parts(self, index, frame):
        """Whether the tombstones of the parts of a frame have places in their sets."""
        try:
            erased = [part for part in parse_parts(frame)['parts'] if 'erased' in part]
        except Malformed:
            # That is said when it is opened.
            return True
        roots = [set_root_of(part['erased'], index, sha256(b''.join(part['hashes']))) for part in erased]
        if None in roots:
            self.findings.append(error('payload_malformed', 'a tombstone has no place in the set it is of', index))
            return False
        for root in roots:
            self._waiting.setdefault(root.hex(), []).append((index, True))
        return True

    def erasure(self, index, root):
        self._erasures += 1
        waiting = self._waiting.pop(root, [])
        if index < self._covered:
            self.proven += sum(not is_part for _, is_part in waiting)
            self.proven_parts += sum(is_part for _, is_part in waiting)
        else:
            self._uncovered += len(waiting)

    def finish(self, unfinished):
        if self.proven or self.proven_parts:
            counts = (self.proven, self.proven_parts, self._erasures)
            message = '%d payloads erased and %d parts of others, as %d entries say: the statement of the operator' % counts
            self.findings.append(info('payload_erased', message))
        if unfinished:
            self.findings.append(info('erasure_pending', 'erasures begun and not completed: %d' % unfinished))
        for count, message in (
            (self.still_logged, 'the write-ahead log still holds %d payloads that the vault has erased'),
            (self._uncovered, '%d payloads erased by an erasure that no checkpoint covers yet'),
        ):
            if count:
                self.findings.append(gap('erasure_pending', message % count))
        left = sorted(index for waiting in self._waiting.values() for index, _ in waiting)
        if left and unfinished:
            self.findings.append(gap('erasure_pending', '%d payloads erased, and no entry says so yet' % len(left)))
        elif left:
            self.findings.extend(gap('erasure_unproven', None, index) for index in left[: self.NAMED_MAX])
            if len(left) > self.NAMED_MAX:
                self.findings.append(gap('erasure_unproven', '%d more payloads' % (len(left) - self.NAMED_MAX)))


def unfinished_erasures(directory, ledger, identity, master):
    """(how many erasures were begun and are not completed, findings), by the register of them (§12.8)."""
    data = read_file(os.path.join(directory, ledger + '.erasures')) or b''
    latest, at = {}, 0
    try:
        while at < len(data):
            end = whole_note(data, at)
            if end is None:
                later = data.find(b'DPNNOTE1', at + 1)
                while later >= 0 and whole_note(data, later) is None:
                    later = data.find(b'DPNNOTE1', later + 1)
                if later >= 0:
                    raise Malformed('the register of erasures is damaged')
                break
            if master is not None:
                key = derive(master, 'deponent/erasures/v1/' + identity.hex())
                text = gcm_open(key, data[at + 12 : at + 24], data[at + 24 : end - 32], data[at : at + 24])
                if text is None:
                    raise Malformed('the register of erasures is of another root key')
                note = read_json(from_utf8(text))
                latest[note['id']] = 'indices' in note.get('plan', {}) and 'outcome' not in note
            at = end
    except Malformed as reason:
        return 0, [error('keyring_damaged', str(reason))]
    # A last note that was not finished was never acted upon.
    return sum(latest.values()), []


def whole_note(data, at):
    """Where the undamaged note at a place ends; None when there is none."""
    if data[at : at + 8] != b'DPNNOTE1' or at + 72 > len(data):
        return None
    end = at + 72 + struct.unpack_from('>I', data, at + 8)[0]
    return end if end <= len(data) and sha256(data[at : end - 32]) == data[end - 32 : end] else None


# ---------------------------------------------------------------- §12.3 vault segments


class Vault:
    """The frames of the sealed segments, each compared with its digest before it is believed."""

    def __init__(self, directory, identity):
        self.findings = []
        self.digests = {}
        self._directory, self._identity = directory, identity
        self.dictionaries = self._dictionary_files()
        names = [name for name in list_directory(directory) if re.fullmatch(r'[0-9]{12}\.seg', name)]
        self._firsts = sorted(int(name[:12]) for name in names)
        self._loaded = None

    def _dictionary_files(self):
        """The files of learned dictionaries by number (§12.6), as far as their checksums hold."""
        files = {}
        for name in list_directory(self._directory):
            if not name.endswith('.dict'):
                continue
            data = read_file(os.path.join(self._directory, name)) or b''
            if len(data) <= 88 or sha256(data[:-32]) != data[-32:] or data[:8] != b'DPNDICT0':
                self.findings.append(error('dictionary_damaged', 'vault/%s' % name))
            else:
                files[struct.unpack_from('>I', data, 24)[0]] = data
        return files

    def frame(self, index):
        """The frame of an entry: 'absent' when no segment claims it, None when one does and cannot give it."""
        claiming = [first for first in self._firsts if first <= index]
        if not claiming:
            return 'absent'
        first = claiming[-1]
        if self._loaded is None or self._loaded[0] != first:
            self._loaded = (first,) + self._load(first)
        _, end, frames = self._loaded
        if index >= end:
            return 'absent'
        return frames[index - first] if index - first < len(frames) else None

    def _load(self, first):
        data = read_file(os.path.join(self._directory, '%012d.seg' % first)) or b''
        try:
            frames, marks, digest = self._parse(data, first)
        except Malformed as reason:
            self.findings.append(error('segment_footer', 'vault segment %d: %s' % (first, reason), first))
            return next((later for later in self._firsts if later > first), first + 1), []
        self.digests[first] = digest.hex()
        end = first + len(frames)
        if marks is not None:
            damaged = [i for i, frame in enumerate(frames) if sha256(frame)[:4] != marks[i]]
            for i in damaged or [0]:
                self.findings.append(error('segment_damaged', None, first + i))
            # Damage that cannot be placed leaves no frame to believe.
            frames = [None if i in damaged else frame for i, frame in enumerate(frames)] if damaged else []
        return end, frames

    def _parse(self, data, first):
        header = data[:36]
        if len(header) < 36 or header[:8] != b'DPNVSEG0' or header[8:24] != self._identity:
            raise Malformed('no segment header')
        if struct.unpack_from('>Q', header, 24)[0] != first:
            raise Malformed('the header names another segment')
        (count,) = struct.unpack_from('>I', header, 32)
        lists = len(data) - 72 - 8 * count
        if lists < 36 or data[-8:] != b'DPNVEND0' or sha256(header + data[lists:-40]) != data[-40:-8]:
            raise Malformed('the footer is damaged')
        lengths = struct.unpack_from('>%dI' % count, data, lists)
        if 36 + sum(lengths) != lists:
            raise Malformed('frame lengths do not add up to the file')
        frames, at = [], 36
        for length in lengths:
            frames.append(data[at : at + length])
            at += length
        marks_at = lists + 4 * count
        marks = [data[marks_at + 4 * i : marks_at + 4 * i + 4] for i in range(count)]
        if sha256(data[36:lists]) == data[-72:-40]:
            marks = None
        return frames, marks, data[-40:-8]


# ---------------------------------------------------------------- §12.5 tile files

PACKED_HEADER = bytes.fromhex('1f8b08040000000000ff') + bytes.fromhex('080044500400')


def unpack_tile(stored):
    """The bytes of an entry tile as they are served."""
    if stored[:2] != PACKED_HEADER[:2]:
        return stored
    data, trailer = stored[20:-8], stored[-8:]
    if len(stored) < 28 or stored[:16] != PACKED_HEADER or struct.unpack('<I', stored[16:20])[0] != zlib.crc32(data):
        raise Malformed('its compressed data is damaged')
    inflater = zlib.decompressobj(-15)
    try:
        tile = inflater.decompress(data)
    except zlib.error:
        raise Malformed('does not inflate')
    if not inflater.eof or inflater.unused_data or struct.pack('<2I', zlib.crc32(tile), len(tile)) != trailer:
        raise Malformed('does not inflate to what its checksums say')
    return tile


def is_unfinished_packed(stored, tile):
    """Whether a power cut may have left this of the new file of an entry tile: what there is of it, up to its end
    or to a sector of zeros, inflates to the beginning of the tile and does not come to an end."""
    if stored == tile or not PACKED_HEADER.startswith(stored[:16]):
        return is_unfinished(stored, tile)
    zeros = (at for at in range(0, len(stored), 512) if not any(stored[at : at + 512]))
    inflater = zlib.decompressobj(-15)
    try:
        begun = inflater.decompress(stored[20 : next(zeros, len(stored))])
    except zlib.error:
        return False
    return not inflater.eof and tile.startswith(begun)


def unexpected_tiles(directory, size):
    """Paths of what lies among the tiles and is no full tile of a ledger of this size."""
    top = os.path.join(directory, 'tile')
    for place, _, names in os.walk(top):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(place, name), directory).replace(os.sep, '/')
            if name.endswith('.tmp'):
                continue
            try:
                level, number, width = parse_tile_path(path)
            except Malformed:
                yield path
                continue
            if width != TILE_WIDTH or (number + 1) * TILE_WIDTH ** (1 if level == 'entries' else level + 1) > size:
                yield path


# ---------------------------------------------------------------- §4.1 emitters


class Emitters:
    """What the numbers of emitters tell, from entries and the records that could be opened."""

    def __init__(self):
        self.epochs = {}
        self._slugs = {}

    def take(self, index, entry, record, link=None):
        """`link`: that of an erased record, as its tombstone keeps it."""
        emitter = entry.get('emitter')
        if emitter:
            sealed = record.get('emitter') if record else None
            link = sealed.get('link') if isinstance(sealed, dict) else link
            place = self._epoch(emitter['id'], emitter['epoch'])
            place['entries'].setdefault(emitter['seq'], []).append((index, link))
        if not record:
            return
        kind = entry['kind']
        if kind == 'emitter.declared':
            self._slugs[record.get('name')] = record.get('slug')
        if kind not in ('emitter.heartbeat', 'emitter.closed', 'emitter.loss') or 'epoch' not in record:
            return
        slug, seq = self._slugs.get(record.get('emitterId')), record.get('seq')
        if slug is None:
            return
        place = self._epoch(slug, record['epoch'])
        if kind == 'emitter.loss':
            if seq is not None:
                last = record.get('seqTo', seq)
                place['losses'].append((seq, last, record.get('link') if last == seq else None))
        else:
            place['closed'] = place['closed'] or kind == 'emitter.closed'
            if seq is not None:
                place['stated'].append((seq, record.get('head')))

    def _epoch(self, slug, epoch):
        new = {'entries': {}, 'losses': [], 'stated': [], 'closed': False}
        return self.epochs.setdefault(slug, {}).setdefault(epoch, new)

    def findings(self):
        for slug, epochs in self.epochs.items():
            for i, (epoch, place) in enumerate(epochs.items()):
                where = 'emitter %s, epoch %d: ' % (slug, epoch)
                for severity, code, message in epoch_findings(place):
                    yield finding(severity, code, where + message)
                if i < len(epochs) - 1 and not place['closed']:
                    yield info('emitter_unclosed', where + 'a later epoch began and this one was never closed')


def missing_between(covered, first, last):
    """The ranges of first..last that no range of `covered` holds."""
    at = first
    for start, end in sorted(covered):
        if start > at:
            yield at, min(start - 1, last)
        at = max(at, end + 1)
        if at > last:
            return
    if at <= last:
        yield at, last


def epoch_findings(place):
    entries = place['entries']
    covered = [(seq, seq) for seq in entries] + [(first, last) for first, last, _ in place['losses']]
    if not covered and not place['stated']:
        return
    first = min([start for start, _ in covered] or [1])
    last = max([end for _, end in covered] + [seq for seq, _ in place['stated']] + [0])
    for start, end in missing_between(covered, first, last):
        yield 'gap', 'emitter_gap', 'numbers %d to %d never arrived and no loss is declared' % (start, end)
    for start, end, _ in place['losses']:
        yield 'info', 'emitter_loss', 'numbers %d to %d declared lost' % (start, end)
    for seq, known in entries.items():
        if len(known) > 1:
            links = {link for _, link in known}
            same = len(links) == 1 and None not in links
            yield ('info', 'emitter_duplicate', 'number %d comes twice with one content' % seq) if same else (
                'gap', 'emitter_fork', 'number %d has more than one entry' % seq)
    is_known, agrees = follow_chain(place, first, last)
    if not is_known:
        yield 'info', 'emitter_gap', 'the first number seen is %d; whether others came before it is not known' % first
    if not agrees:
        yield 'error' if is_known else 'gap', 'emitter_head_mismatch', 'a stated head does not follow from its records'


def follow_chain(place, first, last):
    """(whether the beginning of the epoch is known, whether every stated head that can be reached follows)."""
    stated = {}
    for seq, head in place['stated']:
        if isinstance(head, str):
            stated.setdefault(seq, set()).add(head)
    lost = {seq: link for seq, end, link in place['losses'] for seq in range(seq, min(end, seq + 4_096) + 1)}
    head, seq, agrees, begins_here = bytes(32), first, True, first <= 1
    while seq <= last:
        links = {link for _, link in place['entries'].get(seq, [])} or ({lost[seq]} if seq in lost else None)
        if links is None or len(links) > 1 or (None in links and seq in place['entries']):
            break
        (link,) = links
        if link is not None:
            head = sha256(b'\x13' + head + struct.pack('>Q', seq) + bytes.fromhex(link))
        if seq in stated:
            follows = stated[seq] == {head.hex()}
            begins_here = begins_here or follows
            agrees = agrees and (follows or not begins_here)
        seq += 1
    return begins_here, agrees


# ---------------------------------------------------------------- §12 the directory


def read_file(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return None


def list_directory(path):
    try:
        return sorted(os.listdir(path))
    except FileNotFoundError:
        return []


OUTSIDE = 'outside this check: preallocated zeros of the write-ahead log, the index and the state store, which are derived'


def read_format(path):
    """{name: {origin, keys}} of format.json; a finding when it cannot be read."""
    data = read_file(os.path.join(path, 'format.json'))
    if data is None:
        return error('format_damaged', 'format.json is missing: not a data directory')
    try:
        document = Place(read_json(from_utf8(data)))
        version = document.field('format').value
        if isinstance(version, (int, float)) and not isinstance(version, bool) and version > 1:
            return error('format_unknown', 'format.json: the directory is of a later format')
        if version == 0 and not isinstance(version, bool):
            return error('format_draft', 'format.json: the directory is of the draft format 0')
        if isinstance(version, bool) or version != 1:
            raise Malformed('no format number')
        ledgers = {}
        for name in document.field('ledgers').members():
            place = document.field('ledgers').field(name)
            keys = [{use: key.field(use).text() for use in ('vkey', 'use', 'sizes')} for key in place.field('keys').list()]
            if any(key['use'] not in ('checkpoint', 'promise') for key in keys):
                raise Malformed('a key of another use')
            ledgers[name] = {'origin': place.field('origin').text(), 'keys': keys}
        return ledgers
    except Malformed as reason:
        return error('format_damaged', 'format.json: %s' % reason)


def verify_directory(path, trust=None, against=(), root=None):
    ledgers = read_format(path)
    if 'severity' in ledgers and 'code' in ledgers:
        return report([ledgers])
    findings, checked = strangers_in(path, ledgers), {'entries': 0, 'checkpoints': 0, 'payloads': 0, 'erased': 0}
    for name, identity in ledgers.items():
        of_ledger = DirectoryCheck(path, name, identity, trust, against, root)
        findings.extend(of_ledger.run())
        for what, count in of_ledger.checked.items():
            checked[what] += count
    origins = [identity['origin'] for identity in ledgers.values()]
    for head in [read_head(text, None) for text in against]:
        if head is not None and head['origin'] not in origins:
            findings.append(gap('head_unrelated', 'a known head is of a ledger that is not in this directory'))
    return report(findings + [info('not_checked', OUTSIDE)], **checked)


def strangers_in(path, ledgers):
    """What lies in the directory without being named in it, and the lack of any name."""
    findings = [] if ledgers else [error('format_damaged', 'format.json names no ledger')]
    for part in ('ledgers', 'vault'):
        for name in list_directory(os.path.join(path, part)):
            if name not in ledgers:
                findings.append(error('format_damaged', 'format.json does not name a ledger in ' + part))
    return findings


class DirectoryCheck:
    def __init__(self, path, name, identity, trust, against, root):
        self.root = root
        self.path, self.name, self.origin, self.keys = path, name, identity['origin'], identity['keys']
        self.ledger = os.path.join(path, 'ledgers', name)
        self.findings = []
        self.checked = {'entries': 0, 'checkpoints': 0, 'payloads': 0, 'erased': 0}
        self.trust = trust if trust is not None else self._own_trust()
        self.against = against
        self._unfinished = []
        self._levels = {}

    def _keyring(self):
        return Keyring(os.path.join(self.path, 'keyring'), self.name, ledger_id(self.origin), self.root)

    def _own_trust(self):
        ledger = {'origin': self.origin, 'keys': self.keys}
        try:
            trusted = parse_trusted_ledger(Place(ledger))
        except Malformed:
            message = 'the keys of ledger %s in format.json cannot be read' % self.name
            self.findings.append(error('format_damaged', message))
            return None
        trusted['self'] = True
        return {self.origin: trusted}

    def run(self):
        self._check_signing_keys()
        note = read_file(os.path.join(self.ledger, 'checkpoint'))
        anchors = self._anchors()
        # Sizes first: whose signatures are believed is known only when the entries were walked.
        checkpoint = self._stated(note)
        heads = [read_head(head, self.trust) for head in self.against]
        identity = ledger_id(self.origin)
        self.log = WriteAheadLog(os.path.join(self.ledger, 'wal'), identity)
        self.vault = Vault(os.path.join(self.path, 'vault', self.name), identity)
        keyring = self._keyring()
        self.payloads = Payloads(keyring, self.vault, identity)
        unfinished, damage = unfinished_erasures(os.path.join(self.path, 'keyring'), self.name, identity, keyring.master)
        self.findings.extend(damage)
        self.payloads.erasing = unfinished > 0
        self.erasures = Erasures(checkpoint['size'] if checkpoint else 0)
        sizes = [checkpoint['size'] if checkpoint else 0] + head_sizes(heads) + [size for size, _, _ in anchors]
        self.check = LedgerCheck(sizes)
        self._received, self._seen = [], []
        self._recorded, self._earlier, self._rotations = {}, {}, []
        self.emitters = Emitters()
        for number in range(-(-self.log.end // TILE_WIDTH)):
            self._take_tile(number)
        self._follow_keys()
        self._compare_keys()
        self._check_checkpoint(note)
        if self._unfinished:
            self.findings.append(info('tile_unfinished', None, self._unfinished[0]))
        self._compare_segments(unfinished)
        self.erasures.finish(unfinished)
        for tile in unexpected_tiles(self.ledger, self.log.end):
            self.findings.append(error('tile_unexpected', '%s is no tile of this ledger' % tile))
        self.payloads.finish()
        self.check.compare_checkpoint(checkpoint, self.log.end)
        for anchor in anchors:
            self._check_anchor(*anchor)
        for index, received_at in self._received if self._seen else []:
            self.findings.extend(time_findings(index, received_at, self._seen))
        for head in [read_head(head, self.trust) for head in self.against]:
            self.check.compare_head(head, self.origin)
        self.checked.update(entries=self.check.size, payloads=self.payloads.opened, erased=self.erasures.proven)
        parts = (self.log, self.check, self.vault, self.payloads, self.erasures)
        return self.findings + [found for part in parts for found in part.findings] + list(self.emitters.findings())

    def _stated(self, note):
        try:
            return None if note is None else parse_checkpoint(parse_note(note)[0])
        except Malformed:
            return None

    def _follow_keys(self):
        """Through rotation entries, to the keys that signed later (§6.1)."""
        if self.trust and self.trust.get(self.origin, {}).get('self'):
            self._compare_key_list()
        self.trust, findings = extend_trust(self.trust, self.origin, self._rotations)
        self.findings.extend(findings)

    def _compare_key_list(self):
        """A key for sizes that do not begin at 0 needs an entry that leads to it."""
        made = []
        for index, statement in self._rotations:
            try:
                made.append(parse_rotation(statement, index, self.origin))
            except Malformed:
                continue
        for key in self.keys:
            if key['sizes'].startswith('0..'):
                continue
            leads = any(
                (one['next']['vkey'], one['use']) == (key['vkey'], key['use'])
                and key['sizes'].startswith('%d..' % one['from'])
                and any(
                    older['vkey'] == one['previous']['vkey'] and older['sizes'].endswith('..%d' % one['from'])
                    for older in self.keys
                )
                for one in made
            )
            if not leads:
                message = 'no entry leads to the %s key format.json names for later sizes' % key['use']
                self.findings.append(error('format_damaged', message))

    def _anchors(self):
        """(size, note, whether it has timestamps) of every anchor that can be read (§12.7)."""
        anchors, directory = [], os.path.join(self.ledger, 'anchors')
        for name in list_directory(directory):
            if name.endswith('.tmp'):
                continue
            try:
                if not re.fullmatch(r'[0-9]{12}\.[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?\.jsonl', name):
                    raise Malformed('not a file of anchors')
                text = from_utf8(read_file(os.path.join(directory, name)))
                if not text.endswith('\n'):
                    raise Malformed('the last line does not end')
                anchors.extend([kept_anchor(line) for line in text[:-1].split('\n')])
            except Malformed as reason:
                self.findings.append(error('anchor_malformed', 'anchors/%s: %s' % (name, reason)))
        return anchors

    def _check_anchor(self, size, note, has_timestamps):
        ledger = (self.trust or {}).get(self.origin)
        parsed = parse_note(note)
        stated = parse_checkpoint(parsed[0])
        if stated['origin'] != self.origin:
            self.findings.append(error('anchor_mismatch', 'the anchor of size %d is of another ledger' % size))
            return
        if ledger is None:
            return
        signed, findings = judge_anchor(parsed, stated, self.trust)
        self.findings.extend(findings)
        if not signed:
            return
        if has_timestamps:
            self.findings.append(info('not_checked', 'timestamps are not read by this verifier'))
        if size > self.log.end:
            message = 'an anchor shows %d entries, %d are here' % (size, self.log.end)
            self.findings.append(error('rolled_back', message, self.log.end))
        elif self.check.roots.get(size, stated['root']) != stated['root']:
            self.findings.append(error('anchor_mismatch', 'the anchor of size %d has another root' % size))
        else:
            self._seen.extend(times_of(note, stated, self.trust))

    def _check_signing_keys(self):
        """Private keys that lie here must be those of the public keys the directory names."""
        for key in (key for key in self.keys if key['sizes'].endswith('..')):
            data = read_file(os.path.join(self.path, 'keyring', '%s.%s.key' % (self.name, key['use'])))
            if data is None:
                continue
            try:
                seed = hash_of(key_text(data, 'deponent ed25519 seed v1'), from_base64)
            except Malformed as reason:
                self.findings.append(error('keyring_damaged', '%s key: %s' % (key['use'], reason)))
                continue
            if self._named_key(key) != ed25519_public_key(seed):
                message = 'the %s key in format.json is not the one in the keyring' % key['use']
                self.findings.append(error('format_damaged', message))

    def _compare_keys(self):
        """Whoever pins keys wants to know when the directory goes by others."""
        pinned = (self.trust or {}).get(self.origin)
        for key in self.keys if pinned and not pinned['self'] else []:
            same = [trusted['key']['vkey'] for trusted in pinned['keys'] if trusted['use'] == key['use']]
            if same and key['vkey'] not in same:
                message = 'the %s key in format.json is not one the trust file names' % key['use']
                self.findings.append(gap('format_damaged', message))

    def _named_key(self, key):
        """The public key of a key of the directory under the name its use calls for; None when it is no such key."""
        try:
            named = parse_vkey(key['vkey'])
        except Malformed:
            return None
        name = self.origin + ('/promise' if key['use'] == 'promise' else '')
        return named['publicKey'] if (named['name'], named['type']) == (name, ED25519_KEY) else None

    def _check_checkpoint(self, note):
        if note is None:
            self.findings.append(gap('checkpoint_missing'))
            return
        checkpoint, signed, findings = check_statement(note, 'checkpoint', self.trust)
        self.findings.extend(findings)
        self.checked['checkpoints'] = 1 if signed else 0
        if checkpoint is not None and checkpoint['origin'] != self.origin:
            self.findings.append(error('checkpoint_origin'))

    def _is_settled(self, end):
        """Whether the log may have let go of the first `end` entries: what they fill was synced and read back."""
        return end <= -(-self.log.begin // TILE_WIDTH) * TILE_WIDTH

    def _take_tile(self, number):
        first = number * TILE_WIDTH
        end = min(first + TILE_WIDTH, self.log.end)
        logged = self.log.entries(first, end)
        entries = self._stored_entries(number, logged, end - first)
        if entries is None:
            entries = logged
        if entries is None:
            message = 'entries %d..%d are in no readable tile' % (first, first + TILE_WIDTH)
            self.check.lose(first, message)
            return
        hashes = []
        for i, data in enumerate(entries):
            if first + i in self.log.logged and self.log.logged[first + i][0] != data:
                message = 'the tile and the write-ahead log hold different entries'
                self.findings.append(error('leaf_mismatch', message, first + i))
            entry, leaf = self.check.take(first + i, data)
            hashes.append(leaf)
            if entry is not None:
                self._received.append((first + i, entry['receivedAt']))
                self._check_payload(first + i, entry)
        if len(hashes) == TILE_WIDTH:
            self._compare_tile(0, number, hashes)

    def _stored_entries(self, number, logged, count):
        """The entries of a full tile on disk that stand in the log's range; None when there is no readable one."""
        data = read_file(os.path.join(self.ledger, tile_path('entries', number)))
        if data is None:
            return None
        first = number * TILE_WIDTH
        if logged is not None and count == TILE_WIDTH and not self._is_settled(first + TILE_WIDTH):
            tile = b''.join(struct.pack('>H', len(entry)) + entry for entry in logged)
            if is_unfinished_packed(data, tile):
                self._unfinished.append(first)
                return None
        try:
            entries = split_entry_tile(unpack_tile(data))
            if len(entries) != TILE_WIDTH:
                raise Malformed('holds %d entries, expected 256' % len(entries))
        except Malformed as reason:
            self.findings.append(error('entry_tile_malformed', 'entry tile %d: %s' % (number, reason), first))
            return None
        if len(entries) > count:
            message = 'a tile holds entries up to %d, the log ends at %d' % (first + TILE_WIDTH, self.log.end)
            self.findings.append(error('tile_unexpected', message, self.log.end))
        return entries[:count]

    def _compare_tile(self, level, number, found):
        """A full tile of hashes against what lies below it; then its root becomes part of the tile above."""
        index = number * TILE_WIDTH ** (level + 1)
        settled = self._is_settled(index + TILE_WIDTH ** (level + 1))
        data = read_file(os.path.join(self.ledger, tile_path(level, number)))
        name = 'tile %d/%d' % (level, number)
        if data is None:
            if settled:
                self.findings.append(error('tile_missing', name + ' is missing', index))
        elif not settled and is_unfinished(data, b''.join(found)):
            self._unfinished.append(index)
        elif len(data) != TILE_WIDTH * HASH_BYTES:
            self.findings.append(error('tile_malformed', name + ' is not 8,192 bytes', index))
        elif level == 0:
            for i, claimed in enumerate(split_hash_tile(data)):
                if claimed != found[i]:
                    self.findings.append(error('leaf_mismatch', None, index + i))
        elif data != b''.join(found):
            self.findings.append(error('tile_mismatch', name + ' differs from the tiles below it', index))
        above = self._levels.setdefault(level + 1, [])
        above.append(tree_root(found))
        if len(above) == TILE_WIDTH:
            self._levels[level + 1] = []
            self._compare_tile(level + 1, number // TILE_WIDTH, above)

    def _check_payload(self, index, entry):
        frame = self.vault.frame(index)
        logged = frame_of_attachment(self.log.logged[index][1]) if index in self.log.logged else None
        if frame == 'absent':
            frame = logged
            if not frame:
                self.findings.append(error('payload_missing', None, index))
        if is_tombstone(frame):
            if logged and logged != frame:
                self.erasures.still_logged += 1
            self.emitters.take(index, entry, None, self.erasures.tombstone(index, frame))
            return
        if is_in_parts(frame):
            if logged and logged != frame:
                self.erasures.still_logged += 1
            if not self.erasures.parts(index, frame):
                self.emitters.take(index, entry, None)
                return
        record = self.payloads.check(index, entry, frame) if frame else None
        self.emitters.take(index, entry, record)
        self._take_erasure(index, entry, frame)
        is_public = bool(frame) and frame[0] & 0x80
        if entry['kind'] == 'key.rotated' and is_public and record and isinstance(record.get('statement'), str):
            self._rotations.append((index, record['statement']))
        if entry['kind'] == 'vault.sealed' and is_public and record:
            self._record_segment(record.get('first'), record.get('digest'))

    def _take_erasure(self, index, entry, frame):
        """An erasure counts by the root that its frame shows to everybody."""
        try:
            root = set_root_shown(frame, entry)
        except Malformed as reason:
            if not any(found.get('index') == index for found in self.payloads.findings):
                self.payloads.findings.append(error('payload_mismatch', str(reason), index))
            return
        if root is not None:
            self.erasures.erasure(index, root)

    def _record_segment(self, first, digest):
        """An erasure rewrites segments: the digest recorded last counts."""
        before = self._recorded.get(first)
        if before is not None and before != digest:
            self._earlier.setdefault(first, set()).add(before)
        self._recorded[first] = digest

    def _compare_segments(self, unfinished):
        for first, digest in self._recorded.items():
            if self.vault.digests.get(first) is None:
                self.findings.append(error('segment_missing', None, first))
            elif self.vault.digests[first] != digest:
                is_earlier = self.vault.digests[first] in self._earlier.get(first, ())
                if unfinished and not is_earlier:
                    message = 'the segment was rewritten, and its new digest is not in the ledger yet'
                    self.findings.append(gap('erasure_pending', message, first))
                    continue
                message = 'the footer is not the one recorded in the ledger'
                self.findings.append(error('segment_footer', message, first))


def kept_anchor(line):
    """(size, note, whether it has timestamps) of an anchor in its JSON form (§7.3)."""
    place = Place(read_json(line))
    place.members('checkpoint', 'timestamps')
    timestamps = place.field('timestamps')
    for token in at_most(timestamps.list(), ANCHOR_TIMESTAMPS_MAX, timestamps):
        if len(token.decode(from_base64)) > TIMESTAMP_BYTES_MAX:
            raise token.misfit('a timestamp has at most 65,536 bytes')
    note = place.field('checkpoint').text()
    return parse_checkpoint(parse_note(note)[0])['size'], note, bool(timestamps.list())


def frame_of_attachment(attachment):
    """The vault frame in what the log keeps beside an entry (§12.1)."""
    if not attachment or attachment[0] not in (0, 32, 64) or len(attachment) <= 1 + attachment[0]:
        return None
    return attachment[1 + attachment[0] :]


def is_unfinished(stored, whole):
    """Whether a power cut may have left this of a new file: it is cut off, or lacks whole sectors of 512 bytes."""
    if len(stored) > len(whole) or stored == whole:
        return False
    for at in range(0, len(stored), 512):
        sector = stored[at : at + 512]
        if any(sector) and sector != whole[at : at + len(sector)]:
            return False
    return True


# ---------------------------------------------------------------- command line

EXIT_CODES = {'valid': 0, 'invalid': 1, 'incomplete': 3}
USAGE = 2


def text_of(path):
    try:
        data = read_file(path)
    except OSError as reason:
        raise Usage('%s cannot be read: %s' % (path, reason.strerror))
    if data is None:
        raise Usage('no such file: ' + path)
    try:
        return from_utf8(data)
    except Malformed:
        raise Usage('%s is not UTF-8 text' % path)


def leaf_of(options):
    if options.leaf is not None:
        return hash_of(options.leaf, from_hex)
    if options.entry is not None:
        data = read_file(options.entry)
        if data is None:
            raise Usage('no such file: ' + options.entry)
        return leaf_hash(data)
    raise Usage('a proof is about an entry: name its bytes with --entry or its leaf hash with --leaf')


def verify_target(options):
    try:
        trust = None if options.trust is None else parse_trust(text_of(options.trust))
    except Malformed as reason:
        raise Usage('the trust file cannot be read: %s' % reason)
    against = [text_of(path) for path in options.against or []]
    if re.match('https?://', options.target):
        return verify_http(HttpLedger(options.target, options.key), trust, against)
    if os.path.exists(os.path.join(options.target, 'format.json')):
        return verify_directory(options.target, trust, against, supplied_root(options))
    text = text_of(options.target)
    if text.startswith('c2sp.org/tlog-proof'):
        return verify_proof(text, leaf_of(options), trust)
    return (verify_bundle if is_bundle(text) else verify_receipt)(text, trust, against)


def supplied_root(options):
    """The root key that was named; None when it is to be looked for in the directory, or kept by a service."""
    path = options.root_key or os.environ.get('DEPONENT_ROOT_KEY_FILE')
    secret = os.environ.get('DEPONENT_ROOT_KEY')
    if (path or secret or 'kms:').startswith('kms:'):
        return None
    data = secret.encode('utf-8') if path is None else read_file(path)
    try:
        if data is None:
            raise Malformed('there is no such file')
        return root_key(data)
    except Malformed as reason:
        raise Usage('the root key cannot be read: %s' % reason)


def is_bundle(text):
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and 'bundle' in value


def print_report(answer):
    for found in answer['findings']:
        place = ' at %d' % found['index'] if 'index' in found else ''
        print('%-5s %s%s: %s' % (found['severity'], found['code'], place, found['message']))
    checked = answer['checked']
    counts = ', '.join('%d %s' % (checked[what], what) for what in ('entries', 'checkpoints', 'payloads', 'erased'))
    print('%s: %s' % (answer['verdict'], counts))


def main(arguments=None):
    parser = argparse.ArgumentParser(description='Says whether anything a Deponent ledger recorded has changed.')
    parser.add_argument('target', help='data directory, bundle, receipt, proof, or address of a ledger')
    parser.add_argument('--trust', metavar='FILE', help='whose signatures to believe')
    parser.add_argument('--against', metavar='FILE', nargs='+', help='checkpoints or receipts known from elsewhere')
    parser.add_argument('--entry', metavar='FILE', help='the bytes of the entry a proof is about')
    parser.add_argument('--leaf', metavar='HEX', help='its leaf hash instead')
    parser.add_argument('--key', default=os.environ.get('DEPONENT_KEY'), help='the key a ledger over HTTP asks for')
    parser.add_argument('--root-key', metavar='FILE', help='the root key that opens payloads, where it is not in the directory')
    parser.add_argument('--json', action='store_true', help='answer in JSON')
    options = parser.parse_args(arguments)
    try:
        answer = verify_target(options)
    except (Usage, Malformed) as reason:
        print(reason, file=sys.stderr)
        return USAGE
    if options.json:
        print(json.dumps(answer))
    else:
        print_report(answer)
    return EXIT_CODES[answer['verdict']]


if __name__ == '__main__':
    sys.exit(main())
