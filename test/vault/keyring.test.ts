import { FormatError } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Disk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { Keyring } from '../../packages/server/src/vault/keyring.ts'
import { interposed } from '../platform/interposed-disk.ts'

const DIRECTORY = '/keyring'
const PATH = `${DIRECTORY}/test.keys`
const LEDGER_ID = new Uint8Array(16).fill(4)
const ROOT = new Uint8Array(32).fill(9)
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)

const scope = (name: string | number): Uint8Array => new SeededRandom(`scope ${name}`).bytes(32)
const newDisk = (seed: number): SimulatedDisk => new SimulatedDisk({ random: new SeededRandom(seed) })

const opened = (disk: Disk, root = ROOT): Promise<Keyring> =>
  Keyring.open({
    disk,
    random: new SeededRandom('keys'),
    directory: DIRECTORY,
    ledger: 'test',
    ledgerId: LEDGER_ID,
    root,
  })

async function openOn(disk: Disk): Promise<Keyring> {
  await disk.makeDirectory('/keyring')
  const keyring = await opened(disk)
  await keyring.begin()
  return keyring
}

/** Mints one key for each name and makes them durable. */
async function mint(keyring: Keyring, ...names: (string | number)[]): Promise<void> {
  for (const name of names) keyring.numberOf(scope(name))
  await keyring.flush()
}

/** A disk with a keyring of two frames, and a third that was written and never synced. */
async function withUnsyncedFrame(seed: number): Promise<SimulatedDisk> {
  const disk = newDisk(seed)
  let isBroken = false
  const breaking = interposed(disk, {}, (file) => ({
    datasync: () => (isBroken ? Promise.reject(new Error('broken')) : file.datasync()),
  }))
  const keyring = await openOn(breaking)
  await mint(keyring, 'a')
  await mint(keyring, 'b', 'c')
  isBroken = true
  await expect(mint(keyring, ...Array.from({ length: 200 }, (_, i) => i))).rejects.toThrow('broken')
  return disk
}

describe('a keyring', () => {
  test('gives a scope one number and one key for ever', async () => {
    const disk = newDisk(1)
    const keyring = await openOn(disk)
    await mint(keyring, 'a', 'b', 'a')
    const key = keyring.key(1)
    await keyring.close()
    const again = await openOn(disk)
    expect(again.size).toBe(2)
    expect(again.existing(scope('b'))).toBe(1)
    expect(again.key(1)).toEqual(key)
    expect(again.numberOf(scope('c'))).toBe(2)
  })

  test('opens after a power cut has taken any pages of the frame that was being written', async () => {
    for (const seed of SEEDS) {
      const cut = (await withUnsyncedFrame(seed)).powerCut()
      const keyring = await openOn(cut)
      expect([3, 203]).toContain(keyring.size)
      expect(keyring.existing(scope('c'))).toBe(2)
      await mint(keyring, 'd')
      expect((await openOn(cut.powerCut())).existing(scope('d'))).toBe(keyring.existing(scope('d')))
    }
  })

  test('makes a key it found durable before anyone relies on it', async () => {
    for (const seed of SEEDS) {
      const next = (await withUnsyncedFrame(seed)).processDeath()
      const keyring = await openOn(next)
      expect(keyring.existing(scope(199))).toBe(202)
      await keyring.flush()
      const later = await openOn(next.powerCut())
      expect(later.key(202)).toEqual(keyring.key(202))
    }
  })

  test('makes a key durable although the sync of it had failed in the life before', async () => {
    let failures = 0
    for (let call = 1; call <= 30; call += 1) {
      const disk = newDisk(call)
      await (await openOn(disk)).close()
      const troubled = disk.processDeath({ faults: [{ call, kind: 'fails' }] })
      await openOn(troubled)
        .then((keyring) => mint(keyring, 'a'))
        .catch(() => (failures += 1))
      const next = troubled.processDeath()
      const keyring = await openOn(next)
      await mint(keyring, 'a')
      const later = await openOn(next.powerCut())
      expect(later.key(0)).toEqual(keyring.key(0))
    }
    expect(failures).toBeGreaterThan(5)
  })

  test('keeps its keys wherever the life that began the keyring ended', async () => {
    for (let call = 1, hasStopped = true; hasStopped; call += 1) {
      for (let seed = 0; seed < 4; seed += 1) {
        const disk = new SimulatedDisk({ random: new SeededRandom(seed), faults: [{ call, kind: 'stops' }] })
        await openOn(disk)
          .then((keyring) => mint(keyring, 'a'))
          .catch(() => undefined)
        hasStopped = disk.hasStopped
        const next = disk.processDeath()
        const keyring = await openOn(next)
        await mint(keyring, 'b')
        for (let cut = 0; cut < 4; cut += 1) {
          const later = await openOn(next.powerCut())
          expect(later.existing(scope('b'))).toBe(keyring.existing(scope('b')))
        }
      }
    }
  })

  test('refuses a keyring damaged in front of a whole frame, whatever the bit', async () => {
    const disk = newDisk(1)
    const keyring = await openOn(disk)
    for (const name of ['a', 'b', 'c']) await mint(keyring, name)
    const frameBytes = (await disk.size(PATH))! / 3
    await fc.assert(
      fc.asyncProperty(fc.nat(frameBytes * 2 - 1), fc.nat(7), async (position, bit) => {
        const damaged = disk.powerCut()
        damaged.flipBit(PATH, position, bit)
        await expect(openOn(damaged)).rejects.toThrow(FormatError)
        expect(await damaged.size(PATH)).toBe(frameBytes * 3)
      }),
      { numRuns: 100 },
    )
  })

  test('changes nothing before it is begun, a last frame that looks torn included', async () => {
    const disk = newDisk(1)
    const keyring = await openOn(disk)
    for (const name of ['a', 'b']) await mint(keyring, name)
    disk.flipBit(PATH, (await disk.size(PATH))! - 40, 3)
    const before = await disk.read(PATH)
    const reading = await opened(disk)
    expect(reading.size).toBe(1)
    expect(() => reading.numberOf(scope('c'))).toThrow(/not opened for writing/)
    await expect(reading.flush()).rejects.toThrow(/not opened for writing/)
    expect(await disk.read(PATH)).toEqual(before)
  })

  test('does not open under another root key', async () => {
    const disk = newDisk(1)
    await mint(await openOn(disk), 'a')
    const other = new Uint8Array(32).fill(8)
    await expect(opened(disk, other)).rejects.toThrow(/root key/)
  })

  test('destroys a key for good, and gives its scope a new number', async () => {
    const disk = newDisk(1)
    const keyring = await openOn(disk)
    await mint(keyring, 'a', 'b', 'c')
    const before = keyring.key(1)!.slice()
    keyring.release([1])
    expect(keyring.existing(scope('b'))).toBeUndefined()
    expect(keyring.key(1)).toEqual(before)
    await mint(keyring, 'b')
    await keyring.destroy([1])
    expect(keyring.key(1)).toBeUndefined()
    expect(keyring.existing(scope('b'))).toBe(3)
    await mint(keyring, 'd')
    const again = await openOn(disk.powerCut())
    expect(again.size).toBe(5)
    expect(again.key(1)).toBeUndefined()
    for (const [name, number] of [
      ['a', 0],
      ['c', 2],
      ['b', 3],
      ['d', 4],
    ] as const) {
      expect(again.existing(scope(name))).toBe(number)
      expect(again.key(number)).toEqual(keyring.key(number))
    }
  })

  test('leaves no page key under which an older copy of a page would open', async () => {
    const disk = newDisk(1)
    const keyring = await openOn(disk)
    await mint(keyring, 'a', 'b')
    const olderPage = (await disk.read(PATH))!
    await keyring.destroy([0])
    await disk.writeDurably(PATH, olderPage)
    await expect(opened(disk)).rejects.toThrow(/page key/)
  })

  test('goes on to the next page when one is full, and destroys keys in any of them', async () => {
    const disk = newDisk(1)
    const options = {
      random: new SeededRandom('keys'),
      directory: DIRECTORY,
      ledger: 'test',
      ledgerId: LEDGER_ID,
      root: ROOT,
    }
    const paged = async (): Promise<Keyring> => {
      await disk.makeDirectory(DIRECTORY)
      const keyring = await Keyring.open({ disk, ...options, pageKeysMax: 10 })
      await keyring.begin()
      return keyring
    }
    const keyring = await paged()
    for (let i = 0; i < 35; i += 1) await mint(keyring, i)
    expect(await disk.list(DIRECTORY)).toEqual([
      'test.000001.keys',
      'test.000002.keys',
      'test.000003.keys',
      'test.keys',
      'test.pages',
    ])
    await keyring.destroy([3, 10, 34])
    await mint(keyring, 'after')
    const again = await paged()
    expect(again.size).toBe(36)
    for (let number = 0; number < 36; number += 1) {
      if ([3, 10, 34].includes(number)) expect(again.key(number)).toBeUndefined()
      else expect(again.key(number)).toEqual(keyring.key(number))
    }
  })

  test('is not opened without the keys of its pages', async () => {
    const disk = newDisk(1)
    await mint(await openOn(disk), 'a')
    await disk.remove(`${DIRECTORY}/test.pages`)
    await expect(opened(disk)).rejects.toThrow(/page keys/)
  })
})
