import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import type { KeyChangeOptions } from '../../packages/server/src/rotate-key.ts'
import { type RootRotation, rotateRootKey } from '../../packages/server/src/rotate-root.ts'
import { openTenant } from '../../packages/server/src/tenant.ts'
import { RootKeyMissing, type RootSource } from '../../packages/server/src/vault/root-source.ts'
import { dyingAfter, expectValid, living, newPlace, type Place, record } from './key-place.ts'

/** Changes the root key of a directory that opens with the one in its keyring. */
const rotated = (change: KeyChangeOptions, to?: RootSource): Promise<RootRotation> =>
  rotateRootKey({ ...change, first: 'default', to, signerOf: () => Promise.resolve(undefined) })

/** The last record of a ledger, opened with the root key at `root`. */
async function lastRecord(place: Place, root?: RootSource): Promise<Record<string, unknown>> {
  const directory = await openDirectory(realDisk, realRandom, place.data, root)
  const tenant = await openTenant({
    disk: realDisk,
    clock: realClock,
    random: realRandom,
    directory,
    ledgerName: 'default',
    signerDirectory: place.signer,
    acceptHead: false,
    isQuiet: true,
    intake: (secrets) => new LocalIntake(secrets, realRandom),
    onStop: () => undefined,
  })
  const { entry, record: last } = await tenant.reader.one(tenant.ledger.size - 1)
  await tenant.close()
  await directory.release()
  return { ...last, kind: entry.kind }
}

/** Everything sealed that lies in the directory, and the keys of persons. */
async function sealed(place: Place): Promise<string[]> {
  const names = [
    ...(await readdir(join(place.data, 'vault/default'))).map((name) => `vault/default/${name}`),
    'keyring/default.keys',
  ]
  return Promise.all(names.map((name) => readFile(join(place.data, name), 'base64')))
}

const opens = async (place: Place, root?: RootSource): Promise<number> => {
  const { verdict, checked } = await checkDirectory(realDisk, place.data, { ...(root && { root }) })
  expect(verdict).toBe('valid')
  return checked.payloads
}

describe('a change of the root key', () => {
  test('is on record, keeps every payload as it was, and lets nobody in with the older one', async () => {
    const place = await newPlace()
    await record(place, 0, 20)
    const older = await readFile(join(place.data, 'keyring/root.key'), 'utf8')
    const opened = await opens(place)
    const before = await sealed(place)
    const { previous, next, unrecorded } = await living(place, (change) => rotated(change))
    expect(unrecorded).toEqual([])
    expect((await sealed(place)).slice(0, -1)).toEqual(before.slice(0, -1))
    const last = await lastRecord(place)
    expect(last).toMatchObject({ kind: 'key.rotated', use: 'root', keyId: next, previousKeyId: previous })
    const hex = older.split('\n')[1]!
    expect(JSON.stringify(last)).not.toContain(hex)
    expect(await opens(place)).toBe(opened + 1)
    const elsewhere = { kind: 'environment', variable: 'X', secret: hex } as const
    expect(await opens(place, elsewhere)).toBeLessThan(opened)
    await record(place, 20, 2)
    await expectValid(place)
  })

  test('to a place outside the directory leaves nothing there that opens it', async () => {
    const place = await newPlace()
    await record(place, 0, 3)
    const opened = await opens(place)
    const to: RootSource = { kind: 'file', path: join(place.data, '../elsewhere.key') }
    const { place: told } = await living(place, (change) => rotated(change, to))
    expect(told).toBe(to.path)
    expect(await readdir(join(place.data, 'keyring'))).not.toContain('root.key')
    await expect(openDirectory(realDisk, realRandom, place.data)).rejects.toThrow(RootKeyMissing)
    const { findings, verdict } = await checkDirectory(realDisk, place.data)
    expect([verdict, findings.map(({ code }) => code)]).toEqual([
      'valid',
      expect.arrayContaining(['payload_unopened']),
    ])
    expect(await opens(place, to)).toBe(opened + 1)
    expect(await lastRecord(place, to)).toMatchObject({ use: 'root' })
  })

  test('that dies anywhere is finished by the next call, and is on record', async () => {
    for (let last = 0; ; last += 1) {
      const place = await newPlace()
      await record(place, 0, 2)
      const { disk, hasDied, bury } = dyingAfter(last)
      await living(place, (change) => rotated(change), disk).catch(() => undefined)
      await bury()
      await opens(place)
      if (!hasDied()) break
      const { next } = await living(place, (change) => rotated(change))
      expect(await lastRecord(place)).toMatchObject({ use: 'root', keyId: next })
      await opens(place)
      expect(await readdir(join(place.data, 'keyring'))).toEqual([
        'default.checkpoint.key',
        'default.keys',
        'default.pages',
        'default.promise.key',
        'master.key',
        'root.key',
      ])
    }
  })
})
