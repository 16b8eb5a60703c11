"""What goes over the wire, and what happens when the other side does not take it."""
import asyncio
import base64
import threading
import unittest

import deponent_verify as verifier
from deponent import Deponent, StdoutSink
from deponent.answer import RETRY_AFTER_MAX_SECONDS, answer_of, backoff, retry_after_of
from deponent.numbering import EMPTY_HEAD, link_of, next_head
from deponent.seen import Seen
from fake_ledger import FakeLedger
from waits import until


class SendingTest(unittest.TestCase):
    def setUp(self):
        self.ledger = FakeLedger()
        self.issues = []

    def tearDown(self):
        self.ledger.close()

    def client(self, **options):
        given = {'heartbeat': 0, 'emitter_id': 'test', 'on_error': self.issues.append, **options}
        client = Deponent(self.ledger.url, 'key', **given)
        self.addCleanup(client.close, 0)
        return client

    def decisions(self):
        return self.ledger.kept('/v1/decisions')

    def assert_chain_holds(self):
        """Follows every head that was stated over what came, as a verifier does."""
        links = {}
        for request in self.ledger.requests:
            for line in request['lines']:
                record = verifier.read_json(line)
                emitter = record.pop('emitter', None)
                if emitter:
                    link = link_of(bytes.fromhex(emitter['blind']), verifier.jcs(record))
                    self.assertEqual(links.setdefault(emitter['seq'], link), link)
                elif record.get('kind') == 'emitter.loss':
                    for seq in range(record['seq'], record['seqTo'] + 1):
                        links[seq] = bytes.fromhex(record['link']) if 'link' in record else None
        stated = [request['headers'].get('deponent-emitter-head') for request in self.ledger.requests]
        heads, head = {}, EMPTY_HEAD
        for seq in range(1, max(links) + 1):
            self.assertIn(seq, links)
            head = head if links[seq] is None else next_head(head, seq, links[seq])
            heads[seq] = head.hex()
        for name, _, seq, hexadecimal in (one.split(' ') for one in stated if one):
            self.assertEqual((name, heads[int(seq)]), ('test', hexadecimal))
        return len([one for one in stated if one])


class Delivery(SendingTest):
    def test_records_go_in_batches_numbered_and_chained(self):
        client = self.client(batch_size=10, system='credit')
        ids = [client.record(model_id='m', prediction=number / 7, note='é\n') for number in range(25)]
        self.assertEqual(client.flush(), 0)
        records = self.decisions()
        self.assertEqual([record['decisionId'] for record in records], ids)
        self.assertEqual([record['emitter']['seq'] for record in records], list(range(1, 26)))
        self.assertEqual({record['system'] for record in records}, {'credit'})
        self.assertLessEqual(max(len(request['records']) for request in self.ledger.requests), 10)
        self.assertGreaterEqual(self.assert_chain_holds(), 3)
        self.assertEqual({request['headers']['authorization'] for request in self.ledger.requests}, {'Bearer key'})
        self.assertEqual({name: client.stats()[name] for name in ('reported', 'recorded', 'waiting', 'lost')},
                         {'reported': 25, 'recorded': 25, 'waiting': 0, 'lost': 0})

    def test_a_full_batch_is_sent_at_once_and_a_lonely_record_after_a_while(self):
        client = self.client(batch_size=3, flush_interval=3600)
        for _ in range(3):
            client.record(model_id='m', prediction=1)
        until(lambda: len(self.decisions()) == 3)
        soon = self.client(flush_interval=0.01, emitter_id='other')
        soon.record(model_id='m', prediction=1)
        until(lambda: len(self.decisions()) == 4)

    def test_large_requests_are_compressed(self):
        client = self.client()
        client.record(model_id='m', prediction='x' * 5_000)
        client.record(model_id='m', prediction='x')
        client.flush()
        self.assertEqual(self.ledger.requests[0]['headers']['content-encoding'], 'gzip')

    def test_records_about_decisions_keep_their_place_behind_them(self):
        client = self.client(system='credit')
        decision_id = client.record(model_id='m', prediction=1)
        client.review(decision_id, verdict='agree')
        client.record(model_id='m', prediction=2)
        client.flush()
        self.assertEqual([request['path'] for request in self.ledger.requests],
                         ['/v1/decisions', '/v1/records', '/v1/decisions'])
        review = self.ledger.kept('/v1/records')[0]
        self.assertEqual((review['kind'], review['decision_id'], review['emitter']['seq'], 'system' in review),
                         ('review', decision_id, 2, False))
        self.assert_chain_holds()

    def test_receipts_are_kept_the_latest_of_them(self):
        client = self.client(receipts_kept=2)
        ids = [client.record(model_id='m', prediction=number) for number in range(3)]
        client.flush()
        self.assertIsNone(client.receipt(ids[0]))
        self.assertEqual(client.receipt(ids[2])['promise'], 'a promise')
        self.assertEqual(client.verify(ids[2])['verdict'], 'invalid')
        self.assertIsNone(client.verify('unknown'))

    def test_each_receipt_is_told_of_whatever_it_is_for(self):
        receipts = []
        client = self.client(on_receipt=receipts.append)
        ids = [client.record(model_id='m', prediction=1), client.comment('d', 'looked at')]
        client.flush()
        self.assertEqual([client.receipt(one) for one in ids], receipts)
        self.assertEqual(len(receipts), 2)

    def test_an_application_that_numbers_its_records_goes_on_doing_so(self):
        client = self.client()
        own = {'id': 'mine', 'epoch': 1, 'seq': 9, 'blind': '0' * 64}
        client.record(model_id='m', prediction=1, emitter=own)
        client.record(model_id='m', prediction=2)
        client.flush()
        self.assertEqual([record['emitter'] if record['prediction'] == 1 else record['emitter']['seq']
                          for record in self.decisions()], [own, 1])

    def test_heartbeats_and_the_end_say_where_the_chain_stands(self):
        client = self.client(heartbeat=3600)
        client.record(model_id='m', prediction=1)
        until(lambda: client.flush() == 0 and self.ledger.kept('/v1/records'))
        client.record(model_id='m', prediction=2)
        client.close()
        beat, closed = self.ledger.kept('/v1/records')
        self.assertEqual((beat['kind'], beat['seq'], beat['intervalMs'], beat['counters']['recorded']),
                         ('emitter.heartbeat', 1, 3_600_000, 1))
        last = [request['headers'].get('deponent-emitter-head') for request in self.ledger.requests][2]
        self.assertEqual((closed['kind'], closed['seq'], closed['head']), ('emitter.closed', 2, last.split(' ')[3]))

    def test_an_event_loop_is_not_blocked(self):
        async def main():
            async with self.client() as client:
                client.record(model_id='m', prediction=1)
                self.assertEqual(await client.aflush(), 0)

        asyncio.run(main())
        self.assertEqual(len(self.decisions()), 1)

    def test_many_threads_lose_nothing_and_count_right(self):
        client = self.client(batch_size=50)
        threads = [threading.Thread(target=lambda: [client.record(model_id='m', prediction=1) for _ in range(200)])
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(client.flush(), 0)
        self.assertEqual(len({record['decisionId'] for record in self.decisions()}), 1_600)
        self.assertEqual((client.stats()['reported'], client.stats()['recorded']), (1_600, 1_600))
        self.assert_chain_holds()


class Trouble(SendingTest):
    def test_what_is_not_taken_is_sent_again_unchanged(self):
        self.ledger.answers.extend([(503, {}), None, (401, {})])
        client = self.client()
        client.record(model_id='m', prediction=1)
        self.assertEqual(client.flush(20), 0)
        self.assertEqual(len(self.ledger.requests), 4)
        self.assertEqual(len({request['lines'][0] for request in self.ledger.requests}), 1)
        self.assertEqual([issue.code for issue in self.issues], ['unreachable'] * 3)
        self.assertEqual((client.stats()['retries'], client.stats()['recorded']), (3, 1))

    def test_a_server_that_asks_for_time_gets_it(self):
        self.ledger.answers.append((429, {'Retry-After': '70'}))
        client = self.client()
        client.record(model_id='m', prediction=1)
        client.flush(0.5)
        self.assertEqual([(issue.status, issue.retry_in_seconds) for issue in self.issues], [(429, 70.0)])
        self.assertEqual(client.flush(20), 0)

    def test_a_redirect_is_not_followed_with_the_key(self):
        self.ledger.answers.append((307, {'Location': self.ledger.url + '/elsewhere'}))
        client = self.client()
        client.record(model_id='m', prediction=1)
        client.flush(20)
        self.assertEqual([request['path'] for request in self.ledger.requests], ['/v1/decisions'] * 2)

    def test_a_request_that_is_too_large_is_halved_until_it_fits(self):
        self.ledger.records_max = 3
        client = self.client(batch_size=10)
        for number in range(10):
            client.record(model_id='m', prediction=number)
        self.assertEqual(client.flush(), 0)
        self.assertEqual([record['prediction'] for record in self.decisions()], list(range(10)))
        self.assert_chain_holds()

    def test_a_record_that_is_refused_alone_is_a_declared_loss(self):
        self.ledger.records_max = 0
        client = self.client()
        client.record(model_id='m', prediction=1)
        self.assertEqual(client.flush(), 0)
        self.ledger.records_max = 100
        client.record(model_id='m', prediction=2)
        client.close()
        loss = next(record for record in self.ledger.kept() if record.get('kind') == 'emitter.loss')
        self.assertEqual((loss['seq'], loss['reason'], len(loss['link'])), (1, 'refused', 64))
        self.assertEqual(client.stats()['lost'], 1)
        self.assert_chain_holds()

    def test_a_rejected_record_is_told_of_and_takes_nothing_else_with_it(self):
        self.ledger.rejects = lambda record: record.get('prediction') == 2
        client = self.client()
        ids = [client.record(model_id='m', prediction=number) for number in range(4)]
        client.flush()
        self.assertEqual([(issue.code, issue.record_id, issue.faults[0]['path']) for issue in self.issues],
                         [('rejected', ids[2], '/modelId')])
        self.assertEqual((client.stats()['recorded'], client.stats()['rejected']), (3, 1))

    def test_a_full_queue_turns_newcomers_away_and_declares_them_lost(self):
        self.ledger.is_away = True
        client = self.client(max_queued_records=5, batch_size=100, flush_interval=3600)
        for number in range(9):
            client.record(model_id='m', prediction=number)
        self.ledger.is_away = False
        client.close()
        self.assertEqual([record['prediction'] for record in self.decisions()], list(range(5)))
        loss = next(record for record in self.ledger.kept() if record.get('kind') == 'emitter.loss')
        self.assertEqual((loss['seq'], loss['seqTo'], loss['reason']), (6, 9, 'queue_full'))
        self.assertEqual([(issue.reason, issue.count) for issue in self.issues], [('queue_full', 4)])
        self.assert_chain_holds()

    def test_what_is_left_at_the_end_is_lost_and_so_is_what_comes_later(self):
        self.ledger.is_away = True
        client = self.client()
        client.record(model_id='m', prediction=1)
        client.close(0.2)
        client.record(model_id='m', prediction=2)
        self.assertEqual([issue.reason for issue in self.issues if issue.code == 'lost'], ['closed', 'closed'])
        stats = client.stats()
        self.assertEqual((stats['reported'], stats['lost'], stats['waiting']), (2, 2, 0))

    def test_an_error_handler_that_raises_harms_nobody(self):
        def angry(issue):
            raise RuntimeError('no')

        self.ledger.answers.append((503, {}))
        client = self.client(on_error=angry)
        client.record(model_id='m', prediction=1)
        self.assertEqual(client.flush(20), 0)

    def test_a_server_that_forgets_a_record_is_asked_again(self):
        judge, forgetful = self.ledger._judge, [True]

        def forgets(records):
            answer = judge(records)
            if forgetful:
                forgetful.pop()
                answer['receipts'].pop()
            return answer

        self.ledger._judge = forgets
        client = self.client()
        for number in range(3):
            client.record(model_id='m', prediction=number)
        client.flush(0.5)
        client.flush(20)
        self.assertEqual([len(request['records']) for request in self.ledger.requests], [3, 1])
        self.assertEqual(client.stats()['recorded'], 3)

    def test_what_it_cannot_work_with_is_refused_at_once(self):
        for options in ({'url': 'ftp://x', 'key': 'k'}, {'url': 'http://x'}, {}, {'url': 'http://x', 'key': 'a\nb'},
                        {'url': 'http://x', 'key': 'k', 'emitter_id': '-'}, {'sink': 'stdout'},
                        {'url': 'http://x', 'key': 'k', 'sink': StdoutSink()}):
            with self.assertRaises(ValueError):
                Deponent(**options)


class Answers(unittest.TestCase):
    def test_a_server_may_ask_for_time_in_seconds_or_by_a_date(self):
        self.assertEqual(retry_after_of('120', 0), 120.0)
        self.assertEqual(retry_after_of('Thu, 01 Jan 1970 00:02:00 GMT', 60), 60.0)
        for header in (None, '', 'soon', 'inf', 'nan'):
            self.assertIsNone(retry_after_of(header, 0))
        self.assertEqual(retry_after_of('-5', 0), 0.0)

    def test_waits_grow_are_jittered_and_end(self):
        for failures in range(40):
            ceiling = min(0.25 * 2**failures, 30.0)
            self.assertTrue(ceiling / 2 <= backoff(failures) <= ceiling)
        self.assertEqual(backoff(0, 100.0), 100.0)
        self.assertEqual(backoff(0, 1e9), RETRY_AFTER_MAX_SECONDS)

    def test_an_answer_that_is_none_is_tried_again(self):
        for status, body in ((200, b'<html>'), (201, b'{}'), (201, b'{"receipts":[{}],"errors":[]}'), (500, b'[' * 9_999)):
            self.assertEqual(answer_of(status, body, None).outcome, 'retry')
        self.assertEqual(answer_of(409, b'{"code":"x"}', None).message, 'the server answered 409 (x)')

    def test_a_ledger_that_became_shorter_is_told_of(self):
        issues = []
        seen = Seen(issues.append)

        def note(size, root='r', origin='o'):
            return base64.b64encode(('%s\n%d\n%s\n' % (origin, size, root)).encode()).decode()

        for header in (None, '???', note(3), note(5), note(5)):
            seen.take(header)
        self.assertEqual((issues, seen.headers()), ([], {'Deponent-Seen': note(5)}))
        for header in (note(4), note(5, 'other'), note(9, origin='p')):
            seen.take(header)
        self.assertEqual([issue.code for issue in issues], ['contradiction'] * 3)
        self.assertEqual(seen.headers(), {'Deponent-Seen': note(5)})


if __name__ == '__main__':
    unittest.main()
