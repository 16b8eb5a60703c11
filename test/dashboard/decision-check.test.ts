import { hashLeaf } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkDecision } from '../../packages/dashboard/src/proof/check.ts'
import type { Evidence } from '../../packages/dashboard/src/proof/check.ts'
import { keysIn } from '../../packages/dashboard/src/proof/keys.ts'
import { CHECKPOINT_SIGNER, ORIGIN, RECEIPT_SIGNER } from '../format/ledger-of-tests.ts'
import { signer } from '../format/signer.ts'
import { consistencyOf, ENTRIES, evidenceOf, headAt, LEAF_HASHES, PIN, proofOf } from './ledger-on-a-page.ts'

const OTHER_KEY = signer(ORIGIN, 99).key.vkey

function failedSteps(evidence: Evidence): string[] {
  return checkDecision(evidence)
    .steps.filter(({ state }) => state === 'failed')
    .map(({ title }) => title)
}

function stateOf(evidence: Evidence, title: string): string | undefined {
  return checkDecision(evidence).steps.find((step) => step.title === title)?.state
}

describe('the check of a decision', () => {
  test("rests on the operator's own key and says so for every decision of an untouched ledger", () => {
    for (const index of ENTRIES.keys()) {
      expect(checkDecision(evidenceOf(index))).toMatchObject({ outcome: 'own-key', reasons: [] })
    }
  })

  test('never claims an outside witness or checked field values', () => {
    expect(stateOf(evidenceOf(3), 'Outside witness')).toBe('open')
    expect(stateOf(evidenceOf(3), 'Field values')).toBe('open')
  })

  test('rests on a pasted key when the reader supplied one', () => {
    expect(checkDecision({ ...evidenceOf(3), pin: { ...PIN, source: 'pasted' } }).outcome).toBe('pasted-key')
  })

  test('fails for any entry with one changed byte', () => {
    const position = fc.nat(ENTRIES[5]!.length - 1)
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, change) => {
        const entry = ENTRIES[5]!.slice()
        entry[at]! ^= change
        expect(checkDecision({ ...evidenceOf(5), entry }).outcome).toBe('failed')
      }),
    )
  })

  test('fails when the proof is of another entry', () => {
    expect(failedSteps({ ...evidenceOf(5), proof: proofOf(6, ENTRIES.length) })).toContain('Path to the root')
  })

  test('fails when the page shows another decision than the entry holds', () => {
    const { decision, ...rest } = evidenceOf(5)
    expect(failedSteps({ ...rest, decision: { ...decision, id: evidenceOf(6).decision.id } })).toEqual([
      'Entry is this decision',
    ])
    expect(
      failedSteps({ ...rest, decision: { ...decision, receivedAt: '2026-01-01T00:00:00.000Z' } }),
    ).toEqual(['Entry is this decision'])
  })

  test('shouts when the server shows another key than the pinned one, even if all else verifies', () => {
    const { outcome } = checkDecision({ ...evidenceOf(5), shownKeys: { checkpointVkey: OTHER_KEY } })
    expect(outcome).toBe('key-changed')
  })

  test('fails when the checkpoint is signed by a key that is not the pinned one', () => {
    const pin = { ...PIN, checkpointVkey: OTHER_KEY }
    expect(failedSteps({ ...evidenceOf(5), pin, shownKeys: undefined })).toEqual(['Checkpoint signed'])
  })

  test('fails on a proof that cannot be read, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string(), (proof) => {
        expect(checkDecision({ ...evidenceOf(5), proof }).outcome).toBe('failed')
      }),
    )
  })
})

describe('the memory of earlier heads', () => {
  const HISTORY = 'Extends what was seen before'

  test('passes a ledger that only grew', async () => {
    for (const size of ENTRIES.keys()) {
      if (size === 0) continue
      const earlier = { head: headAt(size), consistency: await consistencyOf(size, ENTRIES.length) }
      expect(stateOf({ ...evidenceOf(0), earlier }, HISTORY)).toBe('passed')
    }
  })

  test('fails a ledger that rewrote what was seen, however consistent it is with itself', async () => {
    const rewritten = LEAF_HASHES.with(2, hashLeaf(ENTRIES[9]!))
    const evidence = { ...evidenceOf(0), proof: proofOf(0, ENTRIES.length, rewritten) }
    const earlier = { head: headAt(7), consistency: await consistencyOf(7, ENTRIES.length) }
    expect(failedSteps({ ...evidence, earlier })).toEqual([HISTORY])
    expect(
      failedSteps({ ...evidence, earlier: { head: headAt(ENTRIES.length), consistency: undefined } }),
    ).toEqual([HISTORY])
  })

  test('leaves open what it could not compare', () => {
    expect(stateOf({ ...evidenceOf(0), earlier: { head: headAt(7), consistency: undefined } }, HISTORY)).toBe(
      'open',
    )
    expect(stateOf(evidenceOf(0), HISTORY)).toBe('open')
  })
})

describe('the keys a ledger shows', () => {
  const shown = { checkpointVkey: CHECKPOINT_SIGNER.key.vkey, promiseVkey: RECEIPT_SIGNER.key.vkey }

  test('are read from lines and from JSON', () => {
    expect(keysIn(`${shown.checkpointVkey}\n${shown.promiseVkey}\n`, ORIGIN)).toEqual(shown)
    const json = { origin: ORIGIN, checkpoint: shown.checkpointVkey, promise: shown.promiseVkey }
    expect(keysIn(JSON.stringify(json), ORIGIN)).toEqual(shown)
  })

  test('of another ledger are not taken for this one', () => {
    expect(keysIn(signer('elsewhere.example/log', 5).key.vkey, ORIGIN)).toBeUndefined()
  })
})
