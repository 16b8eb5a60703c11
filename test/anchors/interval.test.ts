import { readFileSync } from 'node:fs'
import { entryTime, formatAnchor, fromBase64, parseAnchor, parseTrust, verifyAnchor } from '@deponent/format'
import type { Anchor, AnchorTime, Trust } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, noteBy, signer, witness } from '../format/signer.ts'

const recorded = JSON.parse(readFileSync(new URL('../vectors/timestamps.json', import.meta.url), 'utf8')) as {
  valid: { text: string; reply: string; root: string; timeMs: number }[]
}
const { text, reply, root, timeMs } = recorded.valid[0]!
const ORIGIN = text.split('\n')[0]!
const LEDGER = signer(ORIGIN, 1)
const ALICE = witness('witness.example/alice', 2, 1_795_000_000)

function trustIn(more: { witnesses?: string[]; timestampRoots?: string[] }): Trust {
  const keys = [{ vkey: LEDGER.key.vkey, use: 'checkpoint' }]
  return parseTrust({ ledgers: [{ origin: ORIGIN, keys, ...more }] })
}

const full = trustIn({ witnesses: [ALICE.key.vkey], timestampRoots: [root] })
const note = noteBy(text, LEDGER, ALICE)
const anchor: Anchor = { size: 20, note, timestamps: [fromBase64(reply)] }

describe('an anchor', () => {
  test('survives being written and read', () => {
    expect(parseAnchor(JSON.stringify(formatAnchor(anchor)))).toEqual(anchor)
  })

  test('gives the times of its witness and of its timestamp', () => {
    const { times, findings, checkpoint } = verifyAnchor(anchor, full)
    expect(findings).toEqual([])
    expect(checkpoint?.size).toBe(20)
    expect(times).toEqual([
      {
        size: 20,
        earliestMs: 1_795_000_000_000,
        latestMs: 1_795_000_000_999,
        source: 'witness witness.example/alice',
      },
      { size: 20, earliestMs: timeMs - 1000, latestMs: timeMs + 1000, source: 'timestamp Test TSA' },
    ])
  })

  test('gives no time for whom the trust file does not name', () => {
    const { times, findings } = verifyAnchor(anchor, trustIn({}))
    expect(times).toEqual([])
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['info', 'timestamp_untrusted']])
  })

  test('gives no time when the ledger did not sign it', () => {
    const unsigned = { ...anchor, note: noteBy(text, signer(ORIGIN, 9), ALICE) }
    expect(verifyAnchor(unsigned, full)).toMatchObject({
      times: [],
      findings: [{ code: 'anchor_signature' }],
    })
  })

  test('with a timestamp of another checkpoint says so', () => {
    const other = noteBy(text.replace('\n20\n', '\n21\n'), LEDGER)
    const found = verifyAnchor({ size: 21, note: other, timestamps: anchor.timestamps }, full)
    expect(found).toMatchObject({ times: [], findings: [{ severity: 'error', code: 'timestamp_mismatch' }] })
  })

  test('with a cosignature that does not verify says so', () => {
    const lines = note.split('\n')
    const at = lines.findIndex((line) => line.includes('alice'))
    lines[at] = lines[at]!.slice(0, -6) + 'AAAAA='
    const found = verifyAnchor({ ...anchor, note: lines.join('\n'), timestamps: [] }, full)
    expect(found).toMatchObject({ times: [], findings: [{ code: 'witness_signature' }] })
  })

  test.each([
    ['no object', []],
    ['no checkpoint', { timestamps: [] }],
    ['a checkpoint that is none', { checkpoint: 'x', timestamps: [] }],
    ['no list of timestamps', { checkpoint: note }],
    ['a timestamp that is no base64', { checkpoint: note, timestamps: ['?'] }],
    ['too many timestamps', { checkpoint: note, timestamps: Array.from({ length: 17 }, () => 'AAAA') }],
    ['an unknown member', { checkpoint: note, timestamps: [], trust: root }],
  ])('with %s is refused', (_, json) => {
    expect(codeOf(() => parseAnchor(json))).toBe('bad_anchor')
  })

  test('damaged in any way is judged, not tripped over', () => {
    const valid = [...fromBase64(reply)]
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.string({ unit: 'binary' }), (at, byte, junk) => {
        const timestamps = [Uint8Array.from(valid.with(at, byte))]
        const damaged = { size: 20, note: note.slice(0, at) + junk + note.slice(at), timestamps }
        expect(verifyAnchor(damaged, full).findings.length).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('the time of an entry', () => {
  const time = (size: number, earliestMs: number, latestMs = earliestMs): AnchorTime => ({
    size,
    earliestMs,
    latestMs,
    source: `tree of ${size}`,
  })

  test('lies between the last tree without it and the first tree with it', () => {
    const times = [time(3, 100, 110), time(5, 200, 210), time(6, 300, 310), time(9, 400, 410)]
    expect(entryTime(5, 250, times)).toEqual({
      receivedAt: 250,
      notBefore: { timeMs: 200, source: 'tree of 5' },
      notAfter: { timeMs: 310, source: 'tree of 6' },
    })
  })

  test('has no bound that nobody gave', () => {
    expect(entryTime(0, 250, [])).toEqual({ receivedAt: 250 })
    expect(entryTime(4, 250, [time(4, 1)])).not.toHaveProperty('notAfter')
    expect(entryTime(4, 250, [time(5, 1)])).not.toHaveProperty('notBefore')
  })

  test('is the narrowest the times allow', () => {
    const times = fc.array(fc.record({ size: fc.nat(20), at: fc.nat(1000), width: fc.nat(50) }))
    fc.assert(
      fc.property(fc.nat(20), times, (index, drawn) => {
        const all = drawn.map(({ size, at, width }) => time(size, at, at + width))
        const { notBefore, notAfter } = entryTime(index, 0, all)
        const before = all.filter(({ size }) => size <= index).map(({ earliestMs }) => earliestMs)
        const after = all.filter(({ size }) => size > index).map(({ latestMs }) => latestMs)
        expect(notBefore?.timeMs).toBe(before.length > 0 ? Math.max(...before) : undefined)
        expect(notAfter?.timeMs).toBe(after.length > 0 ? Math.min(...after) : undefined)
      }),
    )
  })
})
