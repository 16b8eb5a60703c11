"""The verifier against the vectors of this repository, and, where they lie beside it, against those of other projects.

    cd python && python3 -m unittest
"""
import contextlib
import hashlib
import io
import json
import os
import tempfile
import unittest
import unittest.mock

import deponent_verify as verifier
from deponent_verify import Malformed, from_base64, from_hex

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, '..', 'test', 'vectors')
FOREIGN = os.path.join(HERE, '..', '..', 'shared', 'vectors')


def vectors(name):
    with open(os.path.join(VECTORS, name), encoding='utf-8') as file:
        return json.load(file)


def codes(report):
    return [found['code'] for found in report['findings']]


class VectorTest(unittest.TestCase):
    def each(self, items):
        """The items; a failure names the one it is about."""
        for item in items:
            self.at = item.get('name', str(item)[:80]) if isinstance(item, dict) else item
            yield item

    def _formatMessage(self, message, standard):
        return super()._formatMessage(message or getattr(self, 'at', None), standard)

    def refused(self, items, call):
        for item in self.each(items):
            with self.assertRaises(Malformed):
                call(item)


class Tree(VectorTest):
    def test_leaves_and_roots(self):
        tree = vectors('tree.json')
        leaves = [verifier.leaf_hash(from_hex(entry)) for entry in tree['entries']]
        self.assertEqual([leaf.hex() for leaf in leaves], tree['leafHashes'])
        growing = verifier.GrowingTree()
        for state in self.each(tree['sizes']):
            size = state['size']
            self.assertEqual(verifier.tree_root(leaves[:size]).hex(), state['root'])
            if size:
                growing.append(leaves[size - 1])
            self.assertEqual(growing.root().hex(), state['root'])
            self.assertEqual([one.hex() for one in growing.subtrees], state['compactRange'])

    def test_inclusion(self):
        def shown(probe):
            proof = [from_base64(hash_) for hash_ in probe['proof']]
            leaf, root = from_hex(probe['leafHash']), from_hex(probe['root'])
            return verifier.includes(leaf, probe['index'], probe['size'], proof, root)

        judged = vectors('inclusion.json')
        for probe in self.each(judged['valid']):
            self.assertTrue(shown(probe))
        for probe in self.each(judged['invalid']):
            self.assertFalse(shown(probe))

    def test_consistency(self):
        def shown(probe):
            proof = [from_base64(hash_) for hash_ in probe['proof']]
            roots = from_hex(probe['root1']), from_hex(probe['root2'])
            return verifier.extends(probe['size1'], probe['size2'], *roots, proof)

        judged = vectors('consistency.json')
        for probe in self.each(judged['valid']):
            self.assertTrue(shown(probe))
        for probe in self.each(judged['invalid']):
            self.assertFalse(shown(probe))

    def test_tile_paths(self):
        paths = vectors('tile-paths.json')
        for one in self.each(paths['valid']):
            level, number, width = verifier.parse_tile_path(one['path'])
            self.assertEqual((level, number, width), (one['level'], one['n'], one['width']))
            self.assertEqual(verifier.tile_path(level, number, width), one['path'])
        self.refused(paths['invalid'], verifier.parse_tile_path)
        for one in self.each(paths['partialWidths']):
            self.assertEqual(verifier.partial_width(one['level'], one['size']), one['width'])

    def test_entry_tiles(self):
        tiles = vectors('entry-tiles.json')
        for one in self.each(tiles['valid']):
            entries = verifier.split_entry_tile(from_hex(one['tile']))
            self.assertEqual([entry.hex() for entry in entries], one['entries'])
        self.refused(tiles['invalid'], lambda one: verifier.split_entry_tile(from_hex(one['tile'])))


class Codings(VectorTest):
    def test_context_mixing(self):
        codings = vectors('payload-codings.json')
        dictionaries = {codings['dictionary']['number']: codings['dictionary']['text'].encode('utf-8')}
        opened = lambda one: verifier.decode_payload(codings['coding'], from_hex(one['coded']), dictionaries)
        for one in self.each(codings['valid']):
            self.assertEqual(opened(one), one['text'])
        self.refused(codings['invalid'], opened)

    def test_fixed_texts(self):
        with open(os.path.join(HERE, '..', 'docs', 'format.md'), encoding='utf-8') as page:
            text = page.read()
        for fixed in (verifier.DICTIONARY, verifier.PROSE):
            self.assertIn(hashlib.sha256(fixed).hexdigest(), text)


class Erasures(VectorTest):
    def test_sets(self):
        for one in self.each(vectors('erasures.json')['sets']):
            leaves = [
                hashlib.sha256(b'\x12' + from_hex(member['salt']) + member['index'].to_bytes(8, 'big')).digest()
                for member in one['members']
            ]
            leaves += [from_hex(padding) for padding in one['paddings']]
            self.assertEqual(verifier.tree_root(sorted(leaves)).hex(), one['root'])

    def test_tombstones(self):
        def opened(one):
            tombstone = verifier.parse_frame_tombstone(from_hex(one['frame']))
            root = verifier.set_root_of(tombstone, one['index'])
            if root is None:
                raise verifier.Malformed('no place in its set')
            return tombstone['link'], root.hex()

        tombstones = vectors('erasures.json')['tombstones']
        for one in self.each(tombstones['valid']):
            self.assertEqual(opened(one), (one['link'], one['setRoot']))
        self.refused(tombstones['invalid'], opened)

    def test_shown(self):
        def shown(one):
            entry = verifier.decode_entry(one['entry'].encode('utf-8'))
            return verifier.set_root_shown(from_hex(one['frame']), entry)

        frames = vectors('erasures.json')['shown']
        for one in self.each(frames['valid']):
            self.assertEqual(shown(one), one['setRoot'])
        self.refused(frames['invalid'], shown)


class Parts(VectorTest):
    def test_parts(self):
        parts = vectors('erasures.json')['parts']
        entry = verifier.decode_entry(parts['entry'].encode('utf-8'))
        keys = [from_hex(parts['keys'][number]) for number in sorted(parts['keys'], key=int)]

        def digest_of(part):
            return verifier.sha256(b''.join(part['hashes']))

        def opened(one):
            frame = from_hex(one['frame'])
            read, salt = verifier.open_frame(frame, entry, keys, {})
            hashes, record = verifier.hashes_in_parts(read, salt, entry['id'], verifier.salts_of)
            root = verifier.tree_root(hashes, verifier.payload_node_hash).hex()
            gone = sum(len(numbers) for numbers, _, content in read.parts if content is None)
            erased = [part for part in verifier.parse_parts(frame)['parts'] if 'erased' in part]
            roots = [verifier.set_root_of(one['erased'], parts['index'], digest_of(one)).hex() for one in erased]
            return root, verifier.jcs(record), gone, roots

        for one in self.each(parts['valid']):
            expected = (entry['payload']['root'], one['text'], one['erasedFields'], one['setRoots'])
            self.assertEqual(opened(one), expected)
        self.refused(parts['invalid'], opened)


class Entries(VectorTest):
    def test_bytes(self):
        entries = vectors('entry-bytes.json')
        for one in self.each(entries['valid']):
            data = from_hex(one['bytes']) if 'bytes' in one else one['text'].encode('utf-8')
            self.assertEqual(verifier.decode_entry(data), one['entry'])
        self.refused(
            entries['invalid'],
            lambda one: verifier.decode_entry(from_hex(one['bytes']) if 'bytes' in one else one['text'].encode('utf-8')),
        )

    def test_payload_commitments(self):
        for one in self.each(vectors('commitment-payloads.json')['valid']):
            record = verifier.read_json(one['text'])
            texts = verifier.payload_leaves(record, one['id'])
            self.assertEqual(verifier.jcs(record), one['text'])
            self.assertEqual(texts, one['leafTexts'])
            stream = verifier.Aes256(from_hex(one['recordSalt'])).counter_stream(len(texts))
            self.assertEqual(stream.hex(), one['salts'])
            salts = [stream[16 * i : 16 * i + 16] for i in range(len(texts))]
            self.assertEqual(verifier.payload_root(texts, salts).hex(), one['root'])

    def test_the_dictionary_is_the_one_of_the_page(self):
        with open(os.path.join(HERE, '..', 'docs', 'format.md'), encoding='utf-8') as page:
            self.assertIn(verifier.sha256(verifier.DICTIONARY).hex(), page.read())


class Statements(VectorTest):
    def test_keys(self):
        keys = vectors('vkeys.json')
        for one in self.each(keys['valid']):
            key = verifier.parse_vkey(one['vkey'])
            read = (key['name'], key['keyId'].hex(), key['type'], key['publicKey'].hex())
            self.assertEqual(read, (one['name'], one['keyId'], one['type'], one['publicKey']))
        self.refused(keys['invalid'], lambda one: verifier.parse_vkey(one['vkey']))

    def test_public_keys_of_secrets(self):
        for one in self.each(vectors('signers.json')['signers']):
            public_key = verifier.ed25519_public_key(from_hex(one['secret']))
            self.assertEqual(verifier.parse_vkey(one['vkey'])['publicKey'], public_key)

    def test_notes(self):
        def signers(one):
            keys = [verifier.parse_vkey(vkey) for vkey in one['keys']]
            signed = verifier.signers_of(verifier.parse_note(one['note']), keys)
            if signed is None:
                raise Malformed('a signature by a known key does not verify')
            return [key['vkey'] for key in signed]

        notes = vectors('notes.json')
        for one in self.each(notes['valid']):
            self.assertEqual(verifier.parse_note(one['note'])[0], one['text'])
            self.assertEqual(signers(one), one['signedBy'])
        self.refused(notes['invalid'], signers)

    def test_checkpoints(self):
        texts = vectors('checkpoints.json')
        for one in self.each(texts['valid']):
            read = verifier.parse_checkpoint(one['text'])
            read['root'] = verifier.to_base64(read['root'])
            self.assertEqual(dict(read, text=one['text']), one)
        self.refused(texts['invalid'], lambda one: verifier.parse_checkpoint(one['text']))

    def test_promises(self):
        texts = vectors('promises.json')
        for one in self.each(texts['valid']):
            read = verifier.parse_promise(one['text'])
            read['root'] = verifier.to_base64(read['root'])
            self.assertEqual(dict(read, text=one['text']), one)
        self.refused(texts['invalid'], lambda one: verifier.parse_promise(one['text']))


class Verdicts(VectorTest):
    def trust_of(self, case):
        return None if case['trust'] is None else verifier.parse_trust(json.dumps(case['trust']))

    def expect(self, report, case):
        self.assertEqual((report['verdict'], codes(report)), (case['verdict'], case['codes']))

    def test_proofs(self):
        for case in self.each(vectors('tlog-proofs.json')['cases']):
            leaf = verifier.leaf_hash(from_hex(case['entry']))
            self.expect(verifier.verify_proof(case['proof'], leaf, self.trust_of(case)), case)

    def test_receipts(self):
        for case in self.each(vectors('receipts.json')['cases']):
            text = json.dumps(case['receipt'])
            self.expect(verifier.verify_receipt(text, self.trust_of(case), case['against']), case)

    def test_bundles(self):
        for case in self.each(vectors('bundles.json')['cases']):
            report = verifier.verify_bundle(case['bundle'], self.trust_of(case), case.get('against', []))
            self.expect(report, case)

    def test_exit_codes(self):
        expected = {'valid': 0, 'invalid': 1, 'incomplete': 3}
        with tempfile.TemporaryDirectory() as directory:
            for case in self.each(vectors('receipts.json')['cases']):
                arguments = [os.path.join(directory, 'receipt.json')]
                with open(arguments[0], 'w', encoding='utf-8') as file:
                    json.dump(case['receipt'], file)
                for option, texts in (('--trust', [json.dumps(case['trust'])]), ('--against', case['against'])):
                    if case['trust'] is None and option == '--trust' or not texts:
                        continue
                    arguments.append(option)
                    for i, text in enumerate(texts):
                        arguments.append(os.path.join(directory, '%s-%d' % (option, i)))
                        with open(arguments[-1], 'w', encoding='utf-8') as file:
                            file.write(text)
                with contextlib.redirect_stdout(io.StringIO()):
                    self.assertEqual(verifier.main(arguments), expected[case['verdict']])

    def test_what_is_not_there_is_no_verdict(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(verifier.main([os.path.join(HERE, 'nothing-of-this-name')]), 2)

    def test_every_code_means_what_the_page_says(self):
        with open(os.path.join(HERE, '..', 'docs', 'format.md'), encoding='utf-8') as file:
            page = file.read()
        rows = dict(line.strip('| \n').replace('`', '').split('|', 1) for line in page.split('\n') if line.startswith('| `'))
        meanings = {code.strip(): text.strip() for code, text in rows.items()}
        for code, meaning in verifier.MEANINGS.items():
            with self.subTest(code):
                self.assertEqual(meanings.get(code), meaning)


class Primitives(VectorTest):
    def test_ed25519_of_rfc_8032(self):
        key = from_hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
        signature = from_hex(
            '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da'
            '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
        )
        self.assertTrue(verifier.ed25519_verify(key, b'\x72', signature))
        self.assertFalse(verifier.ed25519_verify(key, b'\x73', signature))
        for at in range(0, 64, 7):
            changed = bytearray(signature)
            changed[at] ^= 4
            self.assertFalse(verifier.ed25519_verify(key, b'\x72', bytes(changed)))

    def test_signatures_that_are_not_the_only_spelling(self):
        key = from_hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
        signature = from_hex(
            '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da'
            '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
        )
        larger = int.from_bytes(signature[32:], 'little') + verifier.ORDER
        self.assertFalse(verifier.ed25519_verify(key, b'\x72', signature[:32] + larger.to_bytes(32, 'little')))
        for identity in (1, verifier.P + 1, 1 | 1 << 255):
            weak = identity.to_bytes(32, 'little')
            self.assertFalse(verifier.ed25519_verify(weak, b'', weak + bytes(32)))

    def test_aes_and_gcm(self):
        block = verifier.Aes256(bytes(range(32))).block(from_hex('00112233445566778899aabbccddeeff'))
        self.assertEqual(block.hex(), '8ea2b7ca516745bfeafc49904b496089')
        sealed = from_hex('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919')
        self.assertEqual(verifier.gcm_open(bytes(32), bytes(12), sealed, b''), bytes(16))
        self.assertIsNone(verifier.gcm_open(bytes(32), bytes(12), sealed, b'x'))

    def test_numbers_as_rfc_8785_prints_them(self):
        printed = {
            '0': 0.0, '-1': -1, '100': 100.0, '1e+21': 1e21, '100000000000000000000': 1e20, '1e-7': 1e-7,
            '0.000001': 1e-6, '5e-324': 5e-324, '1.7976931348623157e+308': 1.7976931348623157e308,
            '333333333.3333333': 333333333.33333329, '9007199254740991': 2**53 - 1, '1.5e-7': 1.5e-7,
        }
        for text, number in printed.items():
            self.assertEqual(verifier.jcs(number), text)

    def test_a_shape_of_what_are_no_pointers(self):
        shape = {'v': 1, 'id': 'x', 'pointers': ['/a', 1]}
        self.assertIsNone(verifier.pointers_of_shape(('', shape), 'x', 3))
        for pointers in (['!a', '/a'], ['/a~2', '/b'], ['/a', '/a/b'], ['', '/a'], ['/a', '/a']):
            self.assertIsNone(verifier.pointers_of_shape(('', dict(shape, pointers=pointers)), 'x', 3))
        self.assertIsNone(verifier.pointers_of_shape(('', dict(shape, pointers=['/a', '/b'], more=1)), 'x', 3))
        for pointers in (['/a', '/b'], ['/a', '/a!'], ['/a~0', '/a~1']):
            self.assertEqual(verifier.pointers_of_shape(('', dict(shape, pointers=pointers)), 'x', 3), pointers)

    def test_a_key_with_an_end_leads_to_none_beyond_it(self):
        older, newer = {'name': 'a'}, {'name': 'b'}
        trust = {'o': {'keys': [{'key': older, 'use': 'checkpoint', 'from': 0, 'to': 12}]}}
        rotation = {'use': 'checkpoint', 'from': 10, 'previous': older, 'next': newer}
        with unittest.mock.patch.object(verifier, 'parse_rotation', return_value=rotation):
            extended, _ = verifier.extend_trust(trust, 'o', [(9, '')])
        self.assertEqual(verifier.keys_for(extended['o'], 'checkpoint', 12), [newer])
        self.assertEqual(verifier.keys_for(extended['o'], 'checkpoint', 13), [])

    def test_json_that_readers_may_disagree_on(self):
        for text in ('{"a":1,"a":2}', '"\\ud800"', 'NaN', '[1e999]', '', '[1,]', '01', '"\t"', '[' * 600 + ']' * 600, '\ufeff1'):
            with self.subTest(text[:20]), self.assertRaises(Malformed):
                verifier.read_json(text)


def foreign(folder):
    return unittest.skipUnless(os.path.isdir(os.path.join(FOREIGN, folder)), 'not beside this checkout: ' + folder)


def foreign_files(folder, suffix):
    for directory, _, names in os.walk(os.path.join(FOREIGN, folder)):
        for name in sorted(names):
            if name.endswith(suffix):
                yield os.path.join(directory, name)


class Foreign(VectorTest):
    @foreign('merkle')
    def test_probes_of_transparency_dev(self):
        hashes = lambda texts: [from_base64(text) for text in texts or []]
        judged = set()
        for path in foreign_files('merkle', '.json'):
            with open(path, encoding='utf-8') as file:
                probe = json.load(file)
            if 'leafIdx' in probe:
                place = probe['leafIdx'], probe['treeSize'], hashes(probe['proof']), from_base64(probe['root'])
                shown = verifier.includes(from_base64(probe['leafHash']), *place)
            else:
                roots = from_base64(probe['root1']), from_base64(probe['root2'])
                shown = verifier.extends(probe['size1'], probe['size2'], *roots, hashes(probe['proof']))
            with self.subTest(path):
                self.assertEqual(shown, not probe['wantErr'])
            judged.add(shown)
        self.assertEqual(judged, {True, False})

    @foreign('jcs')
    def test_canonical_json(self):
        for path in foreign_files('jcs/input', '.json'):
            with open(path, encoding='utf-8') as file:
                value = json.load(file)
            expected = path.replace(os.sep + 'input' + os.sep, os.sep + 'output' + os.sep)
            with open(expected, 'rb') as file, self.subTest(path):
                self.assertEqual(verifier.jcs(value).encode('utf-8'), file.read().rstrip(b'\n'))

    @foreign('tessera-log')
    def test_a_log_of_tessera(self):
        vkey = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
        key = verifier.parse_vkey(vkey)
        tile = verifier.read_file(os.path.join(FOREIGN, 'tessera-log/tile/entries/000.p/15'))
        leaves = [verifier.leaf_hash(entry) for entry in verifier.split_entry_tile(tile)]
        for size in range(16):
            note = verifier.parse_note(verifier.read_file(os.path.join(FOREIGN, 'tessera-log/checkpoint.%d' % size)))
            self.assertEqual(verifier.signers_of(note, [key]), [key])
            checkpoint = verifier.parse_checkpoint(note[0])
            self.assertEqual((checkpoint['size'], checkpoint['root']), (size, verifier.tree_root(leaves[:size])))


if __name__ == '__main__':
    unittest.main()
