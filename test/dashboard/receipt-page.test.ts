import { describe, expect, test } from 'vitest'
import { rememberPin } from '../../packages/dashboard/src/proof/memory.ts'
import { checkReceipt } from '../../packages/dashboard/src/verify/check-receipt.ts'
import { ORIGIN, RECEIPT_SIGNER, savedAnswer } from '../format/ledger-of-tests.ts'
import { signer } from '../format/signer.ts'
import { emptyStore, PIN } from './ledger-on-a-page.ts'

const RECEIPT = JSON.stringify(savedAnswer(4, 9))

function verdictWith(trust: string, store = emptyStore()): string {
  const { report, trustedBy } = checkReceipt({ receipt: RECEIPT, trust, known: '' }, store)
  return `${report.verdict}, ${trustedBy}`
}

describe('a receipt on the verify page', () => {
  test('is incomplete while nobody is trusted', () => {
    expect(verdictWith('')).toBe('incomplete, nobody')
  })

  test('is valid under the key this browser pinned, which stays the word of the operator', () => {
    const store = emptyStore()
    rememberPin(store, ORIGIN, { ...PIN, promiseVkey: RECEIPT_SIGNER.key.vkey })
    const { report, trustedBy } = checkReceipt({ receipt: RECEIPT, trust: '', known: '' }, store)
    expect([report.verdict, trustedBy]).toEqual(['valid', 'pinned'])
    expect(report.findings.map(({ code }) => code)).toContain('trust_self')
  })

  test('is not condemned by a pin that has no receipt key', () => {
    const store = emptyStore()
    rememberPin(store, ORIGIN, PIN)
    expect(verdictWith('', store)).toBe('incomplete, nobody')
  })

  test('is valid under a pasted receipt key and invalid under another', () => {
    expect(verdictWith(`\n${RECEIPT_SIGNER.key.vkey}\n`)).toBe('valid, pasted')
    expect(verdictWith(signer(`${ORIGIN}/promise`, 77).key.vkey)).toBe('invalid, pasted')
  })

  test('says that a trust file about other ledgers trusts nobody here', () => {
    expect(verdictWith('{"ledgers":[]}')).toBe('incomplete, nobody')
  })

  test('refuses trust that cannot be used', () => {
    expect(() => verdictWith('something else')).toThrow('receipt key')
    expect(() => verdictWith('{"ledgers":1}')).toThrow()
  })

  test('is invalid as soon as one leaf differs', () => {
    const saved = savedAnswer(4, 9)
    const [first, ...others] = saved.receipts
    const forged = { ...saved, receipts: [{ ...first!, leafHash: '00'.repeat(32) }, ...others] }
    const { report } = checkReceipt(
      { receipt: JSON.stringify(forged), trust: RECEIPT_SIGNER.key.vkey, known: '' },
      emptyStore(),
    )
    expect(report.verdict).toBe('invalid')
  })
})
