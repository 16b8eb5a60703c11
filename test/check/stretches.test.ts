import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeEntry, encodeEntry, type Entry, leafHashes, TILE_WIDTH } from '@deponent/format'
import { beforeAll, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import {
  type CheckedStretch,
  type Stretch,
  StretchCheck,
  type StretchPlace,
} from '../../packages/server/src/check/stretch.ts'
import { type Checker, Checkers } from '../../packages/server/src/check/stretch-threads.ts'
import { entriesOfTile, entryTile, storedTile } from '../../packages/server/src/ledger/tile-store.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'
import { Chance, filesOf, flipOne } from './damage.ts'

const RECORDS = 1_900
const STORIES = 80
/** Small files, so that most tiles and segments are settled and the log holds only the last entries. */
const FILE_SIZES = { log: 128 * 1_024, segment: { entriesMax: 300, bytesMax: 1_048_576 } }
let data = ''

beforeAll(async () => {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place, realClock, FILE_SIZES)
  for (let from = 0; from < RECORDS; from += 50) {
    await tenant.recorder.record(Array.from({ length: 50 }, (_, i) => submission(loan(from + i), i)))
    await tenant.ledger.published(tenant.ledger.size, 5_000)
  }
  await close()
  data = place.data
}, 180_000)

/** Checks what it is given as another thread would: on its own, from a copy of the question to a copy of the answer. */
class CopyingChecker implements Checker {
  readonly ready = Promise.resolve()
  readonly room = 2
  readonly #check: StretchCheck
  #last: Promise<unknown> = Promise.resolve()

  constructor(place: StretchPlace) {
    this.#check = new StretchCheck(realDisk, structuredClone(place))
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    const asked = structuredClone(stretch)
    const answered = this.#last.then(async () => structuredClone(await this.#check.check(asked)))
    this.#last = answered.catch(() => undefined)
    return answered
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const tilePathOf = (directory: string, level: string, n: number): string =>
  join(directory, `ledgers/default/tile/${level}/00${n}`)

/** Writes a tile again with other entries; `isHidden`: with the hash tile that belongs to them. */
async function editTile(
  directory: string,
  n: number,
  isHidden: boolean,
  edit: (entries: Uint8Array[]) => void,
): Promise<void> {
  const path = tilePathOf(directory, 'entries', n)
  const stored = await readFile(path).catch(() => undefined)
  if (!stored) return
  let entries: Uint8Array[]
  try {
    entries = entriesOfTile(stored).map((entry) => entry.slice())
  } catch {
    return
  }
  edit(entries)
  await writeFile(path, storedTile(entryTile(n, entries)))
  if (isHidden) await writeFile(tilePathOf(directory, '0', n), Buffer.concat(leafHashes(entries)))
}

function change(entries: Uint8Array[], i: number, more: Partial<Entry>): void {
  try {
    entries[i] = encodeEntry({ ...decodeEntry(entries[i]!), ...more })
  } catch {
    entries[i] = entries[i]!.slice(0, -1)
  }
}

const TILES = Math.floor(RECORDS / TILE_WIDTH)
const EDGES = [0, 1, TILE_WIDTH - 2, TILE_WIDTH - 1]

type Damage = (directory: string, chance: Chance) => Promise<void>

const swapTiles: Damage = async (directory, chance) => {
  const level = chance.of(['entries', '0'])
  const [one, other] = [chance.below(TILES), chance.below(TILES)].map((n) => tilePathOf(directory, level, n))
  if (one === other) return
  await rename(one!, `${one}x`).catch(() => undefined)
  await rename(other!, one!).catch(() => undefined)
  await rename(`${one}x`, other!).catch(() => undefined)
}

const reorder: Damage = (directory, chance) =>
  editTile(directory, chance.below(TILES), chance.below(2) === 0, (entries) => {
    const [a, b] = [chance.of(EDGES), chance.below(TILE_WIDTH)]
    ;[entries[a], entries[b]] = [entries[b]!, entries[a]!]
  })

const turnBackTime: Damage = (directory, chance) =>
  editTile(directory, chance.below(TILES), chance.below(2) === 0, (entries) => {
    const i = chance.of(EDGES)
    const { receivedAt } = decodeEntry(entries[i]!)
    change(entries, i, { receivedAt: receivedAt + chance.of([-100_000, -1, 1, 500, 5_000_000]) })
  })

/** Gives two entries, mostly of different tiles, the same id: a young one, or one minted long before it came. */
const repeatId: Damage = async (directory, chance) => {
  const young = chance.below(2) === 0
  let id = '01890a5d-ac96-774b-bcce-b302099a8057'
  for (const n of [chance.below(TILES), chance.below(TILES)]) {
    const i = chance.of(EDGES)
    await editTile(directory, n, true, (entries) => {
      if (young && id.startsWith('01890a5d')) ({ id } = decodeEntry(entries[i]!))
      change(entries, chance.of([i, (i + 7) % TILE_WIDTH]), { id })
    })
  }
}

/** Numbers the entries around a border as an emitter would, with a gap or a fork at it. */
const misnumber: Damage = async (directory, chance) => {
  const n = chance.below(TILES - 1)
  let seq = chance.below(3)
  for (const tile of [n, n + 1]) {
    const begin = tile === n ? TILE_WIDTH - 4 : 0
    await editTile(directory, tile, true, (entries) => {
      for (let i = begin; i < begin + 4; i += 1) {
        change(entries, i, { emitter: { id: 'e1', epoch: 3, seq } })
        seq += chance.of([1, 1, 2, 0])
      }
    })
  }
}

const cut: Damage = async (directory, chance) => {
  const path = chance.of((await filesOf(directory)).filter((file) => /tile|seg$|wal$/.test(file)))
  await truncate(path, chance.below((await readFile(path)).length + 1))
}

const remove: Damage = async (directory, chance) => {
  const pattern = chance.of([/tile\/0/, /tile\/entries/, /\.seg$/, /./])
  const files = (await filesOf(directory)).filter((file) => pattern.test(file))
  if (files.length > 0) await rm(chance.of(files))
}

const malform: Damage = (directory, chance) =>
  editTile(directory, chance.below(TILES), chance.below(2) === 0, (entries) => {
    const i = chance.of(EDGES)
    entries[i] = entries[i]!.slice(chance.below(2), -1)
  })

const DAMAGES: readonly Damage[] = [
  swapTiles,
  reorder,
  turnBackTime,
  repeatId,
  misnumber,
  cut,
  remove,
  malform,
  (directory, chance) => flipOne(directory, chance, /\.seg$/),
  (directory, chance) => flipOne(directory, chance, /\.wal$/),
  (directory, chance) => flipOne(directory, chance, /tile\/entries/),
  (directory, chance) => flipOne(directory, chance, /tile\/0/),
  (directory, chance) => flipOne(directory, chance),
]

test('stretches checked apart from one another give the findings of a ledger read in one piece, in the same order', async () => {
  const codes = new Set<string>()
  const { data: damaged } = await newPlace()
  for (let story = 0; story < STORIES; story += 1) {
    const chance = new Chance(`stretches ${story}`)
    await cp(data, damaged, { recursive: true })
    // Without the root key payloads stay closed, and a story takes a tenth of the time.
    if (story % 4 !== 0) await rm(join(damaged, 'keyring/root.key'), { force: true })
    const damages = 1 + chance.below(3)
    for (let i = 0; i < damages; i += 1) await chance.of(DAMAGES)(damaged, chance)
    const done: number[] = []
    const whole = await checkDirectory(realDisk, damaged)
    const apart = await checkDirectory(realDisk, damaged, {
      checkers: (place) =>
        new Checkers(
          [new CopyingChecker(place), new CopyingChecker(place), new CopyingChecker(place)],
          1 + (story % 2),
        ),
      onProgress: (at) => done.push(at),
    })
    expect({ story, ...apart }).toEqual({ story, ...whole })
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    for (const { code } of whole.findings) codes.add(code)
    await rm(damaged, { recursive: true })
  }
  expect([...codes]).toEqual(
    expect.arrayContaining([
      'emitter_fork',
      'emitter_gap',
      'entry_malformed',
      'entry_missing',
      'entry_tile_malformed',
      'id_repeated',
      'leaf_mismatch',
      'payload_mismatch',
      'payload_missing',
      'received_at_decreases',
      'root_mismatch',
      'segment_damaged',
      'segment_footer',
      'tile_malformed',
      'tile_missing',
      'wal_corrupt',
    ]),
  )
}, 300_000)
