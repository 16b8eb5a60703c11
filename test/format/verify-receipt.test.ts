import { trustSelf, verifyReceipt } from '@deponent/format'
import type { VerifyReport } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHECKPOINT_SIGNER,
  checkpointNote,
  LEAVES,
  ORIGIN,
  promiseNote,
  RECEIPT_SIGNER,
  savedAnswer,
  TRUST,
} from './ledger-of-tests.ts'
import { leavesOf } from './reference-tree.ts'
import { signer } from './signer.ts'

const FORKED = leavesOf(21).toSpliced(8, 1)

/** Verdict and codes, which is what most tests are about. */
function outcome({ verdict, findings }: VerifyReport): string {
  return [verdict, ...findings.map(({ code }) => code)].join(' ')
}

describe('a saved answer', () => {
  test('is valid when a trusted key signed its promise and every path leads to it', () => {
    expect(verifyReceipt(savedAnswer(7, 18), TRUST)).toEqual({
      verdict: 'valid',
      findings: [],
      checked: { entries: 11, checkpoints: 0, payloads: 0, erased: 0 },
    })
    expect(outcome(verifyReceipt(JSON.stringify(savedAnswer(7, 18)), TRUST))).toBe('valid')
  })

  test('every size of batch at every place in the ledger verifies', () => {
    fc.assert(
      fc.property(fc.nat(19), fc.nat(19), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b) + 1]
        expect(outcome(verifyReceipt(savedAnswer(start, end), TRUST))).toBe('valid')
      }),
    )
  })

  test('without any receipt shows nothing to be recorded', () => {
    const none = { receipts: [], promise: promiseNote(7, 18) }
    expect(outcome(verifyReceipt(none, TRUST))).toBe('incomplete receipt_unproven')
  })

  test('one receipt with the promise inside verifies alone', () => {
    const { receipts, promise } = savedAnswer(7, 18)
    expect(outcome(verifyReceipt({ ...receipts[4], promise }, TRUST))).toBe('valid')
  })

  test('a changed leaf, index or path is named', () => {
    const changes: ((receipt: ReturnType<typeof savedAnswer>['receipts'][number]) => void)[] = [
      (receipt) =>
        (receipt.leafHash = receipt.leafHash.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))),
      (receipt) => (receipt.index += 1),
      (receipt) => (receipt.index = 2),
      (receipt) => (receipt.path = receipt.path!.slice(1)),
      (receipt) => (receipt.path = []),
    ]
    for (const change of changes) {
      const saved = savedAnswer(7, 18)
      change(saved.receipts[3]!)
      const report = verifyReceipt(saved, TRUST)
      expect(outcome(report)).toBe('invalid receipt_path')
      expect(report.findings[0]).toMatchObject({ index: saved.receipts[3]!.index })
      expect(report.checked.entries).toBe(10)
    }
  })

  test('without trust it is incomplete, its paths checked all the same', () => {
    expect(outcome(verifyReceipt(savedAnswer(7, 18)))).toBe('incomplete trust_missing')
    expect(outcome(verifyReceipt(savedAnswer(7, 18), { ledgers: [] }))).toBe('incomplete trust_missing')
    const saved = savedAnswer(7, 18)
    saved.receipts[0]!.path = []
    expect(outcome(verifyReceipt(saved))).toBe('invalid trust_missing receipt_path')
  })

  test("trust in the operator's own key is said", () => {
    const trust = trustSelf(ORIGIN, {
      checkpoint: CHECKPOINT_SIGNER.key.vkey,
      promise: RECEIPT_SIGNER.key.vkey,
    })
    expect(outcome(verifyReceipt(savedAnswer(7, 18), trust))).toBe('valid trust_self')
  })

  test('a promise signed by another key, or by the checkpoint key, is not believed', () => {
    const saved = savedAnswer(7, 18)
    for (const by of [signer(`${ORIGIN}/promise`, 99), CHECKPOINT_SIGNER]) {
      const forged = { ...saved, promise: promiseNote(7, 18, LEAVES, by) }
      expect(outcome(verifyReceipt(forged, TRUST))).toBe('invalid promise_signature')
    }
    const tampered = { ...saved, promise: saved.promise!.replace('1795000000000', '1795000000001') }
    expect(outcome(verifyReceipt(tampered, TRUST))).toBe('invalid promise_signature')
  })

  test('a receipt key is not believed outside its sizes', () => {
    const [ledger] = TRUST.ledgers
    const keys = ledger!.keys.map((key) => ({ ...key, sizes: { from: 0, to: 17 } }))
    const until17 = { ledgers: [{ ...ledger!, keys }] }
    expect(outcome(verifyReceipt(savedAnswer(7, 17), until17))).toBe('valid')
    expect(outcome(verifyReceipt(savedAnswer(7, 18), until17))).toBe('invalid promise_signature')
  })

  test('a duplicate has no path, so the promise given with it proves nothing about it', () => {
    const saved = savedAnswer(7, 18)
    delete saved.receipts[0]!.path
    expect(outcome(verifyReceipt(saved, TRUST))).toBe('incomplete receipt_unproven')
    expect(outcome(verifyReceipt({ ...saved, promise: null }, TRUST))).toBe('incomplete promise_missing')
  })

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['a number', 7],
    ['a list', []],
    ['no promise', { receipts: [] }],
    ['receipts that are no list', { promise: null, receipts: {} }],
    ['an index that is none', { ...savedAnswer(7, 8).receipts[0], promise: null, index: -1 }],
    ['an index beyond 2^53-1', { ...savedAnswer(7, 8).receipts[0], promise: null, index: 2 ** 53 }],
    [
      'an upper-case leaf hash',
      { ...savedAnswer(7, 8).receipts[0], promise: null, leafHash: 'A'.repeat(64) },
    ],
    ['a path of short hashes', { ...savedAnswer(7, 8).receipts[0], promise: null, path: ['AAAA'] }],
    ['a leaf hash written twice', '{"index":0,"leafHash":"00","leafHash":"01","promise":null}'],
  ])('%s is malformed, not an exception', (_, receipt) => {
    expect(outcome(verifyReceipt(receipt, TRUST))).toBe('invalid receipt_malformed')
  })

  test('a promise that is none is malformed', () => {
    expect(outcome(verifyReceipt({ ...savedAnswer(7, 18), promise: 'hello\n' }, TRUST))).toBe(
      'invalid promise_malformed',
    )
    expect(outcome(verifyReceipt({ ...savedAnswer(7, 18), promise: checkpointNote(5) }, TRUST))).toBe(
      'invalid promise_malformed',
    )
  })
})

describe('known heads', () => {
  const against = (start: number, end: number, ...heads: string[]) =>
    verifyReceipt(savedAnswer(start, end), TRUST, { against: heads })

  test('a checkpoint over exactly the promised leaves agrees or contradicts', () => {
    const agreed = against(0, 12, checkpointNote(12))
    expect(outcome(agreed)).toBe('valid')
    expect(agreed.checked.checkpoints).toBe(1)
    expect(outcome(against(0, 12, checkpointNote(12, FORKED)))).toBe('invalid promise_contradicted')
  })

  test('a checkpoint that ends before the promise says so', () => {
    expect(outcome(against(7, 18, checkpointNote(12)))).toBe('valid promise_pending')
  })

  test('a checkpoint over more than the promise can not be compared by text alone, and that is said', () => {
    expect(outcome(against(7, 18, checkpointNote(20)))).toBe('valid head_incomparable')
  })

  test('another receipt of the same index with another leaf is a contradiction', () => {
    expect(outcome(against(7, 18, JSON.stringify(savedAnswer(7, 18))))).toBe('valid')
    expect(outcome(against(7, 18, JSON.stringify(savedAnswer(0, 7))))).toBe('valid')
    const contradicted = against(7, 10, JSON.stringify(savedAnswer(8, 12, FORKED)))
    expect(outcome(contradicted)).toBe('invalid promise_contradicted promise_contradicted')
    expect(contradicted.findings.map(({ index }) => index)).toEqual([8, 9])
  })

  test('two promises of one range and different roots contradict, whichever receipts were kept', () => {
    const { receipts: _, ...answer } = savedAnswer(7, 18, FORKED)
    const head = JSON.stringify({ ...answer, receipts: [] })
    expect(outcome(against(7, 18, head))).toBe('invalid promise_contradicted')
  })

  test('a head that is not signed, of another ledger or unreadable accuses nobody', () => {
    const unsigned = checkpointNote(12, FORKED, [signer(ORIGIN, 99)])
    expect(outcome(against(0, 12, unsigned))).toBe('incomplete head_unverified')
    expect(outcome(against(0, 12, 'hello'))).toBe('incomplete head_malformed')
    expect(outcome(against(0, 12, '{"promise":null,"receipts":[]}'))).toBe('incomplete head_malformed')
    expect(outcome(against(0, 12, '{'))).toBe('incomplete head_malformed')
  })

  test('a receipt that is not signed itself is compared with nothing', () => {
    const saved = {
      ...savedAnswer(0, 12),
      promise: promiseNote(0, 12, LEAVES, signer(`${ORIGIN}/promise`, 99)),
    }
    const report = verifyReceipt(saved, TRUST, { against: [checkpointNote(12, FORKED)] })
    expect(outcome(report)).toBe('invalid promise_signature')
  })
})
