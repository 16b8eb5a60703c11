import {
  encodeEntryTile,
  encodeHashTile,
  formatCheckpoint,
  parseTilePath,
  parseTrust,
  rootOf,
  TILE_WIDTH,
  treeLevels,
} from '@deponent/format'
import type { VerifyReport } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRemote, type LedgerSource } from '../../packages/server/src/check/remote.ts'
import { bundleCheckpoint, ledgerOfBundles } from '../../tools/vectors/bundle-ledger.ts'
import { trustFile } from '../../tools/vectors/ledger.ts'
import { noteBy, signer } from '../format/signer.ts'

const SIZE = 700
const OTHER = signer('other.example', 41)
const ledger = ledgerOfBundles(SIZE)
const TRUST = parseTrust(trustFile())
const CHECKPOINT = bundleCheckpoint(ledger, SIZE)
const LEVELS = treeLevels(ledger.leaves)

type Change = (path: string, bytes: Uint8Array) => Uint8Array | undefined

/** Serves the ledger as its tiles, each first handed to `change`. */
function serve(change: Change = (_, bytes) => bytes, asked: string[] = []): LedgerSource {
  return (path) => {
    asked.push(path)
    if (path === 'checkpoint') return Promise.resolve(change(path, Buffer.from(CHECKPOINT)))
    const { level, n, width } = parseTilePath(path)
    const [from, to] = [n * TILE_WIDTH, n * TILE_WIDTH + width]
    const bytes =
      level === 'entries'
        ? encodeEntryTile(ledger.entries.slice(from, to))
        : encodeHashTile(hashesAt(level).slice(from, to))
    const isWhole = level === 'entries' ? to <= SIZE : to <= hashesAt(level).length
    return Promise.resolve(isWhole ? change(path, bytes) : undefined)
  }
}

/** The hashes of a level of tiles: those of full tiles below only. */
function hashesAt(level: number): readonly Uint8Array[] {
  return LEVELS[8 * level]!.slice(0, Math.floor(SIZE / TILE_WIDTH ** level))
}

const outcome = ({ verdict, findings }: VerifyReport): string =>
  [verdict, ...findings.map(({ code }) => code)].join(' ')

describe('a ledger that is only served', () => {
  test('is valid when every tile leads to the signed root', async () => {
    const asked: string[] = []
    const report = await checkRemote(serve(undefined, asked), { trust: TRUST })
    expect(outcome(report)).toBe('valid not_checked')
    expect(report.checked).toMatchObject({ entries: SIZE, checkpoints: 1 })
    expect(asked.toSorted()).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/188',
      'tile/1/000.p/2',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/188',
    ])
  })

  test('is no answer about the ledger of a head when it is another one', async () => {
    const other = noteBy(formatCheckpoint({ origin: 'other.example', size: 0, root: rootOf([]) }), OTHER)
    const keys = [{ vkey: OTHER.key.vkey, use: 'checkpoint' as const, sizes: { from: 0 } }]
    const both = { ledgers: [...TRUST.ledgers, { ...TRUST.ledgers[0]!, origin: 'other.example', keys }] }
    const report = await checkRemote(serve(), { trust: both, against: [other] })
    expect(outcome(report)).toBe('incomplete head_unrelated not_checked')
  })

  test('without trust is incomplete, and without a checkpoint too', async () => {
    expect(outcome(await checkRemote(serve()))).toBe('incomplete trust_missing not_checked')
    expect(outcome(await checkRemote(() => Promise.resolve(undefined)))).toBe('incomplete checkpoint_missing')
  })

  test('with any byte of any tile changed is invalid', async () => {
    const paths = [
      'tile/0/000',
      'tile/0/002.p/188',
      'tile/1/000.p/2',
      'tile/entries/001',
      'tile/entries/002.p/188',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, at, by) => {
          const source = serve((asked, bytes) => {
            if (asked !== path) return bytes
            const changed = bytes.slice()
            changed[at % changed.length]! ^= by
            return changed
          })
          expect((await checkRemote(source, { trust: TRUST })).verdict).toBe('invalid')
        },
      ),
      { numRuns: 60 },
    )
  })

  test('takes a full tile where the partial one is gone', async () => {
    const longer = ledgerOfBundles(3 * TILE_WIDTH)
    const source = serve()
    const grown: LedgerSource = (path, bytesMax) => {
      if (path === 'tile/entries/002.p/188') return Promise.resolve(undefined)
      if (path === 'tile/entries/002')
        return Promise.resolve(encodeEntryTile(longer.entries.slice(2 * TILE_WIDTH)))
      return source(path, bytesMax)
    }
    expect(outcome(await checkRemote(grown, { trust: TRUST }))).toBe('valid not_checked')
  })

  test('that serves no entries of a tile is still held to its root by their hashes', async () => {
    const source = serve((path, bytes) => (path === 'tile/entries/001' ? undefined : bytes))
    const report = await checkRemote(source, { trust: TRUST })
    expect(outcome(report)).toBe('invalid entry_missing not_checked')
    expect(report.checked.entries).toBe(TILE_WIDTH)
  })

  test('that claims a size without end is asked for no more than it serves', async () => {
    const asked: string[] = []
    const huge = CHECKPOINT.replace(`\n${SIZE}\n`, `\n${Number.MAX_SAFE_INTEGER}\n`)
    const source = serve((path, bytes) => (path === 'checkpoint' ? Buffer.from(huge) : bytes), asked)
    expect((await checkRemote(source, { trust: TRUST })).verdict).toBe('invalid')
    expect(asked.length).toBeLessThan(40)
  })

  test('behind a head known from elsewhere was rolled back', async () => {
    const longer = bundleCheckpoint(ledgerOfBundles(SIZE + 1), SIZE + 1)
    const same = bundleCheckpoint(ledger, 300)
    const fork = bundleCheckpoint({ ...ledger, leaves: ledger.leaves.with(5, ledger.leaves[6]!) }, 300)
    const against = async (head: string): Promise<string> =>
      outcome(await checkRemote(serve(), { trust: TRUST, against: [head] }))
    expect(await against(longer)).toBe('invalid rolled_back not_checked')
    expect(await against(same)).toBe('valid not_checked')
    expect(await against(fork)).toBe('invalid rolled_back not_checked')
  })
})
