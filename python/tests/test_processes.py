"""Forks, ends of processes, and places that are no server."""
import ast
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest

from deponent import Deponent, FileSink
from fake_ledger import FakeLedger

HERE = os.path.dirname(os.path.abspath(__file__))


def programme(source, *arguments):
    """Runs a programme of its own to its end."""
    return subprocess.run(
        [sys.executable, '-W', 'ignore::DeprecationWarning', '-c', textwrap.dedent(source), *arguments], cwd=os.path.dirname(HERE), timeout=60, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


class Processes(unittest.TestCase):
    def setUp(self):
        self.ledger = FakeLedger()
        self.addCleanup(self.ledger.close)

    def test_a_process_that_ends_sends_what_waits_first(self):
        ended = programme('''
            import sys, deponent
            client = deponent.Deponent(sys.argv[1], 'key')
            client.record(model_id='m', prediction=1)
        ''', self.ledger.url)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))
        self.assertEqual([record.get('kind', 'decision') for record in self.ledger.kept()][0], 'decision')
        self.assertEqual(self.ledger.kept()[-1]['kind'], 'emitter.closed')

    def test_a_process_whose_server_is_away_ends_all_the_same_and_says_what_is_lost(self):
        ended = programme('''
            import sys, deponent, deponent.processes
            deponent.processes.EXIT_SECONDS = 0.3
            client = deponent.Deponent('http://127.0.0.1:9', 'key')
            client.record(model_id='m', prediction=1)
        ''')
        self.assertEqual(ended.returncode, 0)
        self.assertIn('1 record(s) lost (closed)', ended.stderr)

    def test_what_is_recorded_while_the_process_ends_is_sent_too(self):
        ended = programme('''
            import atexit, sys, deponent
            def make():
                client = deponent.Deponent(sys.argv[1], 'key')
                atexit.register(lambda: client.record(model_id='m', prediction=1))
            make()
        ''', self.ledger.url)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))
        self.assertEqual(len(self.ledger.kept('/v1/decisions')), 1)

    def test_a_client_that_nobody_remembers_sends_what_it_holds(self):
        ended = programme('''
            import gc, sys, deponent
            deponent.Deponent(sys.argv[1], 'key', flush_interval=3600).record(model_id='m', prediction=1)
            gc.collect()
        ''', self.ledger.url)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))
        self.assertEqual(len(self.ledger.kept('/v1/decisions')), 1)

    def test_a_server_that_never_answers_does_not_hold_the_end(self):
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.bind(('127.0.0.1', 0))
        silent.listen(1)
        ended = programme('''
            import sys, deponent
            client = deponent.Deponent(sys.argv[1], 'key', flush_interval=0.01, request_timeout=3600)
            client.record(model_id='m', prediction=1)
            client.close(0.3)
            print(client.stats()['lost'])
        ''', 'http://127.0.0.1:%d' % silent.getsockname()[1])
        self.assertEqual((ended.returncode, ended.stdout), (0, '1\n'))

    @unittest.skipUnless(hasattr(os, 'fork'), 'no fork here')
    def test_a_child_numbers_anew_and_leaves_what_waits_to_its_parent(self):
        with tempfile.TemporaryDirectory() as directory:
            ended = programme('''
                import os, sys, deponent
                spool = deponent.Spool(sys.argv[2], plaintext=True)
                client = deponent.Deponent(sys.argv[1], 'key', flush_interval=3600, emitter_id='one', spool=spool)
                client.record(model_id='m', prediction='parent')
                child = os.fork()
                client.record(model_id='m', prediction='child' if child == 0 else 'parent again')
                client.close()
                if child == 0:
                    os._exit(0)
                os.waitpid(child, 0)
            ''', self.ledger.url, directory)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))
        epochs = {}
        for record in self.ledger.kept('/v1/decisions'):
            epochs.setdefault(record['emitter']['epoch'], []).append((record['emitter']['seq'], record['prediction']))
        self.assertEqual(sorted(epochs.values()), [[(1, 'child')], [(1, 'parent'), (2, 'parent again')]])

    @unittest.skipUnless(hasattr(os, 'fork'), 'no fork here')
    def test_workers_of_a_pool_record_too(self):
        ended = programme('''
            import multiprocessing, sys, deponent
            client = deponent.Deponent(sys.argv[1], 'key')

            @client.audit(model_id='m')
            def decide(x):
                return x * 2

            def work(x):
                decide(x)
                client.flush()

            if __name__ == '__main__':
                decide(0)
                with multiprocessing.get_context('fork').Pool(2) as pool:
                    pool.map(work, range(1, 5))
        ''', self.ledger.url)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(sorted(record['input'] for record in self.ledger.kept('/v1/decisions')), [0, 1, 2, 3, 4])

    def test_importing_it_starts_nothing_and_needs_nothing_but_the_standard_library(self):
        ended = programme('''
            import sys, threading, deponent
            deponent.Deponent('http://127.0.0.1:9', 'key')
            print(threading.active_count(), sys.getrecursionlimit(), 'deponent_verify' in sys.modules, 'site' in sys.modules)
        ''')
        self.assertEqual((ended.stdout.split()[:3], ended.stderr), (['1', '1000', 'False'], ''))


class Files(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.path = os.path.join(self.home.name, 'decisions.ndjson')
        self.issues = []

    def test_a_file_is_added_to_for_its_owner_alone_without_sensitive_values(self):
        for _ in range(2):
            with Deponent(sink=FileSink(self.path, hash_key='k' * 16)) as client:
                client.record(model_id='m', prediction=1, input_features={'email': 'ada@example.org', 'income': 5})
        with open(self.path, encoding='utf-8') as file:
            first, second = [json.loads(line) for line in file]
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertRegex(first['input_features']['email'], '^hash_')
        self.assertEqual(first['input_features'], second['input_features'])
        self.assertEqual(first['input_features']['income'], 5)

    def test_clear_values_are_asked_for_by_name(self):
        with Deponent(sink=FileSink(self.path, hash_sensitive=False)) as client:
            client.record(model_id='m', prediction=1, input_features={'email': 'ada@example.org'})
        with open(self.path, encoding='utf-8') as file:
            self.assertIn('ada@example.org', file.read())

    def test_a_file_at_its_limit_is_not_written_by_half(self):
        client = Deponent(sink=FileSink(self.path, max_bytes=200), on_error=self.issues.append)
        client.record(model_id='m', prediction=1)
        client.flush()
        client.record(model_id='m', prediction='x' * 100)
        client.close(0.1)
        with open(self.path, encoding='utf-8') as file:
            self.assertEqual(len(file.readlines()), 1)
        self.assertEqual(client.stats()['lost'], 1)

    def test_standard_output_gets_lines_of_json(self):
        ended = programme('''
            import deponent
            client = deponent.Deponent(sink=deponent.StdoutSink())
            client.record(model_id='m', prediction=1, input={'password': 'hunter2'})
        ''')
        self.assertRegex(json.loads(ended.stdout)['input']['password'], '^hash_')


class Syntax(unittest.TestCase):
    def test_every_file_keeps_to_the_syntax_of_python_3_9(self):
        folder = os.path.join(HERE, '..', 'deponent')
        names = sorted(name for name in os.listdir(folder) if name.endswith('.py'))
        self.assertIn('client.py', names)
        for name in names:
            with open(os.path.join(folder, name), encoding='utf-8') as file:
                ast.parse(file.read(), name, feature_version=(3, 9))


if __name__ == '__main__':
    unittest.main()
