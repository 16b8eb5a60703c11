import { describe, expect, test } from 'vitest'
import { checkHead } from '../../packages/dashboard/src/proof/head.ts'
import type { HeadEvidence } from '../../packages/dashboard/src/proof/head.ts'
import { CHECKPOINT_SIGNER, checkpointNote } from '../format/ledger-of-tests.ts'
import { consistencyOf, headAt, LEAF_HASHES, PIN } from './ledger-on-a-page.ts'

function headOf(size: number, earlier?: HeadEvidence['earlier']): HeadEvidence {
  return {
    note: checkpointNote(size, LEAF_HASHES),
    shownKeys: { checkpointVkey: CHECKPOINT_SIGNER.key.vkey },
    pin: PIN,
    isNewPin: false,
    earlier,
  }
}

describe('the newest checkpoint', () => {
  test('passes when it extends the one seen before', async () => {
    const earlier = { head: headAt(4), consistency: await consistencyOf(4, 9) }
    expect(checkHead(headOf(9, earlier))).toMatchObject({ outcome: 'own-key', reasons: [] })
  })

  test('fails when the ledger is smaller than it was seen before', () => {
    const { outcome, reasons } = checkHead(headOf(4, { head: headAt(9), consistency: undefined }))
    expect(outcome).toBe('failed')
    expect(reasons.join(' ')).toContain('rolled back')
  })
})
