/** What an erasure leaves of a person in spans that wait and in what is remembered of those that were recorded. */
import { copyFile, cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { newTrace, RecordedTraces } from '../../packages/server/src/traces/recorded-traces.ts'
import { SealedJournal } from '../../packages/server/src/vault/sealed-journal.ts'
import { requestAbout } from '../erasure/erasing.ts'
import { openLedgers } from '../hosting/open-ledgers.ts'
import { loan, newPlace, submission } from '../recording/open-tenant.ts'
import { recordsOf, takeSpans, until } from './open-traces.ts'
import { chat, closeAll, closing, erase, has, open, spansFile, spansInFile } from './traced-ledger.ts'

afterEach(closeAll)

const theirs = { ...chat, 'audit.subject.id': 'p-1' }
const waiting = { id: 'below', trace: '1'.repeat(32), parent: 'missing', attributes: chat }

test('an erasure is complete once the file of spans holds nothing of what it erased', async () => {
  const place = await newPlace()
  const opened = await open(place)
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: theirs })
  await takeSpans(traces, waiting)
  await until(clock, has(opened, 'trace.span', 1))
  expect(await spansInFile(place, tenant)).toEqual(['llm', 'below'])
  await erase(opened, 'p-1')
  expect(await spansInFile(place, tenant)).toEqual(['below'])
})

test('an erasure takes along what a process that died left in the file of spans', async () => {
  const place = await newPlace()
  const before = await open(place)
  await takeSpans(before.traces, { id: 'llm', attributes: theirs })
  await takeSpans(before.traces, waiting)
  await copyFile(spansFile(place), `${place.data}-spans`)
  await until(before.clock, has(before, 'trace.span', 1))
  await before.close()
  await copyFile(`${place.data}-spans`, spansFile(place))
  const opened = await open(place)
  const { tenant, traces, clock } = opened
  expect(traces.waiting).toBe(2)
  await erase(opened, 'p-1')
  expect(await spansInFile(place, tenant)).toEqual(['below'])
  await until(clock, () => traces.waiting === 0)
})

test('a span of no decision that comes after the erasure of whom its trace was about is refused', async () => {
  const refused: string[] = []
  const opened = await open(undefined, { refused })
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'http', attributes: { 'audit.subject.id': 'p-1' } })
  await until(clock, has(opened, 'trace.span', 1))
  await erase(opened, 'p-1')
  await takeSpans(traces, { id: 'sql', parent: 'http' })
  await until(clock, () => traces.waiting === 0)
  await traces.close()
  expect(refused).toEqual(['erased'])
  expect(await recordsOf(tenant, 'trace.span')).toEqual([])
})

test('what is remembered of a trace names neither the erased nor their decision, and knows where that was', () => {
  const remembered = new RecordedTraces()
  const [theirs, another] = [newTrace(), newTrace()]
  for (const [index, trace] of [theirs, another].entries()) {
    const decisionId = `of-p-${index}`
    trace.known.set('s', { spanId: 's', parentSpanId: '', role: 'agent', isDeclared: true, decisionId })
    trace.decisions.set('s', { index, id: `entry-${index}` })
    trace.entryIds.set(decisionId, `entry-${index}`)
    trace.entries.add(index)
    trace.subjects.add(`p-${index}`)
    remembered.put(`trace-${index}`, trace)
  }
  remembered.erase(new Set([0]))
  expect([...theirs.subjects, ...theirs.entryIds.keys()]).toEqual(['entry-0'])
  expect(theirs.known.get('s')?.decisionId).toBe('entry-0')
  expect(theirs.decisions.get('s')).toEqual({ index: 0, id: 'entry-0' })
  expect([...another.subjects, ...another.entryIds.keys()]).toEqual(['p-1', 'of-p-1'])
})

test('who was erased does not come back with the spans of an older copy that was put back by hand', async () => {
  const place = await newPlace()
  const before = await openLedgers(place)
  const ledger = before.ledgers.default
  await ledger.tenant.recorder.record([submission(loan(0, { affectedUserId: 'p-1' }))])
  await takeSpans(ledger.traces, { id: 'llm', attributes: theirs })
  expect(await ledger.tenant.ledger.published(ledger.tenant.ledger.size, 30_000)).toBe(true)
  await cp(place.data, `${place.data}-older`, { recursive: true })
  await ledger.erasures.request(requestAbout(ledger.tenant, 'p-1'))
  await ledger.erasures.settled()
  await before.close()
  await rm(place.data, { recursive: true })
  await cp(`${place.data}-older`, place.data, { recursive: true })
  // What the signer knew is lost, and the head it printed accepted; the journal of erasures is there.
  for (const name of await readdir(place.signer))
    if (!name.endsWith('.erasures')) await rm(join(place.signer, name), { recursive: true })
  const after = await openLedgers(place, { acceptHead: true })
  closing.push(() => after.close())
  expect(after.ledgers.default.traces.waiting).toBe(0)
  expect(await realDisk.size(spansFile(place))).toBe(0)
  expect(after.told.join()).toContain('spans that waited are dropped')
})

test('an erasure is not complete while the file of spans cannot be read', async () => {
  const place = await newPlace()
  await (await openLedgers(place)).close()
  const file = { disk: realDisk, random: realRandom, path: spansFile(place) }
  const journal = await SealedJournal.open({ ...file, key: realRandom.bytes(32) })
  await journal.append(['of another key'])
  await journal.close()
  const { ledgers, close } = await openLedgers(place)
  closing.push(close)
  const { erasures, tenant } = ledgers.default
  await tenant.recorder.record([submission(loan(0, { affectedUserId: 'p-1' }))])
  const { erasure } = await erasures.request(requestAbout(tenant, 'p-1'))
  await erasures.settled()
  const status = erasures.status(erasure.id)
  expect(status?.erasure.outcome).toBeUndefined()
  expect(status?.failure).toContain('the file of spans that wait cannot be used')
})
