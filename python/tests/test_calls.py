"""Whatever a wrapped function does, its caller sees the same, and there is one record of it."""
import asyncio
import concurrent.futures
import functools
import inspect
import unittest
import unittest.mock

from deponent import AIAuditLogger, Deponent, context
from deponent.answer import Answer


class MemorySink:
    """Keeps what it is given."""

    is_ledger = False

    def __init__(self):
        self.lines = []

    def prepare(self, on_error):
        pass

    def deliver(self, path, lines, head, timeout):
        import json

        self.lines += [dict(json.loads(line), path=path) for line in lines]
        return Answer('kept')


class CallTest(unittest.TestCase):
    def setUp(self):
        self.sink = MemorySink()
        self.issues = []
        self.deponent = Deponent(sink=self.sink, on_error=self.issues.append)
        self.audit = functools.partial(self.deponent.audit, model_id='m')

    def tearDown(self):
        self.deponent.close()

    def records(self):
        self.assertEqual(self.deponent.flush(), 0)
        return self.sink.lines

    def the_record(self):
        records = self.records()
        self.assertEqual(len(records), 1, records)
        return records[0]


class Resisting:
    """An object every look at which raises, at its class too."""

    def __getattribute__(self, name):
        raise RuntimeError('no')


class Functions(CallTest):
    def test_what_resists_being_looked_at_goes_in_and_out_as_it_is(self):
        given = Resisting()
        self.assertIs(self.audit(lambda value: value)(given), given)
        self.assertIs(self.audit(lambda: given, describe=lambda result: result)(), given)
        self.assertIs(list(self.audit(lambda: iter([given]))())[0], given)

        def yielding():
            yield given
            yield 'after'

        async def resolving():
            return given

        async def passing():
            yield given

        async def read():
            return [item async for item in self.audit(passing)()]

        self.assertIs(list(self.audit(yielding)())[0], given)
        self.assertIs(asyncio.run(self.audit(resolving)()), given)
        self.assertIs(asyncio.run(read())[0], given)
        self.assertEqual([record['status'] for record in self.records()], ['ok'] * 6)

    def test_a_result_reaches_the_caller_and_the_record(self):
        result = {'score': 0.5}
        decide = self.audit(lambda income, age: result)
        self.assertIs(decide(10, age=3), result)
        record = self.the_record()
        self.assertEqual((record['status'], record['prediction'], record['input'], record['model_id']),
                         ('ok', {'score': 0.5}, {'income': 10, 'age': 3}, 'm'))
        self.assertGreaterEqual(record['latencyMs'], 0)

    def test_an_error_reaches_the_caller_unchanged_and_is_recorded(self):
        error = KeyError('no such applicant')

        @self.audit
        def decide(applicant):
            raise error

        with self.assertRaises(KeyError) as raised:
            decide('ada')
        self.assertIs(raised.exception, error)
        record = self.the_record()
        self.assertEqual((record['status'], record['error'], record['input']),
                         ('error', {'type': 'KeyError', 'message': "'no such applicant'"}, 'ada'))

    def test_what_calls_itself_a_timeout_is_one(self):
        class ReadTimeout(Exception):
            pass

        for error in (TimeoutError(), asyncio.TimeoutError(), concurrent.futures.TimeoutError(), ReadTimeout()):
            with self.assertRaises(type(error)):
                self.audit(raising(error))()
        self.assertEqual([record['status'] for record in self.records()], ['timeout'] * 4)

    def test_a_model_that_will_not_answer_is_recorded_as_refusing(self):
        class Message:
            refusal = 'I cannot help with that'

        class Choice:
            message = Message()

        class Completion:
            choices = [Choice()]

        for result in ({'stop_reason': 'refusal'}, Completion(), {'choices': [{'finish_reason': 'content_filter'}]}, 'refusal'):
            self.audit(lambda result=result: result)()
        self.assertEqual([record['status'] for record in self.records()], ['refused', 'refused', 'refused', 'ok'])

    def test_a_defect_in_here_is_told_and_the_call_goes_on(self):
        with unittest.mock.patch('deponent.calls.status_of_result', side_effect=AttributeError('a defect')):
            self.assertEqual(self.audit(lambda: 7)(), 7)
        self.assertEqual([str(issue) for issue in self.issues], ['capture failed: recording raised AttributeError'])

    def test_the_end_of_the_process_is_recorded_and_goes_on(self):
        for error in (KeyboardInterrupt(), SystemExit(3)):
            with self.assertRaises(type(error)):
                self.audit(raising(error))()
        self.assertEqual([record['error']['type'] for record in self.records()], ['KeyboardInterrupt', 'SystemExit'])

    def test_the_input_is_what_it_was_before_the_call(self):
        self.audit(lambda items: items.clear())([1, 2])
        record = self.the_record()
        self.assertEqual((record['input'], record['prediction']), ([1, 2], '[None]'))

    def test_a_call_that_does_not_fit_the_function_fails_as_it_would(self):
        with self.assertRaises(TypeError):
            self.audit(lambda a: a)(1, 2)
        self.assertEqual(self.the_record()['error']['type'], 'TypeError')

    def test_methods_are_recorded_without_the_object_they_belong_to(self):
        audit = self.audit

        class Model:
            def __init__(self):
                self.weights = [1]

            @audit
            def bound(self, x):
                return x + self.weights[0]

            @audit
            @classmethod
            def of_class(cls, x):
                return cls.__name__

            @audit
            @staticmethod
            def of_none(x):
                return x

        self.assertEqual((Model().bound(1), Model.of_class(2), Model.of_none(3)), (2, 'Model', 3))
        self.assertEqual([record['input'] for record in self.records()], [1, 2, 3])

    def test_what_is_recorded_can_be_chosen(self):
        self.deponent.audit(lambda a, b: a + b, model_id='m', purpose='test', input=lambda a, b: {'a': a},
                            output=lambda result: -result, describe=lambda result, a, b: {'confidence': 0.5})(1, 2)
        self.deponent.audit(lambda a: a, model_id='m', input=False, output=False)(1)
        chosen, nothing = self.records()
        self.assertEqual((chosen['input'], chosen['prediction'], chosen['confidence'], chosen['purpose']),
                         ({'a': 1}, -3, 0.5, 'test'))
        self.assertEqual(('input' in nothing, nothing['prediction']), (False, '[not captured]'))

    def test_hooks_that_raise_cost_what_they_should_have_given_and_nothing_else(self):
        fail = raising(ValueError('secret'))
        decide = self.deponent.audit(lambda a: a, model_id='m', input=fail, output=fail, describe=fail)
        self.assertEqual(decide(1), 1)
        self.assertEqual(self.the_record()['prediction'], '[not captured]')
        self.assertEqual([str(issue) for issue in self.issues],
                         ['capture failed: %s raised ValueError' % what for what in ('input', 'output', 'describe')])

    def test_a_wrapped_function_looks_like_the_function(self):
        @self.audit
        def decide(a: int) -> int:
            """Decides."""
            return a

        self.assertEqual((decide.__name__, decide.__doc__, str(inspect.signature(decide))),
                         ('decide', 'Decides.', '(a: int) -> int'))

    def test_a_stream_that_is_returned_is_not_read(self):
        stream = iter([1, 2])
        self.assertIs(self.audit(lambda: stream)(), stream)
        self.assertEqual(list(stream), [1, 2])
        self.assertEqual(self.the_record()['prediction'], '[stream]')

    def test_the_context_is_recorded(self):
        with context(user_id='u', trace_id='t'), self.deponent.context(session_id='s'):
            self.audit(lambda: 1)()
        record = self.the_record()
        self.assertEqual((record['user_id'], record['trace_id'], record['session_id']), ('u', 't', 's'))


class Generators(CallTest):
    def test_texts_are_joined_and_the_generator_is_still_one(self):
        @self.audit
        def stream(prompt):
            got = yield 'Hel'
            yield 'lo' + got
            return 9

        self.assertTrue(inspect.isgeneratorfunction(stream))
        running = stream('hi')
        self.assertEqual((next(running), running.send('!')), ('Hel', 'lo!'))
        with self.assertRaises(StopIteration) as stopped:
            next(running)
        self.assertEqual(stopped.exception.value, 9)
        record = self.the_record()
        self.assertEqual((record['prediction'], record['input'], record['status']), ('Hello!', 'hi', 'ok'))

    def test_errors_go_in_and_out_of_it(self):
        caught = []

        @self.audit
        def stream():
            try:
                yield 1
            except KeyError as error:
                caught.append(error)
                yield 2
            raise ValueError('broken')

        running = stream()
        next(running)
        thrown = KeyError('x')
        self.assertEqual(running.throw(thrown), 2)
        with self.assertRaisesRegex(ValueError, 'broken'):
            next(running)
        self.assertEqual(caught, [thrown])
        record = self.the_record()
        self.assertEqual((record['status'], record['error']['type'], record['prediction']), ('error', 'ValueError', [1, 2]))

    def test_one_that_its_reader_leaves_is_recorded_as_left(self):
        closed = []

        @self.audit
        def stream():
            try:
                yield from 'abc'
            finally:
                closed.append(True)

        for _ in stream():
            break
        self.assertEqual(closed, [True])
        record = self.the_record()
        self.assertEqual((record['status'], record['error']['type'], record['prediction']), ('error', 'GeneratorExit', 'a'))

    def test_of_an_endless_one_only_so_much_is_recorded(self):
        @self.audit
        def stream():
            for number in range(5_000):
                yield number

        self.assertEqual(sum(1 for _ in stream()), 5_000)
        prediction = self.the_record()['prediction']
        self.assertEqual((len(prediction), prediction[-1]), (1_001, '[4000 more]'))


class Coroutines(CallTest):
    def test_a_coroutine_function_is_still_one(self):
        @self.audit
        async def decide(x):
            await asyncio.sleep(0)
            return x + 1

        self.assertTrue(inspect.iscoroutinefunction(decide))
        self.assertEqual(asyncio.run(decide(1)), 2)
        record = self.the_record()
        self.assertEqual((record['status'], record['prediction'], record['input']), ('ok', 2, 1))

    def test_a_cancelled_one_is_recorded_and_still_cancelled(self):
        @self.audit
        async def decide():
            await asyncio.sleep(60)

        async def main():
            task = asyncio.ensure_future(decide())
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return task.cancelled()

        self.assertTrue(asyncio.run(main()))
        record = self.the_record()
        self.assertEqual((record['status'], record['error']['type']), ('error', 'CancelledError'))

    def test_one_that_takes_too_long_is_a_timeout_where_it_is_awaited(self):
        @self.audit
        async def decide():
            await asyncio.wait_for(asyncio.sleep(60), 0.001)

        with self.assertRaises(asyncio.TimeoutError):
            asyncio.run(decide())
        self.assertEqual(self.the_record()['status'], 'timeout')

    def test_what_gives_a_coroutine_or_a_future_is_recorded_when_that_is_done(self):
        async def add(a, b):
            return a + b

        partial = self.audit(functools.partial(add, 1))
        self.assertEqual(asyncio.run(partial(2)), 3)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            future = self.audit(lambda: pool.submit(lambda: 7))()
            self.assertEqual(future.result(), 7)
            failing = self.audit(lambda: pool.submit(raising(ValueError('no'))))()
            self.assertIsInstance(failing.exception(), ValueError)
        self.assertEqual([record.get('prediction', record.get('error', {}).get('type')) for record in self.records()],
                         [3, 7, 'ValueError'])

    def test_async_generators_are_recorded_whole_broken_and_left(self):
        @self.audit
        async def stream(kind):
            got = yield 'a'
            yield got or 'b'
            if kind == 'broken':
                raise ValueError('broken')

        async def main():
            self.assertTrue(inspect.isasyncgenfunction(stream))
            self.assertEqual([item async for item in stream('whole')], ['a', 'b'])
            with self.assertRaisesRegex(ValueError, 'broken'):
                [item async for item in stream('broken')]
            left = stream('left')
            self.assertEqual((await left.__anext__(), await left.asend('x')), ('a', 'x'))
            await left.aclose()

        asyncio.run(main())
        self.assertEqual([(record['prediction'], record.get('error', {}).get('type')) for record in self.records()],
                         [('ab', None), ('ab', 'ValueError'), ('ax', 'GeneratorExit')])

    def test_each_task_has_its_own_context(self):
        @self.audit
        async def decide():
            await asyncio.sleep(0)
            return 1

        async def request(user):
            with context(user_id=user):
                await decide()

        async def main():
            await asyncio.gather(*(request('u%d' % number) for number in range(5)))

        asyncio.run(main())
        self.assertEqual(sorted(record['user_id'] for record in self.records()), ['u0', 'u1', 'u2', 'u3', 'u4'])


class Blocks(CallTest):
    def test_a_block_is_one_decision(self):
        with self.deponent.decision(model_id='m', input={'income': 3}) as decision:
            decision.set(prediction='approve', confidence=0.9)
        record = self.the_record()
        self.assertEqual((record['prediction'], record['decision_id'], record['input']),
                         ('approve', decision.decision_id, {'income': 3}))

    def test_a_block_that_fails_is_recorded_and_fails(self):
        with self.assertRaisesRegex(ValueError, 'no'):
            with self.deponent.decision(model_id='m') as decision:
                decision.set(prediction='approve')
                raise ValueError('no')
        self.assertEqual((self.the_record()['status'], self.the_record()['prediction']), ('error', 'approve'))


class Records(CallTest):
    def test_everything_else_about_a_decision_is_recorded_too(self):
        deponent = self.deponent
        deponent.review('d', verdict='override', reviewer_id='r')
        deponent.outcome('d', 1)
        deponent.explanation('d', reasoning='because')
        deponent.contest('d', grounds='wrong income')
        deponent.comment('d', 'looked at')
        deponent.score('d', 'helpful', 0.5)
        with context(trace_id='t', user_id='u'):
            deponent.action('mail sent', decision_id='d')
            deponent.query(input='how?', model_id='m')
        deponent.lifecycle('m', 'deployed', model_version='2')
        deponent.system('credit', owner='ada', risk_tier='high')
        deponent.dataset('loans-2025', version='1')
        deponent.lineage('training-7', ['loans-2025'], code_commit='abc')
        records = self.records()
        self.assertEqual([record['kind'] for record in records[-3:]],
                         ['system.declared', 'dataset.registered', 'dataset.transformed'])
        self.assertEqual((records[-3]['name'], records[-3]['system']), ('credit', 'credit'))
        self.assertEqual([record['kind'] for record in records[:-3]],
                         ['review', 'outcome', 'explanation', 'contest', 'comment', 'score', 'action', 'query', 'model.deployed'])
        self.assertEqual({record['path'] for record in records}, {'/v1/records'})
        self.assertEqual([record.get('trace_id') for record in records[6:8]], ['t', 't'])
        self.assertEqual(('user_id' in records[6], records[7]['user_id']), (False, 'u'))

    def test_a_logger_with_one_call_records_the_same(self):
        logger = AIAuditLogger(client=self.deponent)
        named = logger.log_decision(
            'm', '2', input_data={'income': 1}, output='approve', confidence=0.5, user_id='u', session_id='s',
            explanation={'reasoning': 'r'}, metadata={'k': 1}, trace_id='t', latency_ms=3, affected_user_id='a')
        logger.log_decision('m', prediction=0)
        first, second = self.records()
        self.assertEqual(first['decisionId'], named)
        self.assertEqual({name: first[name] for name in (
            'model_version', 'input', 'prediction', 'confidence', 'user_id', 'session_id', 'explanation', 'metadata',
            'trace_id', 'latency_ms', 'affected_user_id')}, {
            'model_version': '2', 'input': {'income': 1}, 'prediction': 'approve', 'confidence': 0.5, 'user_id': 'u',
            'session_id': 's', 'explanation': {'reasoning': 'r'}, 'metadata': {'k': 1}, 'trace_id': 't', 'latency_ms': 3,
            'affected_user_id': 'a'})
        self.assertEqual(second['prediction'], 0)

    def test_a_logger_takes_explanations_of_any_shape(self):
        logger = AIAuditLogger(client=self.deponent)
        for given in ('because', {'topFeatures': []}, ['a', 'b'], 7):
            logger.log_decision('m', output=1, explanation=given)
        self.assertEqual([record['explanation'] for record in self.records()],
                         ['because', {'topFeatures': []}, {'reasoning': ['a', 'b']}, {'reasoning': '7'}])

    def test_nothing_raises_into_the_application(self):
        class Angry:
            def __getattribute__(self, name):
                raise RuntimeError('no')

        self.assertRegex(self.deponent.record(model_id='m', prediction=Angry()), '-7')
        self.assertRegex(self.deponent.record({'model_id': 'm', 'prediction': 1}, tags={1, 2}), '-7')
        self.assertEqual(self.deponent.record(Angry()) != '', True)
        self.assertEqual(len(self.records()), 2)
        self.assertEqual([issue.reason for issue in self.issues], ['unserialisable'])

    def test_redaction_comes_before_anything_is_kept_and_its_failure_is_a_loss(self):
        def redact(record):
            if record['prediction'] == 'fail':
                raise ValueError('secret')
            record['input'].pop('name')
            return record

        given = {'name': 'Ada', 'income': 1}
        client = Deponent(sink=self.sink, redact=redact, on_error=self.issues.append)
        client.record(model_id='m', prediction='x', input=given)
        client.record(model_id='m', prediction='fail', input=given)
        client.close()
        self.assertEqual((self.sink.lines[0]['input'], len(self.sink.lines), given['name']), ({'income': 1}, 1, 'Ada'))
        self.assertEqual([(issue.reason, issue.message) for issue in self.issues], [('redaction_failed', 'ValueError')])
        self.assertEqual(client.stats()['lost'], 1)

    def test_what_redaction_gives_nothing_back_for_is_a_loss_too(self):
        client = Deponent(sink=self.sink, redact=lambda record: None, on_error=self.issues.append)
        client.record(model_id='m', prediction='x')
        client.close()
        self.assertEqual(([issue.reason for issue in self.issues], self.sink.lines), (['redacted'], []))

    def test_inputs_and_outputs_can_be_left_out_and_a_context_be_always_there(self):
        client = Deponent(sink=self.sink, include_inputs=False, include_outputs=False, context={'environment': 'staging'})
        client.audit(lambda x: x, model_id='m')('secret')
        client.record(modelId='m', messages=[{'content': 'secret'}], input_features={'a': 1}, environment='production')
        client.close()
        first, second = self.sink.lines
        self.assertNotIn('secret', str(self.sink.lines))
        self.assertEqual((first['prediction'], second['prediction']), ('[not captured]', '[not captured]'))
        self.assertEqual((first['environment'], second['environment'], 'input_features' in second), ('staging', 'production', False))


def raising(error):
    def fail(*args, **kwargs):
        raise error

    return fail


if __name__ == '__main__':
    unittest.main()
