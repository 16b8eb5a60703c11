import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { KeyMismatch } from '../../packages/server/src/directory.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { inQuiet, rotateKey } from '../../packages/server/src/rotate-key.ts'

import { succeedLedger } from '../../packages/server/src/succeed-ledger.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import {
  dyingAfter,
  expectValid,
  living,
  newPlace,
  type Place,
  record,
  trustNow,
  withSignerProcess,
} from './key-place.ts'

const ledgersOf = async (place: Place): Promise<Record<string, { origin: string }>> =>
  (await readDirectoryFormat(realDisk, place.data))!.ledgers

async function codesOf(place: Place): Promise<string[]> {
  return (await checkDirectory(realDisk, place.data)).findings.map(({ code }) => code)
}

describe('a ledger that succeeds another', () => {
  test('takes its name, fixes all of it in its first entry, and both are verified', async () => {
    const place = await newPlace()
    const early = await record(place, 0, 300)
    const { origin } = (await ledgersOf(place)).default!
    await rm(`${place.data}/keyring/default.checkpoint.key`)
    await expect(record(place, 300, 1)).rejects.toThrow(KeyMismatch)
    const succession = await living(place, (change) => succeedLedger(change, 'lost'))
    expect(succession).toMatchObject({ frozen: 'default.1', previousOrigin: origin })
    await record(place, 300, 5)
    const ledgers = await ledgersOf(place)
    expect(ledgers['default.1']!.origin).toBe(origin)
    expect(ledgers.default!.origin).toBe(succession.origin)
    expect(origin).not.toBe(succession.origin)
    await expectValid(place)
    await expectValid(place, undefined, [early])
    expect((await readdir(place.data)).join()).not.toContain('succession')
  })

  test('can be succeeded itself, after its keys were rotated', async () => {
    const place = await newPlace()
    await record(place, 0, 3)
    await living(place, (change) => rotateKey(change, 'checkpoint'))
    for (let i = 1; i <= 2; i += 1) {
      await living(place, (change) => succeedLedger(change, 'compromised'))
      await record(place, 3 * i, 3)
    }
    expect(Object.keys(await ledgersOf(place)).toSorted()).toEqual(['default', 'default.1', 'default.2'])
    await expectValid(place)
  })

  test('shows when the old one is changed, or taken away', async () => {
    const place = await newPlace()
    await record(place, 0, 3)
    await living(place, (change) => succeedLedger(change, 'compromised'))
    const checkpoint = `${place.data}/ledgers/default.1/checkpoint`
    await writeFile(checkpoint, (await readFile(checkpoint, 'utf8')).replace('\n\n', '\nmore\n\n'))
    expect(await codesOf(place)).toContain('succession_mismatch')
    const format = await readFile(`${place.data}/format.json`, 'utf8')
    const { ledgers, ...rest } = JSON.parse(format) as { ledgers: Record<string, unknown> }
    delete ledgers['default.1']
    await writeFile(`${place.data}/format.json`, JSON.stringify({ ...rest, ledgers }))
    expect(await codesOf(place)).toContain('succession_missing')
  })

  test('is not trusted because the old one was', async () => {
    const place = await newPlace()
    await record(place, 0, 3)
    const old = await trustNow(place)
    await living(place, (change) => succeedLedger(change, 'compromised'))
    const { verdict, findings } = await checkDirectory(realDisk, place.data, { trust: old })
    expect(verdict).toBe('incomplete')
    expect(findings.map(({ code }) => code)).toContain('trust_missing')
  })

  test('is not begun before erasures are completed that would never be in the old one', async () => {
    const place = await newPlace()
    await record(place, 0, 3)
    await living(place, (change) =>
      inQuiet(change, async (tenant) => {
        const { erasure } = await erasuresOver(tenant, change.clock, change.random, {
          needsTwoPersons: () => true,
        }).request(requestAbout(tenant, 'person-1'))
        return erasure
      }),
    )
    await expect(living(place, (change) => succeedLedger(change, 'migration'))).rejects.toThrow(
      '1 erasures of this ledger are not completed',
    )
    // A key that others have cannot wait for whoever must agree to an erasure.
    await living(place, (change) => succeedLedger(change, 'compromised'))
    await expectValid(place)
  })

  test('gets its key from a signer with a new state, and not from the one of the old ledger', async () => {
    const first = await withSignerProcess(await newPlace())
    await record(first, 0, 3)
    await expect(living(first, (change) => succeedLedger(change, 'compromised'))).rejects.toThrow('--state')
    const second = await withSignerProcess({ data: first.data, signer: `${first.signer}-2` })
    await living(second, (change) => succeedLedger(change, 'compromised'))
    await record(second, 3, 3)
    await expectValid(second)
  })
})

test('a succession that dies at any step is finished by the next start, or was never begun', async () => {
  for (let last = 1, hasDied = true; hasDied; last += 1) {
    const place = await newPlace()
    await record(place, 0, 2)
    const dying = dyingAfter(last)
    await living(place, (change) => succeedLedger(change, 'compromised'), dying.disk).catch(() => undefined)
    hasDied = dying.hasDied()
    await dying.bury()
    await record(place, 2, 2)
    await expectValid(place)
    expect((await readdir(place.data)).join()).not.toContain('succession')
    expect([1, 2]).toContain(Object.keys(await ledgersOf(place)).length)
  }
}, 120_000)
