"""What becomes of values and names on their way into a record."""
import collections
import dataclasses
import datetime
import decimal
import enum
import glob
import os
import random
import re
import unittest
import uuid

import deponent_verify as verifier
from deponent import context, current_context
from deponent.canonical import canonical, with_member
from deponent.context import under
from deponent.fitting import BYTES_MAX, fitting
from deponent.ids import emitter_name, uuid7
from deponent.plain import DEPTH_MAX, VALUES_MAX, plain
from deponent.sensitive import ABOUT, IDENTIFYING, NUMBERED, PEOPLE, SECRET, pseudonyms, says

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


class Plain(unittest.TestCase):
    def test_what_json_has_no_word_for_is_said_in_words(self):
        class Colour(enum.Enum):
            RED = 'red'

        @dataclasses.dataclass
        class Applicant:
            name: str
            income: int

        class Secretive:
            def __init__(self):
                self.password = 'hunter2'

        Point = collections.namedtuple('Point', 'x y')
        said = plain({
            'nan': float('nan'), 'inf': -float('inf'), 'big': 2**60, 'whole': 2.0**60, 'huge': 1e300,
            'enum': Colour.RED, 'dataclass': Applicant('Ada', 3), 'point': Point(1, 2), 'bytes': b'abc',
            'when': datetime.datetime(2026, 1, 10, tzinfo=datetime.timezone.utc), 'price': decimal.Decimal('0.93'),
            'exact': decimal.Decimal('0.1234567890123456789'), 'id': uuid.UUID(int=1), 'object': Secretive(),
            'function': len, 'stream': iter([1]), 'set': {7}, 'error': ValueError('no'), 3: 'three',
        })
        self.assertEqual(said, {
            'nan': 'NaN', 'inf': '-Infinity', 'big': str(2**60), 'whole': str(2**60), 'huge': 1e300, 'enum': 'red',
            'dataclass': {'name': 'Ada', 'income': 3}, 'point': {'x': 1, 'y': 2}, 'bytes': '[3 bytes]',
            'when': '2026-01-10T00:00:00+00:00', 'price': 0.93, 'exact': '0.1234567890123456789',
            'id': '00000000-0000-0000-0000-000000000001', 'object': '[Secretive]', 'function': '[function len]',
            'stream': '[stream]', 'set': [7], 'error': {'type': 'ValueError', 'message': 'no'}, '3': 'three',
        })

    def test_arrays_of_libraries_are_read_by_the_methods_they_agree_on(self):
        class Array:
            def __init__(self, size):
                self.size = size

            def tolist(self):
                return [1.5] * self.size

        self.assertEqual(plain(Array(2)), [1.5, 1.5])
        self.assertEqual(plain(Array(VALUES_MAX + 1)), '[Array of %d values]' % (VALUES_MAX + 1))

    def test_nothing_goes_on_for_ever(self):
        circle = []
        circle.append(circle)
        self.assertEqual(plain(circle), ['[circular]'])
        deep = []
        for _ in range(1_000):
            deep = [deep]
        self.assertEqual(canonical(plain(deep)).count('['), DEPTH_MAX + 1)
        self.assertEqual(plain(list(range(VALUES_MAX * 2)))[-1], '[too large]')

    def test_what_cannot_be_read_says_so_and_takes_nothing_else_with_it(self):
        class Angry(dict):
            def items(self):
                raise RuntimeError('no')

        self.assertEqual(plain({'a': Angry(), 'b': 1}), {'a': '[unreadable]', 'b': 1})

    def test_names_that_json_would_confuse_stay_two(self):
        self.assertEqual(plain({1: 'a', '1': 'b'}), {'1': 'a', '1 (str)': 'b'})

    def test_half_characters_are_written_as_their_escapes(self):
        self.assertEqual(plain({'a\ud800': '\udc80b'}), {'a\\ud800': '\\udc80b'})

    def test_it_is_a_copy(self):
        given = {'a': [1]}
        said = plain(given)
        given['a'].append(2)
        self.assertEqual(said, {'a': [1]})


class Canonical(unittest.TestCase):
    def test_any_value_is_written_as_an_independent_reader_writes_it(self):
        choices = random.Random(7)
        for _ in range(2_000):
            text = canonical(plain(arbitrary(choices, 0)))
            self.assertEqual(verifier.jcs(verifier.read_json(text)), text)

    def test_a_member_can_be_added_to_the_text(self):
        self.assertEqual(with_member('{}', 'a', '1'), '{"a":1}')
        self.assertEqual(with_member('{"b":2}', 'a', '1'), '{"b":2,"a":1}')


def arbitrary(choices, depth):
    if depth < 4 and choices.random() < 0.4:
        count = choices.randrange(5)
        if choices.random() < 0.5:
            return [arbitrary(choices, depth + 1) for _ in range(count)]
        return {text(choices): arbitrary(choices, depth + 1) for _ in range(count)}
    return choices.choice([
        None, True, False, text(choices), choices.randrange(-(2**70), 2**70), choices.randrange(-50, 50),
        choices.uniform(-1, 1), float(choices.randrange(2**62)), -0.0, 5e-324, float('inf'),
        choices.uniform(1, 10) * 10.0 ** choices.randrange(-320, 309), 1e21, 1e20, 9007199254740992.0, 1e-6, 1e-7,
    ])


def text(choices):
    return ''.join(choices.choice('ab"\\\n\x01\x7f é\ud800\udc80\ufb01\U0001f600\u2028') for _ in range(choices.randrange(6)))


class Fitting(unittest.TestCase):
    def test_a_record_that_fits_is_left_as_it_is(self):
        record = {'modelId': 'm', 'prediction': 'x' * 200_000}
        self.assertEqual(fitting(dict(record)), canonical(record))

    def test_the_longest_texts_are_cut_and_named_with_their_length(self):
        record = {'input': {'a/b': '\u00fc' * 300_000, 'note': 'short'}, 'metadata': 'of ours',
                  'messages': [{'content': 'y' * 5_000}]}
        text = fitting(record)
        self.assertLessEqual(len(text.encode()), BYTES_MAX)
        self.assertGreater(len(text.encode()), BYTES_MAX / 3)
        cut = verifier.read_json(text.encode())
        self.assertEqual(cut['messages'], [{'content': 'y' * 5_000}])
        self.assertEqual(cut['metadata'], {'given': 'of ours', 'cut': {
            'texts': [{'path': '/input/a~1b', 'characters': 300_000}]}})

    def test_whatever_its_characters_are_it_fits(self):
        chance = random.Random(7)
        for _ in range(20):
            texts = [''.join(chance.choices('a"\n\u00fc\u6f22\U0001f600', k=50)) * chance.randrange(1, 3_000)
                     for _ in range(8)]
            self.assertLessEqual(len(fitting({'texts': texts}).encode()), BYTES_MAX)

    def test_cuts_beyond_the_first_hundred_are_counted(self):
        text = fitting({'texts': ['z' * 4_000] * 150})
        cut = verifier.read_json(text.encode())['metadata']['cut']
        self.assertEqual((len(cut['texts']), cut['more']), (100, 50))


class Names(unittest.TestCase):
    def test_ids_sort_in_the_order_they_were_made(self):
        made = [uuid7() for _ in range(10_000)]
        self.assertEqual(made, sorted(set(made)))
        for one in made[::999]:
            self.assertEqual((uuid.UUID(one).version, uuid.UUID(one).variant), (7, uuid.RFC_4122))

    def test_an_emitter_without_a_name_is_called_by_its_system(self):
        self.assertRegex(emitter_name('credit / eu'), r'^credit-eu-[0-9a-f]{8}$')
        self.assertRegex(emitter_name('…'), r'^python-[0-9a-f]{8}$')
        self.assertLessEqual(len(emitter_name('x' * 200)), 64)

    def test_inner_context_wins_and_ends_with_its_block(self):
        with context(user_id='u', session_id='s'):
            with context(userId='v'):
                self.assertEqual(current_context(), {'session_id': 's', 'userId': 'v'})
            self.assertEqual(current_context(), {'user_id': 'u', 'session_id': 's'})
        self.assertEqual(current_context(), {})

    def test_the_record_wins_over_the_context_in_either_spelling(self):
        self.assertEqual(under({'user_id': 'u', 'trace_id': 't'}, {'userId': 'v', 'traceId': None}),
                         {'trace_id': 't', 'userId': 'v', 'traceId': None})


class Sensitive(unittest.TestCase):
    def test_a_name_says_whether_its_values_are_sensitive(self):
        for name, expected in (
            ('email', 'texts'), ('homeAddress', 'texts'), ('API-Key', 'texts'), ('ssn', 'all'), ('PhoneNumber', 'all'),
            ('email_domain', 'nothing'), ('token_count', 'nothing'), ('race', 'nothing'), ('age', 'nothing'),
            ('income', 'nothing'),
        ):
            self.assertEqual((name, says(name)), (name, expected))

    def test_values_are_replaced_wherever_the_name_stands_above_them(self):
        hashed = pseudonyms('k' * 32)
        record = {'input': {'email': ['a@b', 'c@d'], 'ssn': 123, 'age': 40, 'user': {'password': {'old': 'x'}}}, 'ok': True}
        said = hashed(record)
        self.assertEqual(said['input']['age'], 40)
        for value in (*said['input']['email'], said['input']['ssn'], said['input']['user']['password']['old']):
            self.assertRegex(value, r'^hash_[\w-]{22}$')
        self.assertEqual(hashed(record), said)
        self.assertEqual(hashed({'user_id': 7, 'userAgent': 'x', 'caseId': 'c'})['caseId'], 'c')
        self.assertRegex(hashed({'user_id': 7})['user_id'], '^hash_')
        self.assertNotEqual(pseudonyms('l' * 32)(record), said)

    def test_people_are_not_named_however_deep_in_a_record_and_in_either_spelling(self):
        hashed = pseudonyms('k' * 32)
        said = hashed({
            'context': {'userId': 'bo', 'ip_address': 'host-7', 'sessionId': 's'},
            'reviewer': {'id': 'rita', 'role': 'clerk'},
            'metadata': {'steps': [{'requester': 'otto', 'approver_id': 7}], 'note': 'n'},
        })
        step = said['metadata']['steps'][0]
        for value in (said['context']['userId'], said['context']['ip_address'], *said['reviewer'].values(), *step.values()):
            self.assertRegex(value, r'^hash_[\w-]{22}$')
        self.assertEqual((said['context']['sessionId'], said['metadata']['note']), ('s', 'n'))

    @unittest.skipUnless(os.path.isdir(os.path.join(ROOT, 'packages')), 'the other SDK is not beside it')
    def test_people_are_found_by_the_fields_by_which_the_other_sdk_finds_them(self):
        with open(os.path.join(ROOT, 'packages/sdk/src/pseudonyms.ts'), encoding='utf-8') as file:
            listed = re.search(r'const PEOPLE = new Set\(\[(.*?)\]\)', file.read(), re.DOTALL)
        self.assertEqual(PEOPLE, set(re.findall(r"'(\w+)'", listed.group(1))))

    @unittest.skipUnless(os.path.isdir(os.path.join(ROOT, 'packages')), 'the server is not beside it')
    def test_the_words_are_those_of_the_server(self):
        found = glob.glob(os.path.join(ROOT, 'packages/*/src/**/*names.ts'), recursive=True)
        source = ''
        for path in found:
            with open(path, encoding='utf-8') as file:
                source += file.read()
        theirs = {name: set(words.split()) for name, words in re.findall(r'const (\w+) = words\(`([^`]*)`\)', source)}
        for name, ours in (('IDENTIFYING', IDENTIFYING), ('SECRET', SECRET), ('NUMBERED', NUMBERED), ('ABOUT', ABOUT)):
            self.assertEqual((name, ours - theirs[name]), (name, set()))


if __name__ == '__main__':
    unittest.main()
