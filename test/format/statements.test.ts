import {
  EMPTY_ROOT,
  formatCheckpoint,
  formatPromise,
  formatTlogProof,
  hashLeaf,
  keepsPromise,
  parseCheckpoint,
  parsePromise,
  parseTlogProof,
  rootOf,
  toBase64,
  utf8,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leavesOf } from './reference-tree.ts'
import { codeOf, noteBy, signer } from './signer.ts'

const ORIGIN = 'deponent.invalid/7f3a91c2/default'
const ROOT = hashLeaf(utf8('root'))
const TEXT = toBase64(ROOT)
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const origins = fc.string({ unit: fc.constantFrom(...'abc./-0é'), minLength: 1 })

describe('checkpoint', () => {
  test('is three lines', () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 42, root: ROOT })
    expect(text).toBe(`${ORIGIN}\n42\n${TEXT}\n`)
    expect(parseCheckpoint(text)).toEqual({ origin: ORIGIN, size: 42, root: ROOT })
  })

  test('every checkpoint comes back from its text', () => {
    fc.assert(
      fc.property(origins, fc.maxSafeNat(), hash, (origin, size, root) => {
        expect(parseCheckpoint(formatCheckpoint({ origin, size, root }))).toEqual({ origin, size, root })
      }),
    )
  })

  test('extension lines are accepted and not interpreted', () => {
    expect(parseCheckpoint(`${ORIGIN}\n0\n${TEXT}\nextra\nmore\n`)).toEqual({
      origin: ORIGIN,
      size: 0,
      root: ROOT,
    })
  })

  test.each([
    ['nothing', ''],
    ['no end', `${ORIGIN}\n1\n${TEXT}`],
    ['no root', `${ORIGIN}\n1\n`],
    ['an empty origin', `\n1\n${TEXT}\n`],
    ['a leading zero', `${ORIGIN}\n01\n${TEXT}\n`],
    ['a sign', `${ORIGIN}\n+1\n${TEXT}\n`],
    ['an exponent', `${ORIGIN}\n1e3\n${TEXT}\n`],
    ['a fraction', `${ORIGIN}\n1.0\n${TEXT}\n`],
    ['a size of 2^53', `${ORIGIN}\n9007199254740992\n${TEXT}\n`],
    ['a size of many digits', `${ORIGIN}\n${'9'.repeat(400)}\n${TEXT}\n`],
    ['a short root', `${ORIGIN}\n1\n${toBase64(ROOT.slice(1))}\n`],
    ['an empty extension line', `${ORIGIN}\n1\n${TEXT}\n\nmore\n`],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe('bad_checkpoint')
  })

  test('the largest size is 2^53-1', () => {
    expect(parseCheckpoint(`${ORIGIN}\n9007199254740991\n${TEXT}\n`).size).toBe(Number.MAX_SAFE_INTEGER)
    expect(codeOf(() => formatCheckpoint({ origin: ORIGIN, size: 2 ** 53, root: ROOT }))).toBe('bad_size')
  })

  test('does not write what would not be read', () => {
    expect(codeOf(() => formatCheckpoint({ origin: 'a\nb', size: 1, root: ROOT }))).toBe('bad_checkpoint')
    expect(codeOf(() => formatCheckpoint({ origin: ORIGIN, size: -1, root: ROOT }))).toBe('bad_size')
    expect(codeOf(() => formatCheckpoint({ origin: ORIGIN, size: 1, root: ROOT.slice(1) }))).toBe('bad_hash')
  })
})

describe('promise', () => {
  const promise = { origin: ORIGIN, start: 40, end: 42, root: ROOT, at: 1_795_000_000_000 }

  test('is four lines, the first naming the receipt key', () => {
    const text = formatPromise(promise)
    expect(text).toBe(`${ORIGIN}/promise\n40 42\n${TEXT}\n1795000000000\n`)
    expect(parsePromise(text)).toEqual(promise)
  })

  test('every promise comes back from its text', () => {
    const sizes = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()).filter(([a, b]) => a !== b)
    fc.assert(
      fc.property(origins, sizes, hash, fc.maxSafeNat(), (origin, [a, b], root, at) => {
        const promise = { origin, start: Math.min(a, b), end: Math.max(a, b), root, at }
        expect(parsePromise(formatPromise(promise))).toEqual(promise)
      }),
    )
  })

  test('holds for the leaves it was made of and for no others', () => {
    const leaves = leavesOf(7)
    const made = { ...promise, start: 10, end: 17, root: rootOf(leaves) }
    expect(keepsPromise(made, leaves)).toBe(true)
    expect(keepsPromise(made, leaves.slice(1))).toBe(false)
    expect(keepsPromise(made, leaves.toReversed())).toBe(false)
    expect(keepsPromise({ ...made, end: 18 }, leaves)).toBe(false)
  })

  test.each([
    ['a checkpoint', `${ORIGIN}\n1\n${TEXT}\n`],
    ['another first line', `${ORIGIN}\n40 42\n${TEXT}\n1\n`],
    ['no origin', `/promise\n40 42\n${TEXT}\n1\n`],
    ['an empty range', `${ORIGIN}/promise\n40 40\n${TEXT}\n1\n`],
    ['a range that ends before it starts', `${ORIGIN}/promise\n42 40\n${TEXT}\n1\n`],
    ['a range of three', `${ORIGIN}/promise\n40 41 42\n${TEXT}\n1\n`],
    ['two blanks', `${ORIGIN}/promise\n40  42\n${TEXT}\n1\n`],
    ['a time that is no integer', `${ORIGIN}/promise\n40 42\n${TEXT}\n1.5\n`],
    ['a fifth line', `${ORIGIN}/promise\n40 42\n${TEXT}\n1\nmore\n`],
    ['no end', `${ORIGIN}/promise\n40 42\n${TEXT}\n1`],
    ['a short root', `${ORIGIN}/promise\n40 42\n${toBase64(ROOT.slice(1))}\n1\n`],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parsePromise(text))).toBe('bad_promise')
  })

  test('does not write what would not be read', () => {
    expect(codeOf(() => formatPromise({ ...promise, end: 40 }))).toBe('bad_promise')
    expect(codeOf(() => formatPromise({ ...promise, origin: '' }))).toBe('bad_promise')
    expect(codeOf(() => formatPromise({ ...promise, at: -1 }))).toBe('bad_size')
  })
})

describe('tlog-proof', () => {
  const checkpointNote = noteBy(
    formatCheckpoint({ origin: ORIGIN, size: 0, root: EMPTY_ROOT }),
    signer(ORIGIN, 1),
  )
  const written = formatTlogProof({ index: 3, hashes: [ROOT], checkpointNote })

  test('is a header, an index, the hashes and the checkpoint as it was signed', () => {
    expect(written).toBe(`c2sp.org/tlog-proof@v1\nindex 3\n${TEXT}\n\n${checkpointNote}`)
    expect(parseTlogProof(written)).toEqual({ index: 3, hashes: [ROOT], checkpointNote })
  })

  test('every proof comes back from its text', () => {
    const extra = fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined })
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.array(hash, { maxLength: 63 }), extra, (index, hashes, extra) => {
        const proof = { index, hashes, checkpointNote, ...(extra === undefined ? {} : { extra }) }
        expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof)
      }),
    )
  })

  test.each([
    ['another version', written.replace('@v1', '@v2')],
    ['no index', written.replace('index 3\n', '')],
    ['an index with a leading zero', written.replace('index 3', 'index 03')],
    ['extra data after the index', written.replace('index 3\n', 'index 3\nextra AAAA\n')],
    ['a hash that is too short', written.replace(TEXT, toBase64(ROOT.slice(2)))],
    ['64 hashes', written.replace(`${TEXT}\n`, `${TEXT}\n`.repeat(64))],
    ['no checkpoint', `c2sp.org/tlog-proof@v1\nindex 3\n${TEXT}\n`],
    ['the older form without a header', written.slice(written.indexOf('index'))],
  ])('refuses %s', (_, text) => {
    expect(['bad_tlog_proof', 'bad_base64']).toContain(codeOf(() => parseTlogProof(text)))
  })

  test('refuses a checkpoint that is no note', () => {
    expect(codeOf(() => parseTlogProof('c2sp.org/tlog-proof@v1\nindex 0\n\nnot a note\n'))).toBe('bad_note')
    expect(codeOf(() => formatTlogProof({ index: 0, hashes: [], checkpointNote: 'not a note\n' }))).toBe(
      'bad_note',
    )
  })
})
