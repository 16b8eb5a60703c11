import fc from 'fast-check'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Disk, type DiskFile, errorCode, realDisk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'

/** A disk and an empty directory on it. */
interface Place {
  disk: Disk
  root: string
}

const PLACES: { name: string; place: () => Promise<Place> }[] = [
  {
    name: 'the real disk',
    place: async () => ({ disk: realDisk, root: await mkdtemp(join(tmpdir(), 'deponent-disk-')) }),
  },
  {
    name: 'its simulated twin',
    place: async () => {
      const disk = new SimulatedDisk({ random: new SeededRandom('twin') })
      await disk.makeDirectory('/twin')
      return { disk, root: '/twin' }
    },
  },
]

const bytes = (length: number, seed = length): Uint8Array => new SeededRandom(seed).bytes(length)

async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => 'resolved',
    (error: unknown) => errorCode(error),
  )
}

describe.each(PLACES)('$name', ({ place }) => {
  test('gives back what was written, across pages and beyond the end', async () => {
    const { disk, root } = await place()
    const file = await disk.open(`${root}/a`, 'create')
    await file.write(bytes(10_000), 0)
    await file.write(bytes(300), 9_900)
    await file.write(bytes(5), 20_000)
    expect(await file.read(0, 9_900)).toEqual(bytes(10_000).subarray(0, 9_900))
    expect(await file.read(9_900, 300)).toEqual(bytes(300))
    expect(await file.read(10_200, 9_800)).toEqual(new Uint8Array(9_800))
    expect(await file.read(20_003, 100)).toEqual(bytes(5).subarray(3))
    expect(await file.read(30_000, 10)).toEqual(new Uint8Array(0))
    expect(await file.size()).toBe(20_005)
    await file.datasync()
    await file.close()
    expect(await disk.size(`${root}/a`)).toBe(20_005)
  })

  test('says that nothing is there by undefined, or by ENOENT where something must be', async () => {
    const { disk, root } = await place()
    expect(await disk.read(`${root}/none`)).toBeUndefined()
    expect(await disk.size(`${root}/none`)).toBeUndefined()
    expect(await disk.list(`${root}/none`)).toEqual([])
    expect(await codeOf(disk.open(`${root}/none`, 'read'))).toBe('ENOENT')
    expect(await codeOf(disk.open(`${root}/none`, 'write'))).toBe('ENOENT')
    expect(await codeOf(disk.open(`${root}/none/a`, 'create'))).toBe('ENOENT')
    expect(await codeOf(disk.remove(`${root}/none`))).toBe('ENOENT')
    expect(await codeOf(disk.rename(`${root}/none`, `${root}/a`))).toBe('ENOENT')
    expect(await codeOf(disk.truncate(`${root}/none`, 0))).toBe('ENOENT')
    expect(await codeOf(disk.sync(`${root}/none`))).toBe('ENOENT')
    expect(await codeOf(disk.syncDirectory(`${root}/none`))).toBe('ENOENT')
    expect(await codeOf(disk.write(`${root}/none/a`, bytes(1)))).toBe('ENOENT')
    expect(await codeOf(disk.freeBytes(`${root}/none`))).toBe('ENOENT')
  })

  test('creates a file only where there is none', async () => {
    const { disk, root } = await place()
    const file = await disk.open(`${root}/a`, 'create')
    await file.close()
    expect(await codeOf(disk.open(`${root}/a`, 'create'))).toBe('EEXIST')
  })

  test('does not write through a file opened for reading, nor use a closed one', async () => {
    const { disk, root } = await place()
    await disk.write(`${root}/a`, bytes(10))
    const file = await disk.open(`${root}/a`, 'read')
    expect(await codeOf(file.write(bytes(1), 0))).toBe('EBADF')
    await file.close()
    expect(await codeOf(file.read(0, 1))).toBe('EBADF')
    expect(await codeOf(file.size())).toBe('EBADF')
    expect(await codeOf(file.datasync())).toBe('EBADF')
  })

  test('replaces a file as a whole and leaves nothing beside it', async () => {
    const { disk, root } = await place()
    for (const length of [10_000, 3, 0]) {
      await disk.write(`${root}/a`, bytes(length))
      expect(await disk.read(`${root}/a`)).toEqual(bytes(length))
      await disk.writeDurably(`${root}/b`, bytes(length), 0o600)
      expect(await disk.read(`${root}/b`)).toEqual(bytes(length))
    }
    expect(await disk.list(root)).toEqual(['a', 'b'])
  })

  test('is not stopped by a temporary file that an earlier life left behind', async () => {
    const { disk, root } = await place()
    for (const number of [1, process.pid]) {
      for (let count = 1; count <= 64; count += 1) {
        const file = await disk.open(`${root}/a.${number}.${count}.tmp`, 'create')
        await file.write(bytes(100), 0)
        await file.close()
      }
    }
    await disk.writeDurably(`${root}/a`, bytes(7))
    await disk.write(`${root}/a`, bytes(6))
    expect(await disk.read(`${root}/a`)).toEqual(bytes(6))
  })

  test('goes on with an open file whose name was changed, replaced or removed', async () => {
    const { disk, root } = await place()
    await disk.write(`${root}/a`, bytes(10))
    const file = await disk.open(`${root}/a`, 'write')
    await disk.rename(`${root}/a`, `${root}/b`)
    await file.write(bytes(3), 0)
    expect((await disk.read(`${root}/b`))?.subarray(0, 3)).toEqual(bytes(3))
    await disk.write(`${root}/b`, bytes(5))
    expect(await file.size()).toBe(10)
    await disk.remove(`${root}/b`)
    await file.write(bytes(20), 0)
    await file.datasync()
    expect(await file.read(0, 20)).toEqual(bytes(20))
    await file.close()
    expect(await disk.list(root)).toEqual([])
  })

  test('cuts a file off and grows it with zeros', async () => {
    const { disk, root } = await place()
    await disk.write(`${root}/a`, bytes(9_000))
    await disk.truncate(`${root}/a`, 5_000)
    await disk.truncate(`${root}/a`, 9_000)
    const expected = new Uint8Array(9_000)
    expected.set(bytes(9_000).subarray(0, 5_000))
    expect(await disk.read(`${root}/a`)).toEqual(expected)
  })

  test('makes a directory with those above it, and again without complaint', async () => {
    const { disk, root } = await place()
    await disk.makeDirectory(`${root}/x/y/z`, 0o700)
    await disk.makeDirectory(`${root}/x/y/z`)
    await disk.write(`${root}/x/y/z/a`, bytes(1))
    expect(await disk.list(`${root}/x/y`)).toEqual(['z'])
    expect(await disk.list(`${root}/x/y/z`)).toEqual(['a'])
    await disk.syncDirectory(`${root}/x/y`)
    expect(await codeOf(disk.makeDirectory(`${root}/x/y/z/a`))).toBe('EEXIST')
    expect(await codeOf(disk.makeDirectory(`${root}/x/y/z/a/b`))).toBe('ENOTDIR')
    expect(await codeOf(disk.list(`${root}/x/y/z/a`))).toBe('ENOTDIR')
    expect(await codeOf(disk.read(`${root}/x/y`))).toBe('EISDIR')
  })

  test('lists names sorted and knows how much room is left', async () => {
    const { disk, root } = await place()
    for (const name of ['b', 'a', 'B', '10', '9']) await disk.write(`${root}/${name}`, bytes(1))
    expect(await disk.list(root)).toEqual(['10', '9', 'B', 'a', 'b'])
    expect(await disk.freeBytes(root)).toBeGreaterThan(0)
  })
})

/** One step of a random story; it answers with what it read, or with the code it failed with. */
type Step = (disk: Disk, root: string, files: Map<number, DiskFile>) => Promise<unknown>

const NAMES = ['a', 'b', 'd/a', 'd/b', 'none/a', 'a/b']
const name = fc.constantFrom(...NAMES)
const handle = fc.integer({ min: 0, max: 2 })
const position = fc.integer({ min: 0, max: 12_000 })
const content = fc.integer({ min: 0, max: 9_000 }).map((length) => bytes(length))

function onFile(at: number, act: (file: DiskFile) => Promise<unknown>): Step {
  return (_disk, _root, files) => {
    const file = files.get(at)
    return file ? act(file) : Promise.resolve('no such file is open')
  }
}

const step: fc.Arbitrary<[string, Step]> = fc.oneof(
  fc
    .tuple(name, handle, fc.constantFrom('read' as const, 'write' as const, 'create' as const))
    .map(([path, at, mode]): [string, Step] => [
      `${at} = open ${path} to ${mode}`,
      async (disk, root, files) => {
        const file = await disk.open(`${root}/${path}`, mode)
        await files.get(at)?.close()
        files.set(at, file)
      },
    ]),
  fc
    .tuple(handle, position, content)
    .map(([at, from, data]): [string, Step] => [
      `${at}.write ${data.length} at ${from}`,
      onFile(at, (file) => file.write(data, from)),
    ]),
  fc
    .tuple(handle, position, position)
    .map(([at, from, length]): [string, Step] => [
      `${at}.read ${length} at ${from}`,
      onFile(at, (file) => file.read(from, length)),
    ]),
  handle.map((at): [string, Step] => [`${at}.size`, onFile(at, (file) => file.size())]),
  handle.map((at): [string, Step] => [`${at}.datasync`, onFile(at, (file) => file.datasync())]),
  fc
    .tuple(name, content, fc.boolean())
    .map(([path, data, durably]): [string, Step] => [
      `write ${path}, ${data.length}${durably ? ', durably' : ''}`,
      (disk, root) =>
        durably ? disk.writeDurably(`${root}/${path}`, data) : disk.write(`${root}/${path}`, data),
    ]),
  name.map((path): [string, Step] => [`read ${path}`, (disk, root) => disk.read(`${root}/${path}`)]),
  name.map((path): [string, Step] => [`size ${path}`, (disk, root) => disk.size(`${root}/${path}`)]),
  name.map((path): [string, Step] => [`sync ${path}`, (disk, root) => disk.sync(`${root}/${path}`)]),
  name.map((path): [string, Step] => [`remove ${path}`, (disk, root) => disk.remove(`${root}/${path}`)]),
  fc
    .tuple(name, name)
    .map(([from, to]): [string, Step] => [
      `rename ${from} to ${to}`,
      (disk, root) => disk.rename(`${root}/${from}`, `${root}/${to}`),
    ]),
  fc
    .tuple(name, position)
    .map(([path, length]): [string, Step] => [
      `truncate ${path} to ${length}`,
      (disk, root) => disk.truncate(`${root}/${path}`, length),
    ]),
  fc
    .constantFrom('', 'd', 'none')
    .map((path): [string, Step] => [`list ${path}`, (disk, root) => disk.list(`${root}/${path}`)]),
)

/** What each step answered, and what is left at the end. */
async function tell(steps: readonly [string, Step][], { disk, root }: Place): Promise<unknown[]> {
  await disk.makeDirectory(`${root}/d`)
  const files = new Map<number, DiskFile>()
  const told: unknown[] = []
  for (const [what, act] of steps) {
    const answer = await act(disk, root, files).catch((error: unknown) => ({ failed: errorCode(error) }))
    told.push([what, answer])
  }
  for (const path of NAMES) told.push([path, await disk.read(`${root}/${path}`).catch(errorCode)])
  for (const file of files.values()) await file.close()
  return told
}

test('the twin answers any story of calls as the real disk does when nothing fails', async () => {
  const [real, twin] = [PLACES[0]!, PLACES[1]!]
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      expect(await tell(steps, await twin.place())).toEqual(await tell(steps, await real.place()))
    }),
    { numRuns: 150 },
  )
})
