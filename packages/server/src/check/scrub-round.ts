/**
 * One reading of everything that is stored, in units small enough to pause between: a tile with its entries, a vault segment, the
 * keyring. It can be put down after each and taken up again by a later process. What it finds damaged is on the disk: a check
 * with outside knowledge is `verify`.
 */
import {
  CompactRange,
  equalBytes,
  type Finding,
  finding,
  type FindingCode,
  FormatError,
  leafHashes,
  rootOf,
  TILE_WIDTH,
} from '@deponent/format'
import { TileMissing } from '../ledger/errors.ts'
import { readSeed } from '../ledger/signing-key.ts'
import { readBack } from '../ledger/stored-ledger.ts'
import { entriesOfTile, hashesOfTile, TileStore } from '../ledger/tile-store.ts'
import { WalTail } from '../ledger/wal-tail.ts'
import type { Disk } from '../platform/disk.ts'
import { readKeyFrames } from '../vault/key-frames.ts'
import { readMasterFiles } from '../vault/master-key.ts'
import { isWholePageFile } from '../vault/page-keys.ts'
import { pageFileName, pageKeysFileName } from '../vault/stored-keyring.ts'
import { readRootKey } from '../vault/root-key.ts'
import { parseSegmentName } from '../vault/segment.ts'
import { VaultWalk } from './vault-walk.ts'

/** What is read. */
export interface ScrubbedPlaces {
  disk: Disk
  /** Directories of the ledger, of its vault, and of the keyring. */
  ledger: string
  vault: string
  keyring: string
  name: string
  ledgerId: Uint8Array
}

/** How far a round has come. */
export interface RoundState {
  /** Unix ms. */
  startedAt: number
  part: 'tiles' | 'tail' | 'segments' | 'keyring' | 'done'
  /** Number of the next tile, or first index of the next segment at the earliest. */
  next: number
  /** The checkpoint the entries must lead to, and the tiles that were full and settled when the round began. */
  size: number
  root: Uint8Array
  tiles: number
  /** The tree of the entries read so far; undefined once some could not be read. */
  range: CompactRange | undefined
  /** Entries read and hashed. */
  entries: number
}

/** Places where the log may be let go of while it is read: a difference counts when it stays. */
const TAIL_ATTEMPTS = 3

/** A round over what is there now; `head` is the latest checkpoint. */
export async function beginRound(
  places: ScrubbedPlaces,
  startedAt: number,
  head: { size: number; root: Uint8Array },
): Promise<RoundState> {
  const logged = (await logOf(places).firstIndex()) ?? 0
  const tiles = Math.floor(Math.min(head.size, logged) / TILE_WIDTH)
  return { startedAt, part: 'tiles', next: 0, ...head, tiles, range: CompactRange.empty(), entries: 0 }
}

/** Reads the next unit. */
export async function readUnit(
  places: ScrubbedPlaces,
  state: RoundState,
): Promise<{ state: RoundState; findings: Finding[] }> {
  switch (state.part) {
    case 'tiles':
      return state.next < state.tiles ? tile(places, state) : at(state, 'tail')
    case 'tail':
      return tail(places, state)
    case 'segments':
      return segment(places, state)
    case 'keyring':
      return { ...(await at(state, 'done')), findings: await keyring(places) }
    default:
      return at(state, 'done')
  }
}

interface Read {
  state: RoundState
  findings: Finding[]
}

function at(state: RoundState, part: RoundState['part']): Promise<Read> {
  return Promise.resolve({ state: { ...state, part, next: 0 }, findings: [] })
}

const logOf = ({ disk, ledger, ledgerId }: ScrubbedPlaces): WalTail =>
  new WalTail(disk, `${ledger}/wal`, ledgerId)

/** One entry tile: its entries, the hash tile over them, and its place in every tile above. */
async function tile(places: ScrubbedPlaces, state: RoundState): Promise<Read> {
  const n = state.next
  const store = new TileStore(places.disk, places.ledger)
  const findings: Finding[] = []
  const entries = await stored(store, 'entries', n, entriesOfTile, findings)
  const hashes = entries && leafHashes(entries)
  const claimed = await stored(store, 0, n, hashesOfTile, findings)
  hashes?.forEach((hash, i) => {
    if (claimed && !equalBytes(hash, claimed[i]!))
      findings.push(finding('error', 'leaf_mismatch', undefined, n * TILE_WIDTH + i))
  })
  if (hashes) await climb(store, state, rootOf(hashes), findings)
  const range = hashes && state.range?.clone()
  range?.appendAll(hashes ?? [])
  const read = state.entries + (entries?.length ?? 0)
  return { state: { ...state, next: n + 1, range, entries: read }, findings }
}

/** Compares the root of a tile with the hash for it in the tile above, and so on up, as far as those are full. */
async function climb(
  store: TileStore,
  { next, tiles }: RoundState,
  root: Uint8Array,
  findings: Finding[],
): Promise<void> {
  let below = next
  let hash = root
  for (let level = 1; ; level += 1) {
    const n = Math.floor(below / TILE_WIDTH)
    if ((n + 1) * TILE_WIDTH ** level > tiles) return
    const hashes = await stored(store, level, n, hashesOfTile, findings)
    if (!hashes) return
    const place = below % TILE_WIDTH
    if (!equalBytes(hashes[place]!, hash)) {
      const message = `tile ${level}/${n} differs from the tiles below it`
      findings.push(finding('error', 'tile_mismatch', message, next * TILE_WIDTH))
    }
    if (place < TILE_WIDTH - 1) return
    hash = rootOf(hashes)
    below = n
  }
}

async function stored<T>(
  store: TileStore,
  level: number | 'entries',
  n: number,
  parse: (bytes: Uint8Array) => T,
  findings: Finding[],
): Promise<T | undefined> {
  const index = level === 'entries' ? n * TILE_WIDTH : n * TILE_WIDTH ** (level + 1)
  const bytes = await store.readFromDisk(level, n)
  if (!bytes) {
    findings.push(finding('error', 'tile_missing', `tile ${level}/${n} is missing`, index))
    return undefined
  }
  return parsed(
    () => parse(bytes),
    level === 'entries' ? 'entry_tile_malformed' : 'tile_malformed',
    index,
    findings,
  )
}

function parsed<T>(
  parse: () => T,
  code: FindingCode,
  index: number | undefined,
  findings: Finding[],
): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    findings.push(finding('error', code, error.message, index))
    return undefined
  }
}

/** The entries behind the last settled tile, from the log, and the root they lead to with all before them. */
async function tail(places: ScrubbedPlaces, state: RoundState): Promise<Read> {
  const from = state.tiles * TILE_WIDTH
  for (let attempt = 1; ; attempt += 1) {
    const hashes = await tailHashes(places, from, state.size)
    const entries = state.entries + hashes.length
    const next: RoundState = { ...state, part: 'segments', next: 0, entries }
    const isWhole = hashes.length === state.size - from
    const range = state.range?.clone()
    range?.appendAll(hashes)
    if (isWhole && (!range || equalBytes(range.root(), state.root))) return { state: next, findings: [] }
    if (attempt < TAIL_ATTEMPTS) continue
    const found = isWhole
      ? finding('error', 'root_mismatch')
      : finding(
          'error',
          'entry_missing',
          `entries from ${from + hashes.length} cannot be read`,
          from + hashes.length,
        )
    return { state: next, findings: [found] }
  }
}

async function tailHashes(places: ScrubbedPlaces, from: number, to: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  const tiles = new TileStore(places.disk, places.ledger)
  try {
    for await (const entries of readBack(tiles, logOf(places), from, to)) hashes.push(...leafHashes(entries))
  } catch (error) {
    if (!(error instanceof TileMissing) && !(error instanceof FormatError)) throw error
  }
  return hashes
}

/** The next vault segment: its header, its footer and every frame in it. */
async function segment(places: ScrubbedPlaces, state: RoundState): Promise<Read> {
  const { disk, vault, ledgerId } = places
  const firsts = (await disk.list(vault)).flatMap((name) => parseSegmentName(name) ?? [])
  const first = firsts.find((candidate) => candidate >= state.next)
  if (first === undefined) return at(state, 'keyring')
  const walk = await VaultWalk.open(disk, vault, ledgerId)
  await walk.frame(first)
  return { state: { ...state, next: first + 1 }, findings: [...walk.findings] }
}

/** Every page of the keyring and the file of their keys, as far as that can be told without opening anything. */
async function keyringPages(
  disk: Disk,
  directory: string,
  ledger: string,
  findings: Finding[],
): Promise<void> {
  let first = 0
  for (let page = 0; ; page += 1) {
    const bytes = await disk.read(`${directory}/${pageFileName(ledger, page)}`)
    if (!bytes) break
    const read = parsed(() => readKeyFrames(bytes, first), 'keyring_damaged', undefined, findings)
    if (!read) return
    first = read.next
  }
  const keys = await disk.read(`${directory}/${pageKeysFileName(ledger)}`)
  if (keys && isWholePageFile(keys)) return
  findings.push(finding('error', 'keyring_damaged', 'the file of page keys is missing or damaged'))
}

async function keyring({ disk, keyring, name }: ScrubbedPlaces): Promise<Finding[]> {
  const findings: Finding[] = []
  await keyringPages(disk, keyring, name, findings)
  for (const read of [
    () => readRootKey(disk, `${keyring}/root.key`),
    () => readMaster(disk, keyring),
    () => readSeed(disk, `${keyring}/${name}.checkpoint.key`),
    () => readSeed(disk, `${keyring}/${name}.promise.key`),
  ]) {
    try {
      await read()
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      findings.push(finding('error', 'keyring_damaged', error.message))
    }
  }
  return findings
}

async function readMaster(disk: Disk, keyring: string): Promise<void> {
  if ((await readMasterFiles(disk, keyring)).length === 0)
    throw new FormatError('keyring_damaged', 'master.key is missing')
}
