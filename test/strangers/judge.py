"""Answers questions to python/deponent_verify.py, one JSON object a line, so that a test need not start Python for each."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'python'))
import deponent_verify as verifier  # noqa: E402


def read_or_refuse(read):
    try:
        read()
        return 'read'
    except verifier.Malformed:
        return 'refused'


def canonical(text):
    try:
        return verifier.jcs(verifier.read_json(text))
    except verifier.Malformed:
        return None


def answer(ask):
    kind = ask['kind']
    if kind == 'trust':
        return read_or_refuse(lambda: verifier.parse_trust(ask['text']))
    if kind == 'entry':
        return read_or_refuse(lambda: verifier.decode_entry(bytes.fromhex(ask['bytes'])))
    if kind == 'vkey':
        return read_or_refuse(lambda: verifier.parse_vkey(ask['text']))
    if kind == 'canonical':
        return canonical(ask['text'])
    if kind == 'signature':
        parts = [bytes.fromhex(ask[name]) for name in ('publicKey', 'message', 'signature')]
        return verifier.ed25519_verify(*parts)
    trust = None if ask.get('trust') is None else verifier.parse_trust(ask['trust'])
    against = ask.get('against', [])
    root = bytes.fromhex(ask['root']) if 'root' in ask else None
    if kind == 'receipt':
        return verifier.verify_receipt(ask['text'], trust, against)
    if kind == 'proof':
        return verifier.verify_proof(ask['text'], bytes.fromhex(ask['leaf']), trust)
    if kind == 'bundle':
        return verifier.verify_bundle(ask['text'], trust, against)
    if kind == 'directory':
        return verifier.verify_directory(ask['path'], trust, against, root)
    raise ValueError(kind)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
