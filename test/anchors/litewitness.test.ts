import { verifyCheckpointNote } from '@deponent/format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeUnless } from './describe-unless.ts'
import { checkpointKey, drafts, openLedger, ORIGIN } from '../ledger/open-ledger.ts'
import { ForeignWitness, noForeignWitness } from './foreign-witness.ts'
import { asking, cosigned, forkedPlaces, patiently, trusting } from './outside.ts'

describeUnless(noForeignWitness, 'litewitness, which nobody here wrote,', () => {
  let witness: ForeignWitness
  let fork: Awaited<ReturnType<typeof forkedPlaces>>
  beforeAll(async () => {
    witness = await ForeignWitness.start(ORIGIN, checkpointKey.vkey)
    fork = await forkedPlaces()
  })
  afterAll(() => witness.stop())

  test('cosigns a ledger as it grows', async () => {
    const ledger = await openLedger(fork[0], { outside: asking([witness]) })
    for (const [more, size] of [
      [1, 4],
      [1, 5],
      [600, 605],
    ] as const) {
      await ledger.append(drafts(more))
      await cosigned(ledger, size)
      expect(verifyCheckpointNote(ledger.checkpoint!.note, trusting([witness])).findings).toEqual([])
    }
    await ledger.close()
  })

  test.each([
    ['shorter', 2, 'witness_ahead'],
    ['as long', 600, 'inconsistent'],
    ['longer', 100, 'inconsistent'],
  ])('refuses a fork of it that is %s, and that is shown', async (_, more, code) => {
    const forked = await openLedger(fork[1], { outside: asking([witness]) })
    await forked.append(drafts(more))
    const expected = forked.size
    await patiently(() => {
      expect(forked.checkpoint?.size).toBe(expected)
      expect(forked.outside()?.witnesses[0]?.error?.code).toBe(code)
    })
    expect(forked.outside()?.quorum?.met).toBe(false)
    await forked.close()
  })
})
