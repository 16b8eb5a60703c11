/** The file of spans that wait: what is in it, and until when. */
import { afterEach, expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { newPlace } from '../recording/open-tenant.ts'
import { takeSpans, until } from './open-traces.ts'
import { chat, closeAll, has, open, spansFile, spansInFile } from './traced-ledger.ts'

afterEach(closeAll)

test('what was recorded is gone from the file of what waits', async () => {
  const place = await newPlace()
  const opened = await open(place)
  const { traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  const path = spansFile(place)
  expect(await realDisk.size(path)).toBeGreaterThan(0)
  await until(clock, async () => (await realDisk.size(path)) === 0)
  expect(await has(opened, 'trace.span', 1)()).toBe(true)
})

test('what was recorded is gone from the file at the end, and what waits is in it', async () => {
  const place = await newPlace()
  const opened = await open(place)
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  await takeSpans(traces, { id: 'below', trace: '1'.repeat(32), parent: 'missing', attributes: chat })
  await until(clock, has(opened, 'trace.span', 1))
  await traces.close()
  expect(await spansInFile(place, tenant)).toEqual(['below'])
})

test('what is being recorded stays in the file of what waits, however long that takes', async () => {
  const place = await newPlace()
  const gate = Promise.withResolvers<void>()
  let calls = 0
  const opened = await open(place, {
    recorderOver: (recorder) => ({
      findDecisions: (...about) => recorder.findDecisions(...about),
      seenTelemetry: (...about) => recorder.seenTelemetry(...about),
      record: async (submissions) => {
        calls += 1
        if (calls === 1) await gate.promise
        return recorder.record(submissions)
      },
    }),
  })
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'slow', attributes: chat })
  await until(clock, () => calls === 1)
  await takeSpans(traces, { id: 'quick', trace: '1'.repeat(32), attributes: chat })
  for (let second = 0; second < 100; second += 1) {
    clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(await spansInFile(place, tenant)).toEqual(['slow', 'quick'])
  gate.resolve()
  await until(clock, has(opened, 'trace.span', 2))
})
