"""What waits on disk while the server is away."""
import json
import os
import stat
import tempfile
import time
import unittest
import unittest.mock

from deponent import Damaged, Deponent, Spool, spool as spool_module
from deponent.spool import Folder, open_orphan
from fake_ledger import FakeLedger
from test_sending import SendingTest
from waits import until


class SpoolTest(SendingTest):
    def setUp(self):
        super().setUp()
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.directory = os.path.join(self.home.name, 'spool')

    def options(self, **more):
        return Spool(self.directory, plaintext=True, **more) if 'seal' not in more else Spool(self.directory, **more)

    def spooling(self, **more):
        options = {'spool': self.options(), 'batch_size': 10, 'flush_interval': 0.01, **more}
        return self.client(**options)

    def files(self, ending='.batch'):
        found = [os.path.join(path, name) for path, _, names in os.walk(self.directory) for name in names]
        return sorted(path for path in found if path.endswith(ending))

    def lost(self):
        return [issue.reason for issue in self.issues if issue.code == 'lost']

    def test_an_outage_is_waited_for_on_disk_and_nothing_is_lost_doubled_or_out_of_order(self):
        self.ledger.is_away = True
        client = self.spooling(max_queued_records=20, flush_interval=3600)
        ids = []
        for start in range(0, 100, 10):
            ids += [client.record(model_id='m', prediction=start + number) for number in range(10)]
            until(lambda: client.stats()['spooled'] == start + 10)
        self.assertEqual((client.stats()['waiting'], len(self.files())), (0, 10))
        self.ledger.is_away = False
        self.assertEqual(client.flush(20), 0)
        self.assertEqual([record['decisionId'] for record in self.decisions()], ids)
        self.assertEqual((client.stats()['recorded'], client.stats()['lost'], self.files()), (100, 0, []))
        self.assert_chain_holds()

    def test_what_lies_there_is_for_its_owner_alone(self):
        self.ledger.is_away = True
        client = self.spooling()
        client.record(model_id='m', prediction='a secret')
        until(self.files)
        for path, directories, names in os.walk(self.directory):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
            for name in names:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode), 0o600)

    def test_clear_text_is_asked_for_by_name_or_sealed(self):
        for options in ({}, {'seal': bytes}, {'plaintext': True, 'seal': bytes, 'unseal': bytes}):
            with self.assertRaises(ValueError):
                Spool(self.directory, **options)

        def turned(data):
            return data[::-1]

        self.ledger.is_away = True
        client = self.spooling(spool=self.options(seal=turned, unseal=turned))
        client.record(model_id='m', prediction='a secret')
        until(self.files)
        with open(self.files()[0], 'rb') as file:
            self.assertNotIn(b'a secret', file.read())
        self.ledger.is_away = False
        self.assertEqual(client.flush(20), 0)
        self.assertEqual(self.decisions()[0]['prediction'], 'a secret')

    def test_what_a_process_leaves_is_sent_by_the_next_with_the_end_it_stated(self):
        self.ledger.is_away = True
        client = self.spooling(flush_interval=3600, batch_size=4)
        ids = [client.record(model_id='m', prediction=number) for number in range(10)]
        client.close(0.1)
        self.assertEqual((client.stats()['spooled'], client.stats()['lost']), (10, 0))
        self.ledger.is_away = False
        self.spooling(emitter_id='next')
        until(lambda: len(self.ledger.kept()) == 11)
        self.assertEqual([record.get('decisionId') for record in self.ledger.kept()], ids + [None])
        closed = self.ledger.kept()[-1]
        self.assertEqual((closed['kind'], closed['seq'], closed['emitterId']), ('emitter.closed', 10, 'test'))
        until(lambda: os.listdir(self.directory) == [])
        self.assert_chain_holds()

    def test_folders_of_the_living_are_left_alone(self):
        self.ledger.is_away = True
        client = self.spooling()
        client.record(model_id='m', prediction=1)
        until(self.files)
        self.assertIsNone(open_orphan(self.options()))
        client.close(0)
        orphan = open_orphan(self.options())
        self.assertIsInstance(orphan, Folder)
        orphan.close()

    def test_what_others_may_have_put_there_is_not_sent(self):
        elsewhere = os.path.join(self.home.name, 'elsewhere')
        os.makedirs(elsewhere)
        os.makedirs(self.directory)
        with open(os.path.join(elsewhere, '000000000001.batch'), 'w', encoding='utf-8') as file:
            file.write('{}')
        os.symlink(elsewhere, os.path.join(self.directory, 'linked'))
        self.assertIsNone(open_orphan(self.options()))

    def test_a_full_spool_leaves_records_in_memory_and_then_they_are_declared_lost(self):
        self.ledger.is_away = True
        client = self.spooling(spool=self.options(max_bytes=1), max_queued_records=5)
        client.record(model_id='m', prediction=0)
        until(self.files)
        for number in range(1, 9):
            client.record(model_id='m', prediction=number)
        until(lambda: client.stats()['lost'] > 0)
        self.assertEqual(len(self.files()), 1)
        self.ledger.is_away = False
        client.close(20)
        stats = client.stats()
        self.assertEqual((stats['reported'], stats['recorded'] + stats['lost'], set(self.lost())), (9, 9, {'queue_full'}))
        kept = [record['prediction'] for record in self.decisions()]
        self.assertEqual(kept, sorted(kept))
        self.assert_chain_holds()

    def test_a_disk_that_takes_nothing_costs_nothing_but_memory(self):
        self.ledger.is_away = True
        with unittest.mock.patch.object(spool_module, 'open_own', side_effect=OSError('full')), \
                unittest.mock.patch('deponent.store.open_own', side_effect=OSError('full')):
            client = self.spooling()
            client.record(model_id='m', prediction=1)
            until(lambda: any(issue.code == 'spool_failed' for issue in self.issues))
        self.ledger.is_away = False
        self.assertEqual(client.flush(20), 0)
        self.assertEqual(len(self.decisions()), 1)

    def test_what_lies_too_long_is_removed_and_its_numbers_declared_lost(self):
        self.ledger.is_away = True
        client = self.spooling(spool=self.options(ttl_seconds=3600))
        client.record(model_id='m', prediction=1)
        until(self.files)
        with unittest.mock.patch('deponent.store.time.time', return_value=time.time() + 4_000):
            self.ledger.is_away = False
            self.assertEqual(client.flush(20), 0)
        client.record(model_id='m', prediction=2)
        client.close()
        self.assertEqual((self.lost(), client.stats()['lost'], client.stats()['recorded']), (['spool_expired'], 1, 1))
        loss = next(record for record in self.ledger.kept() if record.get('kind') == 'emitter.loss')
        self.assertEqual((loss['seq'], loss['reason'], len(loss['link'])), (1, 'spool_expired', 64))
        self.assertEqual([record['prediction'] for record in self.decisions()], [2])
        self.assert_chain_holds()

    def test_a_damaged_file_is_set_aside_and_the_others_are_sent(self):
        self.ledger.is_away = True
        client = self.spooling()
        for number in range(3):
            client.record(model_id='m', prediction=number)
            until(lambda: len(self.files()) == number + 1)
        with open(self.files()[1], 'r+b') as file:
            file.truncate(20)
        self.ledger.is_away = False
        self.assertEqual(client.flush(20), 0)
        self.assertEqual([record['prediction'] for record in self.decisions()], [0, 2])
        self.assertEqual((self.lost(), len(self.files('.damaged')), client.stats()['lost']), (['spool_damaged'], 1, 1))

    def test_a_file_that_cannot_be_read_now_is_kept_and_sent_when_it_can_be(self):
        self.ledger.is_away = True
        client = self.spooling()
        for number in range(2):
            client.record(model_id='m', prediction=number)
            until(lambda: len(self.files()) == number + 1)
        path = self.files()[0]
        os.rename(path, path + '.away')
        os.mkdir(path)
        with unittest.mock.patch.object(spool_module, 'POSTPONED_SECONDS', 0.02):
            self.ledger.is_away = False
            until(lambda: (client.stats()['recorded'], client.stats()['spooled']) == (1, 1))
            self.assertEqual((self.lost(), self.files('.damaged')), ([], []))
            os.rmdir(path)
            os.rename(path + '.away', path)
            self.assertEqual(client.flush(20), 0)
        self.assertEqual(sorted(record['prediction'] for record in self.decisions()), [0, 1])
        self.assert_chain_holds()

    def test_what_cannot_be_unsealed_now_is_kept_and_what_never_was_sealed_is_damaged(self):
        trouble = [OSError('the service of keys is away')]

        def unseal(data):
            if trouble:
                raise trouble[0]
            return data

        self.ledger.is_away = True
        first = self.spooling(spool=self.options(seal=bytes, unseal=unseal), emitter_id=False)
        first.record(model_id='m', prediction=1)
        until(self.files)
        first.close(0)
        self.ledger.is_away = False
        with unittest.mock.patch('deponent.store.ORPHANS_EVERY', 0.02):
            self.spooling(spool=self.options(seal=bytes, unseal=unseal), emitter_id='next')
            until(lambda: any('cannot be read now' in issue.message for issue in self.issues))
            self.assertEqual((self.lost(), len(self.files()), self.files('.damaged')), ([], 1, []))
            trouble[0] = Damaged('the tag is not of these bytes')
            until(lambda: self.lost() == ['spool_damaged'])
        self.assertEqual((len(self.files()), len(self.files('.damaged'))), (0, 1))
        self.assertEqual([issue.count for issue in self.issues if issue.code == 'lost'], [1])

    def test_a_folder_with_what_cannot_be_read_does_not_keep_the_others_back(self):
        self.ledger.is_away = True
        for number in range(2):
            client = self.spooling(emitter_id='left-%d' % number)
            client.record(model_id='m', prediction=number)
            until(lambda: len(self.files()) == number + 1)
            client.close(0)
        path = self.files()[0]
        os.rename(path, path + '.away')
        os.mkdir(path)
        self.ledger.is_away = False
        self.spooling(emitter_id='next')
        until(lambda: [record['prediction'] for record in self.decisions()] == [1])
        self.assertEqual(self.lost(), [])

    def test_time_in_the_spool_runs_while_no_process_is_there_and_while_a_batch_is_tried_again_and_again(self):
        self.ledger.is_away = True
        first = self.spooling(emitter_id=False)
        first.record(model_id='m', prediction='left')
        until(self.files)
        first.close(0)
        os.utime(self.files()[0], (0, 0))
        second = self.spooling(spool=self.options(ttl_seconds=3600), emitter_id='next')
        until(lambda: self.lost() == ['spool_expired'])
        second.record(model_id='m', prediction='tried')
        until(lambda: second.stats()['spooled'] == 1 and second.stats()['retries'] > 1)
        with unittest.mock.patch('deponent.store.time.time', return_value=time.time() + 4_000):
            until(lambda: second.stats()['lost'] == 1)
        self.assertEqual((self.files(), second.stats()['spooled']), ([], 0))

    def test_what_was_set_aside_or_half_written_goes_when_its_time_is_up(self):
        folder = os.path.join(self.directory, '0' * 8)
        os.makedirs(folder)
        for name in ('000000000001.2.batch.damaged', '000000000002.2.batch.new', '000000000003.2.batch.damaged'):
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(b'x')
            if not name.startswith('000000000003'):
                os.utime(os.path.join(folder, name), (0, 0))
        self.spooling(spool=self.options(ttl_seconds=3600))
        until(lambda: len(os.listdir(folder)) == 1)
        self.assertEqual(os.listdir(folder), ['000000000003.2.batch.damaged'])

    def test_a_damaged_file_of_an_earlier_process_is_told_as_a_loss_of_so_many_records(self):
        self.ledger.is_away = True
        first = self.spooling(flush_interval=3600, batch_size=3)
        for number in range(3):
            first.record(model_id='m', prediction=number)
        until(self.files)
        first.close(0)
        for path in self.files():
            with open(path, 'r+b') as file:
                file.truncate(20)
        self.ledger.is_away = False
        second = self.spooling(emitter_id='next')
        until(lambda: any(issue.code == 'lost' and issue.count == 3 for issue in self.issues))
        self.assertEqual((set(self.lost()), second.stats()['lost']), ({'spool_damaged'}, 0))

    def test_a_file_that_is_gone_is_passed_over(self):
        self.ledger.is_away = True
        client = self.spooling()
        for number in range(3):
            client.record(model_id='m', prediction=number)
            until(lambda: len(self.files()) == number + 1)
        os.unlink(self.files()[1])
        self.ledger.is_away = False
        self.assertEqual(client.flush(20), 0)
        self.assertEqual([record['prediction'] for record in self.decisions()], [0, 2])
        self.assertEqual({issue.code for issue in self.issues}, {'unreachable', 'lost'})
        self.assertEqual((client.stats()['lost'], client.stats()['spooled']), (1, 0))

    def test_a_spooled_batch_that_is_too_large_is_halved_and_stays_on_disk_until_the_last_half_is_settled(self):
        self.ledger.is_away = True
        client = self.spooling(flush_interval=3600)
        for number in range(10):
            client.record(model_id='m', prediction=number)
        until(self.files)
        self.ledger.is_away = False
        self.ledger.records_max = 3
        self.assertEqual(client.flush(20), 0)
        self.assertEqual([record['prediction'] for record in self.decisions()], list(range(10)))
        self.assertEqual(self.files(), [])

    def test_a_file_written_by_half_is_no_batch(self):
        self.ledger.is_away = True
        client = self.spooling()
        client.record(model_id='m', prediction=1)
        until(self.files)
        client.close(0)
        path = self.files()[0]
        with open(path, 'rb') as file, open(path.replace('00001.1.batch', '00009.1.batch.new'), 'wb') as half:
            half.write(file.read()[:50])
        self.ledger.is_away = False
        self.spooling(emitter_id='next')
        until(lambda: len(self.decisions()) == 1)
        self.assertEqual(self.lost(), [])

    def test_a_file_says_what_is_in_it(self):
        self.ledger.is_away = True
        client = self.spooling(flush_interval=3600, batch_size=2)
        ids = [client.record(model_id='m', prediction=number) for number in range(2)]
        until(self.files)
        with open(self.files()[0], encoding='utf-8') as file:
            about, *records = [json.loads(line) for line in file]
        self.assertEqual((about['v'], about['path'], [one[0] for one in about['records']]), (1, '/v1/decisions', ids))
        self.assertEqual(about['head'].split(' ')[0], 'test')
        self.assertEqual([record['emitter']['seq'] for record in records], [1, 2])


del SendingTest


if __name__ == '__main__':
    unittest.main()
