import { compareLedgerWithHead, readHead, rootOf } from '@deponent/format'
import type { LedgerView } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkpointNote, LEAVES, ORIGIN, promiseNote, savedAnswer, TRUST } from './ledger-of-tests.ts'
import { leavesOf } from './reference-tree.ts'

function ledger(size: number, leaves = LEAVES, origin = ORIGIN): LedgerView {
  return {
    origin,
    size,
    rootAt: (size) => rootOf(leaves.slice(0, size)),
    leafHashes: (start, end) => Promise.resolve(leaves.slice(start, end)),
  }
}

async function codes(view: LedgerView, head: string): Promise<string[]> {
  const findings = await compareLedgerWithHead(view, readHead(head, TRUST))
  return findings.map(({ severity, code }) => `${severity} ${code}`)
}

describe('a ledger and a head somebody remembers', () => {
  const receipt = JSON.stringify(savedAnswer(7, 18))
  const bare = JSON.stringify({ promise: promiseNote(7, 18), receipts: [] })

  test('a ledger at or past the head agrees with it', async () => {
    for (const head of [checkpointNote(18), receipt, bare]) {
      expect(await codes(ledger(18), head)).toEqual([])
      expect(await codes(ledger(20), head)).toEqual([])
    }
    expect(await codes(ledger(0), checkpointNote(0))).toEqual([])
  })

  test('a ledger behind the head was rolled back', async () => {
    for (const head of [checkpointNote(18), receipt, bare]) {
      expect(await codes(ledger(17), head)).toEqual(['error rolled_back'])
    }
  })

  test('a ledger that grew again with other entries is found out', async () => {
    const forked = leavesOf(21).toSpliced(8, 1)
    expect(await codes(ledger(20, forked), checkpointNote(18))).toEqual(['error rolled_back'])
    expect(await codes(ledger(20, forked), receipt)).toEqual(['error promise_contradicted'])
    expect(await codes(ledger(20, forked), JSON.stringify(savedAnswer(0, 8)))).toEqual([])
  })

  test('a head of another ledger, an unsigned one and an unreadable one accuse nobody', async () => {
    expect(await codes(ledger(5, LEAVES, 'other.example'), checkpointNote(18))).toEqual([
      'info head_unrelated',
    ])
    const unsigned = await compareLedgerWithHead(ledger(5), readHead(checkpointNote(18), undefined))
    expect(unsigned).toMatchObject([{ severity: 'gap', code: 'head_unverified' }])
    expect(await codes(ledger(5), 'hello')).toEqual(['gap head_malformed'])
  })
})
