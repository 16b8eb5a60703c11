/** Whose spans and log records are: with whom they are erased, early or late, before a restart or after it. */
import { afterEach, expect, test } from 'vitest'
import { newPlace } from '../recording/open-tenant.ts'
import { recordsOf, takeLogs, takeSpans, until } from './open-traces.ts'
import { idOf, TRACE } from './spans.ts'
import { agent, chat, closeAll, erase, has, nameOf, open, type Opened, tool } from './traced-ledger.ts'

afterEach(closeAll)

const namesOf = async ({ tenant }: Opened, kind = 'trace.span'): Promise<unknown[]> =>
  (await recordsOf(tenant, kind)).map(({ name }) => name)

test('a late span that names a person goes with them where its decision names nobody', async () => {
  const opened = await open()
  const { traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  await until(clock, has(opened, 'trace.span', 1))
  const theirs = { ...tool, 'audit.subject.id': 'p-1' }
  await takeSpans(traces, { id: 'tool', parent: 'llm', attributes: theirs })
  await until(clock, has(opened, 'trace.span', 2))
  await erase(opened, 'p-1')
  expect(await namesOf(opened)).toEqual(['llm'])
})

test('a log record that comes after a restart goes with the person its decision is about', async () => {
  const place = await newPlace()
  const before = await open(place)
  await takeSpans(before.traces, { id: 'llm', attributes: { ...chat, 'audit.subject.id': 'p-1' } })
  await until(before.clock, has(before, 'trace.span', 1))
  await before.close()
  const opened = await open(place)
  await takeLogs(opened.traces, { traceId: TRACE, spanId: idOf('llm'), eventName: 'note' })
  await until(opened.clock, has(opened, 'trace.log', 1))
  expect(await recordsOf(opened.tenant, 'trace.log')).toMatchObject([
    { late: true, links: [{ rel: 'partOf' }] },
  ])
  await erase(opened, 'p-1')
  expect(await namesOf(opened, 'trace.log')).toEqual([])
})

test('a span that comes after a restart below one that was no decision goes with whom its trace is known to be about', async () => {
  const place = await newPlace()
  const before = await open(place)
  await takeSpans(
    before.traces,
    { id: 'llm', attributes: { ...chat, 'audit.subject.id': 'p-1' } },
    { id: 'tool', parent: 'llm', attributes: tool },
  )
  await until(before.clock, has(before, 'trace.span', 2))
  await before.close()
  const opened = await open(place)
  await takeSpans(opened.traces, { id: 'deep', parent: 'tool' }, { id: 'flat', parent: 'llm' })
  await until(opened.clock, has(opened, 'trace.span', 4))
  await erase(opened, 'p-1')
  expect(await namesOf(opened)).toEqual([])
})

test('what was recorded is not made into another decision by a restart that finds it waiting, and stays with whom it is about', async () => {
  const place = await newPlace()
  const before = await open(place)
  const named = { ...agent, 'audit.decision.id': 'loan-7', 'audit.subject.id': 'p-1' }
  await takeSpans(before.traces, { id: 'agent', attributes: named })
  await until(before.clock, has(before, 'trace.span', 1))
  const late = { id: 'llm', parent: 'agent', attributes: chat }
  await takeSpans(before.traces, late)
  await until(before.clock, has(before, 'trace.span', 2))
  await before.close()
  const opened = await open(place)
  await takeSpans(opened.traces, late, { id: 'tool', parent: 'llm', attributes: tool })
  await until(opened.clock, has(opened, 'trace.span', 3))
  expect(await recordsOf(opened.tenant, 'decision')).toMatchObject([{ decisionId: 'loan-7' }])
  await erase(opened, 'p-1')
  expect(await namesOf(opened)).toEqual([])
})

test('a chain that was recorded before there was a model below it is none the more a decision after a restart', async () => {
  const place = await newPlace()
  const before = await open(place)
  const chain = { id: 'chain', attributes: { 'openinference.span.kind': 'CHAIN' } }
  await takeSpans(before.traces, chain)
  await until(before.clock, has(before, 'trace.span', 1))
  await before.close()
  const opened = await open(place)
  await takeSpans(opened.traces, chain, { id: 'llm', parent: 'chain', attributes: chat })
  await until(opened.clock, has(opened, 'trace.span', 2))
  expect(await recordsOf(opened.tenant, 'decision')).toMatchObject([{ decisionId: nameOf('llm') }])
})
