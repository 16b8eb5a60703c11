import { toHex, utf8 } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import {
  decodeMasterFile,
  encodeMasterFile,
  unwrapUnderRoot,
  wrapUnderRoot,
} from '../../packages/server/src/vault/master-file.ts'
import {
  changeRootKey,
  type MasterKey,
  openMasterKey,
  readMasterKey,
} from '../../packages/server/src/vault/master-key.ts'
import {
  parseRootKey,
  readRootKey,
  rootKeyId,
  writeRootKey,
} from '../../packages/server/src/vault/root-key.ts'
import { rootBeside, RootKeyMissing, type RootSource } from '../../packages/server/src/vault/root-source.ts'

const KEYRING = '/data/keyring'
const BESIDE = rootBeside(KEYRING)
const ELSEWHERE: RootSource = { kind: 'file', path: '/secrets/root.key' }
const variable = (secret: string | undefined): RootSource => ({
  kind: 'environment',
  variable: 'DEPONENT_ROOT_KEY',
  secret,
})

const diskOf = (label = 'disk') => new SimulatedDisk({ random: new SeededRandom(label) })

async function opened(disk: SimulatedDisk, source: RootSource, isNew = false): Promise<MasterKey> {
  const master = await openMasterKey(disk, new SeededRandom('keys'), KEYRING, source, isNew)
  await master.settle()
  return master
}

async function newDirectory(source: RootSource): Promise<{ disk: SimulatedDisk; key: Uint8Array }> {
  const disk = diskOf()
  await disk.makeDirectory('/secrets')
  const { key } = await opened(disk, source, true)
  return { disk, key }
}

const changed = (
  disk: SimulatedDisk,
  master: MasterKey,
  to?: RootSource,
  record = (): Promise<void> => Promise.resolve(),
  seed = 'next',
) => changeRootKey({ disk, random: new SeededRandom(seed), keyring: KEYRING, master, to, record })

describe('the file of the master key', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

  test('gives the key back to the root key that wrapped it, for any keys', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(16), bytes(12), (master, root, directory, nonce) => {
        const head = { directory: toHex(directory), wrappedBy: `root-key ${rootKeyId(root)}` }
        const file = decodeMasterFile(encodeMasterFile(wrapUnderRoot(master, root, head, nonce)))
        expect(file).toMatchObject(head)
        expect(unwrapUnderRoot(file, root)).toEqual(master)
      }),
    )
  })

  test('is refused with any byte changed, and cut off anywhere', () => {
    const head = { directory: '0a'.repeat(16), wrappedBy: 'aws-kms arn:aws:kms:eu-central-1:1:key/2' }
    const whole = encodeMasterFile({ ...head, wrapped: new Uint8Array(190).fill(3) })
    for (let at = 0; at < whole.length; at += 1) {
      const spoiled = whole.with(at, whole[at]! ^ 1)
      expect(() => decodeMasterFile(spoiled)).toThrow(/master.key/)
      expect(() => decodeMasterFile(whole.subarray(0, at))).toThrow(/master.key/)
    }
  })

  test('does not open under another root key, nor with its first lines exchanged', () => {
    const [master, root, other] = [1, 2, 3].map((n) => new Uint8Array(32).fill(n)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const head = { directory: '0a'.repeat(16), wrappedBy: `root-key ${rootKeyId(root)}` }
    const file = wrapUnderRoot(master, root, head, new Uint8Array(12))
    expect(() => unwrapUnderRoot(file, other)).toThrow(/does not open/)
    expect(() => unwrapUnderRoot({ ...file, directory: '0b'.repeat(16) }, root)).toThrow(/does not open/)
  })
})

describe('a root key', () => {
  test('is read as it is written, or as 64 hex digits alone', async () => {
    const disk = diskOf()
    const root = new SeededRandom('root').bytes(32)
    await writeRootKey(disk, '/root.key', root)
    expect(await readRootKey(disk, '/root.key')).toEqual(root)
    expect(parseRootKey(`${toHex(root)}\n`, 'a variable')).toEqual(root)
    expect(parseRootKey(toHex(root).toUpperCase(), 'a variable')).toEqual(root)
  })

  test('that is none is refused without repeating it', () => {
    for (const text of [
      '',
      'secret words',
      'ab'.repeat(31),
      `deponent root key v1\n${'ab'.repeat(32)}\n00\n`,
    ]) {
      const parsing = (): unknown => parseRootKey(text, 'a variable')
      expect(parsing).toThrow(/a variable/)
      expect(parsing).not.toThrow(/secret words|abab/)
    }
  })

  test('has a name that tells it from another', () => {
    const names = Array.from({ length: 100 }, (_, i) => rootKeyId(new SeededRandom(`${i}`).bytes(32)))
    expect(new Set(names).size).toBe(100)
  })
})

describe('the master key of a directory', () => {
  test.each<[string, RootSource, string[]]>([
    ['in the keyring', BESIDE, ['master.key', 'root.key']],
    ['in a file elsewhere', ELSEWHERE, ['master.key']],
    ['in the environment', variable('5a'.repeat(32)), ['master.key']],
  ])('opens with the root key %s, also after a power cut', async (_, source, names) => {
    const { disk, key } = await newDirectory(source)
    expect(await disk.list(KEYRING)).toEqual(names)
    const after = disk.powerCut()
    expect((await opened(after, source)).key).toEqual(key)
    expect((await readMasterKey(after, KEYRING, source))?.key).toEqual(key)
  })

  test('is nowhere in the clear', async () => {
    const { disk, key } = await newDirectory(BESIDE)
    for (const name of await disk.list(KEYRING)) {
      const stored = Buffer.from((await disk.read(`${KEYRING}/${name}`))!)
      expect(stored.includes(Buffer.from(key))).toBe(false)
      expect(stored.toString()).not.toContain(toHex(key))
    }
  })

  test('is not minted again for a directory that had one', async () => {
    await expect(opened(diskOf(), BESIDE)).rejects.toThrow(/master.key is missing/)
  })

  test('does not open without its root key or with another, says which it needs, and writes nothing', async () => {
    const { disk } = await newDirectory(ELSEWHERE)
    const calls = disk.calls
    for (const source of [BESIDE, variable('11'.repeat(32)), variable(undefined)]) {
      const opening = opened(disk, source)
      await expect(opening).rejects.toThrow(RootKeyMissing)
      await expect(opening).rejects.toThrow(/wrapped by root-key [0-9a-f]{16}/)
      await expect(opening).rejects.not.toThrow(/1111/)
    }
    expect(disk.calls).toBeGreaterThan(calls)
    expect(await disk.list(KEYRING)).toEqual(['master.key'])
  })
})

describe('a change of the root key', () => {
  test('leaves the master key as it is and the older root key opening nothing', async () => {
    const { disk, key } = await newDirectory(BESIDE)
    const older = (await disk.read(`${KEYRING}/root.key`))!
    const change = await changed(disk, await opened(disk, BESIDE))
    expect(change.next).not.toBe(change.previous)
    expect(await disk.list(KEYRING)).toEqual(['master.key', 'root.key'])
    const after = disk.powerCut()
    expect((await opened(after, BESIDE)).key).toEqual(key)
    await after.writeDurably('/secrets/older', older)
    await expect(opened(after, { kind: 'file', path: '/secrets/older' })).rejects.toThrow(RootKeyMissing)
  })

  test('moves the root key out of the keyring, and back', async () => {
    const { disk, key } = await newDirectory(BESIDE)
    await changed(disk, await opened(disk, BESIDE), ELSEWHERE)
    expect(await disk.list(KEYRING)).toEqual(['master.key'])
    await expect(opened(disk, BESIDE)).rejects.toThrow(RootKeyMissing)
    const master = await opened(disk, ELSEWHERE)
    expect(master.key).toEqual(key)
    await changed(disk, master, variable('77'.repeat(32)))
    // A file that lies elsewhere is its owner's.
    expect(await disk.list('/secrets')).toEqual(['root.key'])
    await changed(disk, await opened(disk, variable('77'.repeat(32))), BESIDE)
    expect((await opened(disk, BESIDE)).key).toEqual(key)
  })

  test('is refused to the key that wraps already, and from a variable to nowhere', async () => {
    const { disk } = await newDirectory(variable('77'.repeat(32)))
    const master = await opened(disk, variable('77'.repeat(32)))
    await expect(changed(disk, master, variable('77'.repeat(32)))).rejects.toThrow(/already/)
    await expect(changed(disk, master)).rejects.toThrow(/--to/)
    await expect(changed(disk, master, variable(undefined))).rejects.toThrow(/not set/)
    expect(await disk.list(KEYRING)).toEqual(['master.key'])
  })

  test('is not made when it cannot be put on record, and is finished when it is asked for again', async () => {
    const { disk, key } = await newDirectory(BESIDE)
    const failing = (): Promise<void> => Promise.reject(new Error('no room'))
    await expect(changed(disk, await opened(disk, BESIDE), undefined, failing)).rejects.toThrow('no room')
    const master = await opened(disk, BESIDE)
    expect(master.key).toEqual(key)
    await changed(disk, master)
    expect(await disk.list(KEYRING)).toEqual(['master.key', 'root.key'])
    expect((await opened(disk, BESIDE)).key).toEqual(key)
  })

  test.each<[string, RootSource | undefined]>([
    ['where it lies', undefined],
    ['to a file elsewhere', ELSEWHERE],
  ])(
    '%s that is cut short anywhere leaves one of the two opening the directory, and can be finished',
    async (_, to) => {
      for (let call = 1; ; call += 1) {
        const { disk: first, key } = await newDirectory(BESIDE)
        const disk = first.powerCut({ faults: [{ call, kind: 'stops' }] })
        const change = async (): Promise<unknown> => changed(disk, await opened(disk, BESIDE), to)
        const wasCut = await change().then(
          () => false,
          () => true,
        )
        const after = disk.powerCut()
        const sources = [BESIDE, ...(to ? [to] : [])]
        const reading = await Promise.allSettled(
          sources.map((source) => readMasterKey(after, KEYRING, source)),
        )
        const usable = sources.filter((_source, i) => reading[i]!.status === 'fulfilled')
        for (const source of usable) expect((await readMasterKey(after, KEYRING, source))?.key).toEqual(key)
        expect(usable).not.toEqual([])
        if (!wasCut) break
        if (usable[0] === BESIDE) await changed(after, await opened(after, BESIDE), to, undefined, 'again')
        expect((await opened(after.powerCut(), to ?? BESIDE)).key).toEqual(key)
      }
    },
  )

  test('repeats no key in what it answers', async () => {
    const { disk, key } = await newDirectory(variable('77'.repeat(32)))
    const master = await opened(disk, variable('77'.repeat(32)))
    const told = JSON.stringify(await changed(disk, master, variable('88'.repeat(32))))
    for (const secret of ['7777', '8888', toHex(key)]) expect(told).not.toContain(secret)
    expect(utf8(told).length).toBeLessThan(300)
  })
})
