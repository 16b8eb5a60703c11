import { describe, expect, test } from 'vitest'
import { errorCode } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { type Fault, ProcessGone, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'

const PAGE = 4_096
const SECTOR = 512
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed)

const newDisk = (seed: number, faults: Fault[] = []): SimulatedDisk =>
  new SimulatedDisk({ random: new SeededRandom(seed), faults })

const pageOf = (fill: number): Uint8Array => new Uint8Array(PAGE).fill(fill)

/** A disk with a durable file `/a` of three pages of ones. */
async function withFile(seed: number): Promise<SimulatedDisk> {
  const disk = newDisk(seed)
  await disk.writeDurably('/a', new Uint8Array(3 * PAGE).fill(1))
  return disk
}

/** What became of a page of ones over which twos were written. */
function fateOf(page: Uint8Array): 'lost' | 'kept' | 'torn' {
  for (let at = 0; at < PAGE; at += SECTOR) expect(new Set(page.subarray(at, at + SECTOR)).size).toBe(1)
  const values = new Set(page)
  if (values.size === 2) return 'torn'
  return values.has(1) ? 'lost' : 'kept'
}

describe('a power cut', () => {
  test('loses, keeps or tears between sectors each page that was not synced', async () => {
    const fates = new Set<string>()
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      const file = await disk.open('/a', 'write')
      await file.write(pageOf(2), 0)
      await file.write(pageOf(2), 2 * PAGE)
      const left = (await disk.powerCut().read('/a'))!
      expect(left.subarray(PAGE, 2 * PAGE)).toEqual(pageOf(1))
      fates.add(`${fateOf(left.subarray(0, PAGE))}, ${fateOf(left.subarray(2 * PAGE))}`)
    }
    for (const fate of ['lost, lost', 'kept, kept', 'kept, lost', 'lost, kept']) expect(fates).toContain(fate)
    expect([...fates].join()).toContain('torn')
  })

  test('leaves every byte that was synced', async () => {
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      const file = await disk.open('/a', 'write')
      await file.write(pageOf(2), PAGE + 100)
      await file.datasync()
      await file.write(pageOf(3), 3 * PAGE)
      const left = (await disk.powerCut().read('/a'))!
      expect(left.subarray(PAGE + 100, 2 * PAGE + 100)).toEqual(pageOf(2))
    }
  })

  test('leaves a file that was growing with any length between the old and the new', async () => {
    const lengths = new Set<number>()
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      const file = await disk.open('/a', 'write')
      await file.write(pageOf(2), 3 * PAGE)
      lengths.add((await disk.powerCut().size('/a'))!)
    }
    expect(lengths).toContain(3 * PAGE)
    expect(lengths).toContain(4 * PAGE)
    expect(lengths.size).toBeGreaterThan(2)
  })

  test('loses or keeps each change of a name that was not synced, on its own', async () => {
    const left = new Set<string>()
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      await (await disk.open('/b', 'create')).close()
      await disk.rename('/a', '/c')
      left.add((await disk.powerCut().list('/')).join(' '))
    }
    expect(left).toEqual(new Set(['a', 'a b', 'c', 'b c']))
  })

  test('leaves the names of a directory that was synced, and gives back none that was removed', async () => {
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      await disk.write('/b', pageOf(1))
      await disk.remove('/a')
      await disk.syncDirectory('/')
      expect(await disk.powerCut().list('/')).toEqual(['b'])
    }
  })

  test('takes nothing of a file written durably or a directory made, wherever it comes afterwards', async () => {
    for (const seed of SEEDS) {
      const disk = newDisk(seed)
      await disk.makeDirectory('/x/y/z')
      await disk.writeDurably('/x/y/z/a', pageOf(seed))
      expect(await disk.powerCut().read('/x/y/z/a')).toEqual(pageOf(seed))
    }
  })

  test('takes no directory made again by a life that follows one that ended in the middle of making it', async () => {
    for (let call = 1, hasStopped = true; hasStopped; call += 1) {
      for (const kind of ['stops', 'fails', 'fails_though_done'] as const) {
        const disk = newDisk(call, [{ call, kind }])
        await disk.makeDirectory('/x/y/z').catch(() => undefined)
        if (kind === 'stops') hasStopped = disk.hasStopped
        const next = disk.processDeath()
        await next.makeDirectory('/x/y/z')
        await next.makeDirectory('/x/y/w')
        for (let cut = 0; cut < 5; cut += 1) expect(await next.powerCut().list('/x/y')).toEqual(['w', 'z'])
      }
    }
  })

  test('ends the life of everything that used the disk', async () => {
    const disk = await withFile(1)
    const file = await disk.open('/a', 'write')
    disk.powerCut()
    expect(disk.hasStopped).toBe(true)
    await expect(file.write(pageOf(2), 0)).rejects.toThrow(ProcessGone)
    await expect(disk.read('/a')).rejects.toThrow(ProcessGone)
  })
})

describe('the death of a process', () => {
  test('leaves all that the system has taken, and a power cut in the next life still may not', async () => {
    const fates = new Set<string>()
    for (const seed of SEEDS) {
      const disk = await withFile(seed)
      const file = await disk.open('/a', 'write')
      await file.write(pageOf(2), 0)
      const next = disk.processDeath()
      expect((await next.read('/a'))?.subarray(0, PAGE)).toEqual(pageOf(2))
      fates.add(fateOf((await next.powerCut().read('/a'))!.subarray(0, PAGE)))
    }
    expect(fates).toEqual(new Set(['lost', 'kept', 'torn']))
  })
})

describe('a fault', () => {
  /** Writes over the file and syncs it, while call number `call` meets `kind`; the code of what failed, and the disk. */
  async function overwrite(
    kind: Fault['kind'],
    at: 'write' | 'sync',
  ): Promise<{ code: string; disk: SimulatedDisk }> {
    const disk = (await withFile(7)).processDeath({ faults: [{ call: at === 'write' ? 2 : 3, kind }] })
    const file = await disk.open('/a', 'write')
    const code = await file
      .write(pageOf(2), 0)
      .then(() => file.datasync())
      .then(
        () => 'resolved',
        (error: unknown) => errorCode(error) || 'gone',
      )
    return { code, disk }
  }

  test('that fails does nothing', async () => {
    const { code, disk } = await overwrite('fails', 'write')
    expect(code).toBe('EIO')
    expect((await disk.read('/a'))?.[0]).toBe(1)
  })

  test('that fails though done does everything', async () => {
    const { code, disk } = await overwrite('fails_though_done', 'sync')
    expect(code).toBe('EIO')
    expect((await disk.powerCut().read('/a'))?.subarray(0, PAGE)).toEqual(pageOf(2))
  })

  test('that fails half done does a part', async () => {
    const { code, disk } = await overwrite('fails_half_done', 'write')
    expect(code).toBe('EIO')
    expect(new Set((await disk.read('/a'))?.subarray(0, PAGE))).toEqual(new Set([1, 2]))
  })

  test('of a sync makes the system forget what was dirty: a second sync reports success and changes nothing', async () => {
    const { code, disk } = await overwrite('fails', 'sync')
    expect(code).toBe('EIO')
    await disk.sync('/a')
    expect((await disk.read('/a'))?.[0]).toBe(2)
    expect((await disk.powerCut().read('/a'))?.[0]).toBe(1)
  })

  test('that stops the process rejects that call and all later ones', async () => {
    const { code, disk } = await overwrite('stops', 'write')
    expect(code).toBe('gone')
    await expect(disk.list('/')).rejects.toThrow(ProcessGone)
  })

  test('that fills the disk leaves what lies there, lets it be overwritten, and frees what is removed', async () => {
    const disk = (await withFile(3)).processDeath({ faults: [{ call: 2, kind: 'fills' }] })
    const file = await disk.open('/a', 'write')
    await file.write(pageOf(2), 0)
    const failed = await file.write(pageOf(2), 2 * PAGE + 100).catch(errorCode)
    expect(failed).toBe('ENOSPC')
    expect(await file.size()).toBe(3 * PAGE)
    expect(await disk.freeBytes('/')).toBe(0)
    expect(await disk.write('/b', pageOf(1)).catch(errorCode)).toBe('ENOSPC')
    await disk.remove('/a')
    await disk.write('/b', pageOf(1))
    expect(await disk.freeBytes('/')).toBe(2 * PAGE)
  })

  test('meets the same call of the same story again', async () => {
    const story = async (): Promise<unknown[]> => {
      const disk = newDisk(11, [{ call: 9, kind: 'fails_half_done' }])
      const failed: unknown[] = []
      for (const name of ['/a', '/b', '/c', '/d'])
        await disk
          .writeDurably(name, pageOf(name.length))
          .catch((error: unknown) => failed.push(String(error)))
      const left = disk.powerCut()
      return [failed, disk.calls, await left.list('/'), await left.read('/b')]
    }
    const [failed] = await story()
    expect(failed).toHaveLength(1)
    expect(await story()).toEqual(await story())
  })
})
