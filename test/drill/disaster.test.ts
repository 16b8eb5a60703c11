import { expect, test } from 'vitest'
import { hasComeBack, holdDisaster } from '../../packages/server/src/drill/disaster.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'

test('a data directory that was destroyed comes back valid from its backup, without the last entries and without who was erased', async () => {
  const report = await holdDisaster({ disk: realDisk, random: realRandom, decisions: 200, product: 'test' })
  expect(report).toMatchObject({ verdict: 'valid', erased: 3, readable: 0, refusal: 'ledger_behind' })
  // What was recorded after the last backup: decisions, and the entry of an erasure.
  expect(report.entriesBefore - report.entriesBack).toBe(21)
  expect(hasComeBack(report)).toBe(true)
  for (const worse of [{ verdict: 'incomplete' as const }, { readable: 1 }, { refusal: undefined }])
    expect(hasComeBack({ ...report, ...worse })).toBe(false)
})
