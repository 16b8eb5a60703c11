import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import type { StretchPlace } from '../../packages/server/src/check/stretch.ts'
import { Checkers, OtherThread, threadsFor } from '../../packages/server/src/check/stretch-threads.ts'
import { entriesOfTile, entryTile, storedTile } from '../../packages/server/src/ledger/tile-store.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { Chance, filesOf, flipOne } from './damage.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

const RECORDS = 1_300
const STORIES = 12

/** Two other threads that are given one tile at a time, and begin at once: a ledger of six tiles is checked in both. */
const two = {
  checkers: (place: StretchPlace) => new Checkers([new OtherThread(place), new OtherThread(place)], 1),
}
let data = ''

beforeAll(async () => {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  for (let from = 0; from < RECORDS; from += 100)
    await tenant.recorder.record(Array.from({ length: 100 }, (_, i) => submission(loan(from + i), i)))
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  data = place.data
})

/** Gives an entry another payload root: it is still an entry, and what was sealed for it does not open. */
async function forgeRoot(directory: string, chance: Chance): Promise<void> {
  const n = chance.below(Math.floor(RECORDS / 256))
  const path = join(directory, `ledgers/default/tile/entries/00${n}`)
  const entries = entriesOfTile(await readFile(path)).map((entry) => entry.slice())
  const entry = chance.of(entries)
  const at = Buffer.from(entry).indexOf('"root":"') + 8
  entry[at] = entry[at] === 0x30 ? 0x31 : 0x30
  await writeFile(path, storedTile(entryTile(n, entries)))
}

const DAMAGES = [
  forgeRoot,
  forgeRoot,
  (directory: string, chance: Chance) => flipOne(directory, chance),
  async (directory: string, chance: Chance) => rm(chance.of(await filesOf(directory))),
  async (directory: string, chance: Chance) => {
    const path = join(directory, 'keyring/default.keys')
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    if (bytes.length > 0) await truncate(path, chance.below(bytes.length))
  },
]

test('a small directory is not worth a thread, a large one all of them', () => {
  expect([1_000, 2_048, 5_000, 1e6].map((entries) => threadsFor(entries, 4))).toEqual([0, 1, 2, 4])
})

describe('a check in several threads', () => {
  test('is told by nothing in the report of a whole directory', async () => {
    const done: number[] = []
    const report = await checkDirectory(realDisk, data, { ...two, onProgress: (at) => done.push(at) })
    expect(report.verdict).toBe('valid')
    expect(report.checked.payloads).toBe(report.checked.entries)
    expect(report).toEqual(await checkDirectory(realDisk, data))
    expect(done.at(-1)).toBe(report.checked.entries)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
  })

  test('finds the same in the same order, whatever is damaged', async () => {
    const codes = new Set<string>()
    for (let story = 0; story < STORIES; story += 1) {
      const chance = new Chance(`damage ${story}`)
      const { data: damaged } = await newPlace()
      await cp(data, damaged, { recursive: true })
      const damages = 1 + chance.below(4)
      for (let i = 0; i < damages; i += 1) await chance.of(DAMAGES)(damaged, chance)
      const alone = await checkDirectory(realDisk, damaged)
      const together = await checkDirectory(realDisk, damaged, two)
      expect({ story, ...together }).toEqual({ story, ...alone })
      for (const { code } of alone.findings) codes.add(code)
      await rm(damaged, { recursive: true })
    }
    expect([...codes]).toEqual(expect.arrayContaining(['payload_mismatch', 'keyring_older', 'leaf_mismatch']))
  }, 120_000)

  test('is given with this one working too, and without any other', async () => {
    const alone = await checkDirectory(realDisk, data)
    for (const threads of [1, 2, 3])
      expect(await checkDirectory(realDisk, data, { threads: () => threads })).toEqual(alone)
  })

  test('that cannot read a file fails, and gives no verdict', async () => {
    const { data: unreadable } = await newPlace()
    await cp(data, unreadable, { recursive: true })
    const tile = join(unreadable, 'ledgers/default/tile/entries/003')
    await rm(tile)
    await mkdir(tile)
    await expect(checkDirectory(realDisk, unreadable, two)).rejects.toThrow('EISDIR')
  })

  test('one of which dies fails, and gives no verdict', async () => {
    const dying = (place: StretchPlace): Checkers => {
      const thread = new OtherThread(place)
      void thread.ready.then(() => thread.close())
      return new Checkers([thread], 1)
    }
    await expect(checkDirectory(realDisk, data, { checkers: dying })).rejects.toThrow('worker')
  })
})
