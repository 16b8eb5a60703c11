"""Where decisions are made is captured once, beside the application, and named by what is decided."""
import hashlib
import json
import os
import platform
import resource
import subprocess
import tempfile
import unittest

from deponent import Deponent
from deponent.canonical import canonical
from test_calls import MemorySink


def sha256(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


class EnvironmentTest(unittest.TestCase):
    def setUp(self):
        self.sink = MemorySink()
        self.issues = []
        self.deponent = Deponent(sink=self.sink, on_error=self.issues.append)
        self.folder = tempfile.TemporaryDirectory()
        self.directory = self.folder.name

    def tearDown(self):
        self.deponent.close()
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return self.path(name)

    def git(self, *args):
        command = ['git', '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', *args]
        return subprocess.run(command, cwd=self.directory, check=True, stdout=subprocess.PIPE).stdout.decode().strip()

    def repository(self):
        self.git('init', '-q')
        self.write('requirements.txt', b'numpy==2.1.0\n')
        self.git('add', '.')
        self.git('commit', '-qm', 'first')
        return self.git('rev-parse', 'HEAD')

    def captured(self, **options):
        return self.deponent.environment(directory=self.directory, **options).result(60)

    def records(self):
        self.assertEqual(self.deponent.flush(), 0)
        return self.sink.lines

    def test_it_is_captured_from_repository_packages_runtime_machine_and_what_only_the_application_knows(self):
        commit = self.repository()
        weights = self.write('weights.bin', b'weights')
        found = self.captured(model_file=weights, config={'b': 1, 'a': 2.0}, prompt='Decide: {case}',
                              preprocessing='features-12', seeds={'sampling': 7}).environment
        self.assertEqual((found['codeCommit'], found['codeDirty']), (commit, True))
        self.assertEqual((found['weightsHash'], found['configHash'], found['promptHash']),
                         (sha256(b'weights'), sha256(b'{"a":2,"b":1}'), sha256(b'Decide: {case}')))
        self.assertEqual((found['preprocessing'], found['seeds']), ('features-12', {'sampling': 7}))
        self.assertEqual(found['runtime']['version'], platform.python_version())
        self.assertEqual(found['dependencies']['lockFile'],
                         {'name': 'requirements.txt', 'digest': sha256(b'numpy==2.1.0\n')})
        self.assertEqual(found['hardware']['cores'], os.cpu_count())
        self.assertEqual(self.issues, [])

    def test_a_repository_without_changes_is_clean(self):
        commit = self.repository()
        found = self.captured().environment
        self.assertEqual((found['codeCommit'], found['codeDirty']), (commit, False))

    def test_it_is_recorded_once_and_named_by_every_decision_from_then_on(self):
        weights = self.write('weights.bin', b'weights')
        self.deponent.record(model_id='m', prediction=0)
        captured = self.captured(model_file=weights)
        for prediction in (1, 2):
            self.deponent.record(model_id='m', prediction=prediction)
        self.deponent.audit(lambda: 3, model_id='m')()
        logs = [record for record in self.records() if record.get('kind') == 'system.log']
        self.assertEqual([record['event'] for record in logs], ['environment'])
        self.assertEqual(sha256(canonical(logs[0]['details']).encode()), captured.digest)
        decisions = [record for record in self.records() if 'kind' not in record]
        named = {'weightsHash': sha256(b'weights'), 'runtime': {'environment': captured.digest}}
        self.assertEqual([record.get('inference') for record in decisions], [None, named, named, named])
        self.assertEqual([record.get('modelChecksum') for record in decisions], [None] + [sha256(b'weights')] * 3)

    def test_it_goes_with_its_model_and_version_and_never_over_what_a_decision_says(self):
        every = self.captured(seeds=0)
        one = self.captured(model_id='m', model_version='2', seeds=1)
        self.deponent.record(model_id='other', prediction=1)
        self.deponent.record(modelId='m', modelVersion='1', prediction=1)
        self.deponent.record(model_id='m', model_version='2', prediction=1)
        own = {'settings': {'seed': 3}, 'runtime': {'threads': 1}}
        self.deponent.record(model_id='m', model_version='2', prediction=1, inference=own)
        decisions = [record for record in self.records() if 'kind' not in record]
        named = [record['inference']['runtime']['environment'] for record in decisions]
        self.assertEqual(named, [every.digest, every.digest, one.digest, one.digest])
        self.assertEqual((decisions[3]['inference']['settings'], decisions[3]['inference']['runtime']['threads']),
                         ({'seed': 3}, 1))

    def test_a_file_of_any_size_takes_no_more_memory_than_a_small_one(self):
        large = self.write('large.bin', b'')
        os.truncate(large, 512 * 1024 * 1024)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.assertIn('weightsHash', self.captured(model_file=large).environment)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.assertLess((after - before) * 1024, 64 * 1024 * 1024)

    def test_nothing_is_raised_into_the_application_whatever_it_is_given(self):
        class Hostile(dict):
            def items(self):
                raise ValueError('no')

        self.assertNotIn('weightsHash', self.captured(model_file=self.path('nothing')).environment)
        self.captured(config=Hostile(a=1), preprocessing=object(), seeds=2**70)
        self.assertIsNone(self.captured(prompt=7))
        self.assertTrue(all(issue.code == 'capture_failed' for issue in self.issues))
        self.deponent.record(model_id='m', prediction=1)
        self.assertEqual(len([record for record in self.records() if 'kind' not in record]), 1)

    def test_it_can_be_told_of_a_training_in_the_names_of_model_events(self):
        commit = self.repository()
        captured = self.captured(seeds=[41])
        self.deponent.lifecycle('m', 'training_completed', model_version='2', **captured.environment)
        event = next(record for record in self.records() if record.get('kind') == 'model.training_completed')
        self.assertEqual((event['codeCommit'], event['seeds']), (commit, [41]))
        json.dumps(event)


if __name__ == '__main__':
    unittest.main()
