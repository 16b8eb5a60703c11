import { formatNote, parseNote } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkHead } from '../../packages/dashboard/src/proof/head.ts'
import type { HeadEvidence } from '../../packages/dashboard/src/proof/head.ts'
import { keysIn } from '../../packages/dashboard/src/proof/keys.ts'
import type { Pin } from '../../packages/dashboard/src/proof/memory.ts'
import { isWitnessed } from '../../packages/dashboard/src/proof/steps.ts'
import { CHECKPOINT_SIGNER, checkpointNote } from '../format/ledger-of-tests.ts'
import { witness } from '../format/signer.ts'
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

describe('a witness', () => {
  const [named, other] = [
    witness('witness.example/a', 31, 1_795_000_000),
    witness('witness.example/b', 32, 1_795_000_000),
  ]
  const signed = checkpointNote(9, LEAF_HASHES)
  const text = parseNote(signed).text
  const cosignedNote = formatNote(text, [...parseNote(signed).signatures, named.sign(text)])
  const under = (note: string, witnessVkeys: readonly string[], source: Pin['source'] = 'pasted') =>
    checkHead({ ...headOf(9), note, pin: { ...PIN, source, witnessVkeys } })
  const stateOf = ({ steps }: ReturnType<typeof checkHead>) =>
    steps.find(({ title }) => title === 'Outside witness')?.state

  test('the reader named and that cosigned counts', () => {
    const check = under(cosignedNote, [named.key.vkey])
    expect([check.outcome, stateOf(check), isWitnessed(check.steps)]).toEqual(['pasted-key', 'passed', true])
  })

  test('that has not cosigned yet accuses nobody', () => {
    const check = under(cosignedNote, [named.key.vkey, other.key.vkey])
    expect([check.outcome, stateOf(check)]).toEqual(['pasted-key', 'open'])
  })

  test('whose cosignature does not verify fails the check', () => {
    const line = named.sign(text)
    const forged = { ...line, signature: line.signature.with(30, line.signature[30]! ^ 1) }
    const check = under(formatNote(text, [...parseNote(signed).signatures, forged]), [named.key.vkey])
    expect([check.outcome, stateOf(check)]).toEqual(['failed', 'failed'])
  })

  test('only the server named does not count', () => {
    expect(stateOf(under(cosignedNote, [named.key.vkey], 'first-seen'))).toBe('open')
  })

  test('is found in a policy or a trust file that was pasted', () => {
    const origin = text.split('\n')[0]!
    const { vkey } = CHECKPOINT_SIGNER.key
    const policy = `log ${vkey}\nwitness w ${named.key.vkey} https://w.example/\nquorum w\n`
    const file = JSON.stringify({
      ledgers: [{ origin, keys: [{ vkey, use: 'checkpoint' }], witnesses: [named.key.vkey] }],
    })
    for (const pasted of [policy, file]) {
      expect(keysIn(pasted, origin)).toMatchObject({ checkpointVkey: vkey, witnessVkeys: [named.key.vkey] })
    }
  })
})
