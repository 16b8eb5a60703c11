import {
  BUNDLE_ENTRIES_MAX,
  chosenLeaves,
  formatBundle,
  inclusionPaths,
  parseBundle,
  parseTrust,
  verifyBundle,
  verifyInclusion,
} from '@deponent/format'
import type { Bundle, BundleReport } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KnownNodes } from '../../packages/format/src/tree/known-nodes.ts'
import { nativeVerify } from '../../packages/server/src/ledger/signing-key.ts'
import { bundleOf, disclosed, ledgerOfBundles } from '../../tools/vectors/bundle-ledger.ts'
import { anchorAt, sampleBundle } from '../../tools/vectors/bundles.ts'
import { AT_MS, LEDGER_SIGNER, trustFile, WITNESSES } from '../../tools/vectors/ledger.ts'
import { leavesOf } from './reference-tree.ts'
import { codeOf } from './signer.ts'

const TRUST = parseTrust(trustFile(WITNESSES))
const CHECK = { trust: TRUST, verifySignature: nativeVerify }

/** Everything a report says to be so, without what only the exporter says and without the times. */
function statementsOf({ origin, checkpoint, entries }: BundleReport): object {
  return { origin, checkpoint, entries: entries.map(({ time: _, ...entry }) => entry) }
}

/** What outsiders said about time, one line each. */
function timesOf({ entries }: BundleReport): string[] {
  return entries.flatMap(({ index, time }) =>
    Object.entries(time ?? {}).map(([bound, said]) => JSON.stringify([index, bound, said])),
  )
}

function flipped(text: string, at: number, bit: number): string {
  const bytes = Buffer.from(text)
  bytes[at]! ^= 1 << bit
  return bytes.toString('latin1') === bytes.toString('utf8') ? bytes.toString('utf8') : bytes.toString()
}

async function anchored(): Promise<Bundle> {
  const anchors = await Promise.all([5, 12].map((size) => anchorAt(size, LEDGER_SIGNER, WITNESSES[0]!)))
  return sampleBundle({ anchors, statement: { exportedBy: 'a test' } })
}

describe('a bundle', () => {
  test('is read back to the parts it was written from', async () => {
    const bundle = await anchored()
    expect(parseBundle(formatBundle(bundle))).toEqual(bundle)
    expect(formatBundle(parseBundle(formatBundle(bundle)))).toBe(formatBundle(bundle))
  })

  test('shows the disclosed fields of each entry, and how many are withheld', () => {
    const report = verifyBundle(formatBundle(sampleBundle()), CHECK)
    expect(report.verdict).toBe('valid')
    expect(report.checked).toEqual({ entries: 4, checkpoints: 1, payloads: 0, erased: 0 })
    const [first, second] = report.entries
    expect(first).toMatchObject({ index: 4, proven: true, payload: 'disclosed', withheld: 8 })
    expect(first!.fields).toContainEqual({ pointer: '/prediction', value: 'approved' })
    expect(first!.fields).toContainEqual({ pointer: '/inputFeatures/a~1b~0c', value: null })
    expect(first!.withheldPointers).toContain('/affectedUserId')
    expect(first!.withheldPointers).not.toContain('/modelId')
    expect(second).toMatchObject({ index: 6, proven: true, payload: 'withheld', fields: [] })
    expect(second!.withheldPointers).toBeUndefined()
  })

  test('with any one bit flipped is not valid, or says the same', async () => {
    const text = formatBundle(await anchored())
    const whole = verifyBundle(text, CHECK)
    const times = new Set(timesOf(whole))
    for (let at = 0; at < Buffer.byteLength(text); at++) {
      const after = verifyBundle(flipped(text, at, at % 8), CHECK)
      if (after.verdict !== 'valid') continue
      expect({ at, ...statementsOf(after) }).toEqual({ at, ...statementsOf(whole) })
      // A cosignature under a changed name is nobody's: then less is said about time, and nothing false.
      expect(timesOf(after).filter((said) => !times.has(said))).toEqual([])
    }
  })

  test('with parts moved, dropped or doubled never shows what the ledger does not hold', async () => {
    const json = JSON.parse(formatBundle(await anchored())) as { entries: Record<string, unknown>[] }
    const whole = verifyBundle(JSON.stringify(json), CHECK)
    const shownBy = ({ entries }: BundleReport): string[] =>
      entries
        .filter(({ proven }) => proven)
        .flatMap(({ index, fields }) => fields.map((field) => JSON.stringify([index, field])))
    const truth = new Set(shownBy(whole))
    const part = fc.record({
      entry: fc.nat({ max: 3 }),
      member: fc.constantFrom('index', 'entry', 'proof', 'disclosed', 'absent', 'erased'),
      from: fc.nat({ max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (moves) => {
        const copy = structuredClone(json)
        for (const { entry, member, from } of moves)
          copy.entries[entry]![member] = json.entries[from]![member]
        const report = verifyBundle(JSON.stringify(copy), CHECK)
        for (const shown of shownBy(report)) expect(truth).toContain(shown)
        if (report.verdict === 'valid') expect(report.checked.entries).toBe(4)
      }),
    )
  })

  test('with half a surrogate pair is refused, also where nothing vouches for the text', async () => {
    const text = formatBundle(await anchored())
    for (const half of [String.raw`\ud800`, String.raw`\uDC00`, '\ud800'])
      expect(verifyBundle(text.replace('a test', half), CHECK)).toMatchObject({
        verdict: 'invalid',
        findings: [{ code: 'bundle_malformed' }],
      })
    expect(verifyBundle(text.replace('a test', String.raw`\ud83d\ude00`), CHECK).verdict).toBe('valid')
  })

  test('of anything at all is answered, in words that repeat nothing of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(verifyBundle(text, CHECK)).toMatchObject({
          verdict: 'invalid',
          findings: [{ code: 'bundle_malformed' }],
        })
      }),
    )
  })

  test.each<[string, (json: Record<string, never>) => void]>([
    ['a deep statement', (json) => Object.assign(json, { statement: { a: { b: 1 } } })],
    ['a long statement', (json) => Object.assign(json, { statement: { a: 'x'.repeat(1_001) } })],
    ['too many proof hashes', (json) => Object.assign(json['entries']![0], { proof: Array(64).fill(HASH) })],
    ['a hash that is short', (json) => Object.assign(json['entries']![0], { proof: ['AAAA'] })],
    ['a hash that is a number', (json) => Object.assign(json['entries']![0], { proof: [1] })],
    ['a negative index', (json) => Object.assign(json['entries']![0], { index: -1 })],
    ['an index that is no integer', (json) => Object.assign(json['entries']![0], { index: 0.5 })],
    ['anchors that are no list', (json) => Object.assign(json, { anchors: {} })],
    ['too many anchors', (json) => Object.assign(json, { anchors: Array(257).fill(1) })],
    ['too many entries', (json) => Object.assign(json, { entries: Array(BUNDLE_ENTRIES_MAX + 1).fill(1) })],
    ['absent said to be false', (json) => Object.assign(json['entries']![1], { absent: false })],
  ])('with %s is refused with its place', (_, change) => {
    const json = JSON.parse(formatBundle(sampleBundle())) as Record<string, never>
    change(json)
    expect(codeOf(() => parseBundle(JSON.stringify(json)))).toBe('bad_bundle')
  })

  test('nested without end is refused and does not exhaust the reader', () => {
    for (const depth of [1_000, 1_000_000]) {
      const nested = `{"bundle":1,"statement":${'['.repeat(depth)}${']'.repeat(depth)}}`
      expect(codeOf(() => parseBundle(nested))).toBe('bad_bundle')
    }
  })

  test('whose checkpoint cannot be read shows nothing', () => {
    const report = verifyBundle(formatBundle(sampleBundle({ checkpoint: 'x' })), CHECK)
    expect(report).toMatchObject({ verdict: 'invalid', checked: { entries: 0 } })
    expect(report.findings.map(({ code }) => code)).toContain('checkpoint_malformed')
  })

  test('under a trust of its own making is not believed: it has no place for one', () => {
    const smuggled = formatBundle(sampleBundle()).replace(
      '{"bundle":1',
      `{"bundle":1,"trust":${JSON.stringify(trustFile())}`,
    )
    expect(verifyBundle(smuggled).findings.map(({ code }) => code)).toEqual(['bundle_malformed'])
    const said = sampleBundle({ statement: { trust: JSON.stringify(trustFile()) } })
    expect(verifyBundle(formatBundle(said)).verdict).toBe('incomplete')
  })

  test('without trust says nothing about outside time', async () => {
    const report = verifyBundle(formatBundle(await anchored()))
    for (const { time } of report.entries) expect(Object.keys(time!)).toEqual(['receivedAt'])
  })

  test('with anchors puts each entry between two moments', async () => {
    const report = verifyBundle(formatBundle(await anchored()), CHECK)
    const bounds = report.entries.map(({ index, time }) => [
      index,
      time?.notBefore !== undefined,
      time?.notAfter !== undefined,
    ])
    expect(bounds).toEqual([
      [4, false, true],
      [6, true, true],
      [9, true, true],
      [15, true, false],
    ])
    expect(report.entries[1]!.time!.notAfter).toMatchObject({ timeMs: AT_MS + 999 })
  })
})

describe('known heads', () => {
  const ledger = ledgerOfBundles(20)
  const bundle = formatBundle(
    bundleOf(ledger, { size: 20, indices: [4, 5, 6], payloadOf: (index) => disclosed(ledger, index, []) }),
  )

  test('of something that cannot be read or is not signed are gaps', () => {
    const { findings } = verifyBundle(bundle, { ...CHECK, against: ['?', sampleBundle().checkpoint] })
    expect(findings.map(({ code }) => code)).toEqual(['fields_withheld', 'head_malformed'])
    const untrusted = verifyBundle(bundle, { against: [sampleBundle().checkpoint] })
    expect(untrusted.findings.map(({ code }) => code)).toContain('head_unverified')
  })
})

describe('proofs that share nodes', () => {
  test('are accepted exactly when each alone is', () => {
    const leaves = leavesOf(40)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.nat()), (size, choices) => {
        const { root, paths } = inclusionPaths(leaves.slice(0, size))
        const known = new KnownNodes(size, root)
        for (let i = 0; i < 30; i++) {
          const pick = (below: number): number => (choices.next().value as number) % below
          const index = pick(size + 1)
          const leaf = leaves[pick(4) === 0 ? pick(40) : Math.min(index, 39)]!
          const path = [...paths[pick(3) === 0 ? pick(size) : Math.min(index, size - 1)]!]
          if (path.length > 0 && pick(4) === 0) path[pick(path.length)] = leaves[pick(40)]!
          if (pick(6) === 0) path.pop()
          if (pick(6) === 0) path.push(leaves[0]!)
          expect(known.proves(leaf, index, path)).toBe(verifyInclusion(leaf, index, size, path, root))
        }
      }),
    )
  })
})

describe('a choice of fields', () => {
  test('opens the leaf of a pointer and what lies below it, and always the shape', () => {
    const pointers = ['/a', '/ab', '/b/0', '/b/1', '/b~1c']
    expect(chosenLeaves(pointers, [])).toEqual([0])
    expect(chosenLeaves(pointers, ['/a', '/b'])).toEqual([0, 1, 3, 4])
    expect(chosenLeaves(pointers, 'all')).toEqual([0, 1, 2, 3, 4, 5])
  })
})

const HASH = Buffer.alloc(32).toString('base64')
