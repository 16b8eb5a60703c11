import { readdir, readFile, rename } from 'node:fs/promises'
import { parseNote, parseVkey, verifyNote, verifyReceipt } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { writeSeed } from '../../packages/server/src/ledger/signing-key.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { resumeRotations, rotateKey } from '../../packages/server/src/rotate-key.ts'
import {
  dyingAfter,
  expectValid,
  living,
  newPlace,
  record,
  sizesOf,
  trustNow,
  withSignerProcess,
} from './key-place.ts'

describe.each([
  ['in the process', newPlace],
  ['of a signer outside', async () => withSignerProcess(await newPlace())],
])('a rotation of the checkpoint key %s', (_, make) => {
  test('is signed by both, and leads whoever trusted the old key to the new one', async () => {
    const place = await make()
    const early = await record(place, 0, 5)
    const old = await trustNow(place)
    const { from, previous, next } = await living(place, (change) => rotateKey(change, 'checkpoint'))
    expect(from).toBe(7)
    expect(await sizesOf(place)).toEqual(['checkpoint 0..7', 'promise 0..', 'checkpoint 7..'])
    const note = parseNote(await readFile(`${place.data}/ledgers/default/checkpoint`, 'utf8'))
    expect(verifyNote(note, [previous, next].map(parseVkey))).toHaveLength(2)
    expect((await readdir(`${place.data}/keyring`)).join()).not.toContain('.next')

    await record(place, 5, 5)
    expect(await expectValid(place)).toContain('trust_self')
    const codes = await expectValid(place, old, [early])
    expect(codes).toContain('trust_extended')
    expect(codes).not.toContain('trust_self')
    expect(verifyReceipt(early, old).verdict).toBe('valid')
  })

  test('can be followed by another', async () => {
    const place = await make()
    await record(place, 0, 1)
    const old = await trustNow(place)
    for (let i = 1; i <= 3; i += 1) {
      await living(place, (change) => rotateKey(change, 'checkpoint'))
      await record(place, i, 1)
    }
    expect((await expectValid(place, old)).filter((code) => code === 'trust_extended')).toHaveLength(3)
  })
})

test('a rotation of the promise key leads old trust to receipts of the new key, and keeps the old ones', async () => {
  const place = await newPlace()
  const early = await record(place, 0, 5)
  const old = await trustNow(place)
  await living(place, (change) => rotateKey(change, 'promise'))
  const late = await record(place, 5, 5)
  expect(await sizesOf(place)).toEqual(['checkpoint 0..', 'promise 0..7', 'promise 7..'])
  expect(await expectValid(place, old, [early, late])).toContain('trust_extended')
  const trust = await trustNow(place)
  expect(verifyReceipt(early, trust).verdict).toBe('valid')
  expect(verifyReceipt(late, trust).verdict).toBe('valid')
  expect(verifyReceipt(late, old).verdict).toBe('invalid')
})

test('a key that format.json names and no entry leads to makes a directory invalid', async () => {
  const place = await newPlace()
  await record(place, 0, 2)
  const path = `${place.data}/format.json`
  const text = await readFile(path, 'utf8')
  await realDisk.writeDurably(path, Buffer.from(text.replace('"sizes":"0.."', '"sizes":"1.."')))
  const { verdict, findings } = await checkDirectory(realDisk, place.data)
  expect(verdict).toBe('invalid')
  expect(findings.map(({ code }) => code)).toContain('format_damaged')
})

test.each(['checkpoint', 'promise'] as const)(
  'a rotation of the %s key that dies at any step is finished or was never begun, and nothing is lost',
  async (use) => {
    for (let last = 1, hasDied = true; hasDied; last += 1) {
      const place = await newPlace()
      await record(place, 0, 2)
      const old = await trustNow(place)
      const dying = dyingAfter(last)
      await living(place, (change) => rotateKey(change, use), dying.disk).catch(() => undefined)
      hasDied = dying.hasDied()
      await dying.bury()
      await record(place, 2, 2)
      await expectValid(place)
      await expectValid(place, old)
      expect((await readdir(`${place.data}/keyring`)).join()).not.toContain('.next')
      expect([2, 3]).toContain((await sizesOf(place)).length)
    }
  },
  120_000,
)

test('a rotation under way keeps a ledger that takes no entries from nothing but being finished', async () => {
  const place = await newPlace()
  await record(place, 0, 2)
  const path = `${place.data}/keyring/default.checkpoint.key.next`
  await writeSeed(realDisk, path, realRandom.bytes(32))
  await rename(place.signer, `${place.signer}.away`)
  await living(place, resumeRotations)
  expect(await sizesOf(place)).toEqual(['checkpoint 0..', 'promise 0..'])
  await rename(`${place.signer}.away`, place.signer)
  await living(place, resumeRotations)
  expect(await sizesOf(place)).toEqual(['checkpoint 0..4', 'promise 0..', 'checkpoint 4..'])
  await expectValid(place)
})
