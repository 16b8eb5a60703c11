import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { formatCheckpoint, fromUtf8, parseTrust, utf8 } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { expiredSet } from '../../packages/server/src/erasure/expired-set.ts'
import { gatherEach } from '../../packages/server/src/erasure/gather.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { CopyIncomplete } from '../../packages/server/src/offsite/stored-copy.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { restoreOffsite } from '../../packages/server/src/restore-offsite.ts'
import { rootBeside } from '../../packages/server/src/vault/root-source.ts'
import { rotateKey } from '../../packages/server/src/rotate-key.ts'
import { succeedLedger } from '../../packages/server/src/succeed-ledger.ts'
import { requestAbout } from '../erasure/erasing.ts'
import { living } from '../keys/key-place.ts'
import { loan, newPlace, submission } from '../recording/open-tenant.ts'
import {
  type CopiedPlace,
  keysIn,
  loans,
  newCopiedPlace,
  openCopied,
  restored,
  until,
  WatchedStore,
} from './copies.ts'

async function copiedPlace(count: number, segmentEntries = 64): Promise<CopiedPlace> {
  const place = await newCopiedPlace()
  const life = await openCopied(place, { segmentEntries })
  await life.record(...loans(Math.ceil(count / 2)))
  await life.copied()
  await life.record(...loans(Math.floor(count / 2), Math.ceil(count / 2)))
  await life.erase('person-5')
  await life.tenant.ledger.anchors.add({ ...life.tenant.ledger.checkpoint!, timestamps: [] })
  await life.copied()
  await life.close()
  return place
}

const valid = async (data: string): Promise<string> => {
  const { findings, verdict } = await checkDirectory(realDisk, data)
  return [verdict, ...findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code)].join(
    ' ',
  )
}

describe('restore-offsite', () => {
  test.each([2, 250, 700])(
    'brings back a ledger of some %i records, which verifies and goes on',
    async (count) => {
      const place = await copiedPlace(count)
      const { data, ledgers } = await restored(place)
      expect(await valid(data)).toBe('valid')
      await rm(place.data, { recursive: true })
      const life = await openCopied({ ...place, data }, { segmentEntries: 64 })
      const { tenant } = life
      expect(tenant.ledger.refusal).toBeUndefined()
      expect(tenant.ledger.size).toBeGreaterThanOrEqual(ledgers[0]!.size)
      // Everything recorded is known by its name, and what was erased is refused.
      const again = await tenant.recorder.record([submission(loan(0))])
      expect(again).toMatchObject({ recorded: 0, duplicates: 1, errors: [] })
      if (count > 5) {
        const erased = await tenant.recorder.record([submission(loan(5))])
        expect(erased.errors[0]?.code).toBe('erased')
      }
      const [index] = await tenant.recorder.findDecisions('loan-0')
      expect((await tenant.reader.one(index!))?.record?.modelId).toBe('scorer')
      await life.record(loan(9_000))
      await life.copied()
      await life.close()
      expect(await valid(data)).toBe('valid')
    },
  )

  test('finds everything through its versions, whatever was put in its place or removed', async () => {
    const place = await copiedPlace(300)
    const honest = await restored(place, 'honest')
    const keys: string[] = []
    for await (const { key } of place.store.list('')) keys.push(key)
    for (const [i, key] of keys.entries()) {
      const bytes = (await place.store.get(key))!
      const changed = bytes.map((byte, at) => (at === bytes.length - 60 ? byte ^ 1 : byte))
      await place.store.put(key, i % 2 === 0 ? changed : bytes.slice(0, 20))
      if (i % 3 === 0) await place.store.remove(key)
    }
    const attacked = await restored(place, 'attacked')
    expect(attacked.ledgers).toEqual(honest.ledgers)
    expect(await valid(attacked.data)).toBe('valid')
    expect((await readdir(`${attacked.data}/ledgers/default/anchors`)).length).toBe(1)
  })

  test('believes no key but those it was given, whatever else calls itself a key of the ledger', async () => {
    const place = await copiedPlace(20)
    const { ledgers } = await restored(place, 'honest')
    const { origin } = ledgers[0]!
    const prefix = `default/${(await readdir(join(place.storeRoot, 'default')))[0]!}`
    const stranger = new SigningKey(origin, new Uint8Array(32).fill(7))
    const key = `${prefix}/identity.json`
    const identity = JSON.parse(fromUtf8((await place.store.get(key))!)) as { identity: { keys: object[] } }
    identity.identity.keys.unshift({ vkey: stranger.vkey, use: 'checkpoint', sizes: '0..' })
    await place.store.put(key, utf8(JSON.stringify(identity)))
    const forged = formatCheckpoint({ origin, size: 999, root: new Uint8Array(32) })
    await place.store.put(`${prefix}/checkpoint/000000000999`, utf8(stranger.note(forged)))
    const attacked = await restored(place, 'attacked')
    expect(attacked.ledgers).toEqual(ledgers)
    const { ledgers: named } = (await readDirectoryFormat(realDisk, attacked.data))!
    expect(named.default!.keys.map(({ vkey }) => vkey)).not.toContain(stranger.vkey)
  })

  test('wants a trust file where the checkpoint key is not in the keyring', async () => {
    const place = await copiedPlace(20)
    const { default: identity } = (await readDirectoryFormat(realDisk, place.data))!.ledgers
    await rm(`${place.data}/keyring/default.checkpoint.key`)
    await expect(restored(place)).rejects.toThrow('--trust')
    const trust = parseTrust({ ledgers: [{ ...identity!, witnesses: [], quorum: 0, timestampRoots: [] }] })
    const { data } = await restored(place, 'trusted', trust)
    expect(await valid(data)).toBe('valid')
  })

  test('leaves nothing when an object that is needed is in no version of it', async () => {
    const place = await copiedPlace(300)
    for (const needed of ['tile/entries/000', 'tile/1/000.p/1', 'vault/000000000000-000000000064.seg']) {
      const key = (await keysIn(place.store)).find((each) => each === needed)
      expect(key).toBe(needed)
    }
    const prefix = join(place.storeRoot, 'default')
    const [id] = await readdir(prefix)
    await rm(join(prefix, id!, 'tile/entries/000~'), { recursive: true })
    await expect(restored(place)).rejects.toThrow(CopyIncomplete)
    await expect(restored(place, 'other')).rejects.toThrow('tile/entries/000')
    expect((await readdir(join(place.data, '..'))).filter((name) => name.includes('restor'))).toEqual([
      'restored-keyring',
    ])
  })

  test('takes a copy for nobody who has another keyring', async () => {
    const place = await copiedPlace(2)
    const other = await newPlace()
    const life = await openCopied({ ...place, ...other }, { isCopied: null })
    await life.close()
    const options = {
      store: place.store,
      keyring: `${other.data}/keyring`,
      data: join(place.data, '../stolen'),
      rootOf: (data: string) => rootBeside(`${data}/keyring`),
    }
    await expect(restoreOffsite(options)).rejects.toThrow('whose keys are in this keyring')
  })

  test('behind a head that the signer remembers refuses to write, and copies nothing', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const first = await openCopied(place, { store })
    await first.record(...loans(10))
    await first.copied()
    store.before = () => {
      throw new StoreFailure('unreachable', 'the store is away')
    }
    await first.record(...loans(10, 10))
    await first.close()
    const { data } = await restored(place)
    const before = await keysIn(place.store)
    const second = await openCopied({ ...place, data })
    expect(second.tenant.ledger.refusal?.code).toBe('ledger_behind')
    await expect(second.record(loan(99))).rejects.toMatchObject({ code: 'ledger_behind' })
    expect(second.offsite.status().trouble?.message).toContain('takes no entries')
    await second.close()
    expect(await keysIn(place.store)).toEqual(before)
  })

  test('of an erasure that was not completed goes on with what came back, and leaves what takes the places of the rest', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const first = await openCopied(place, { store })
    await first.record(...loans(11))
    await first.copied()
    store.before = () => {
      throw new StoreFailure('unreachable', 'the store is away')
    }
    await first.record(...loans(44, 11))
    const { erasure } = await first.erasures.request(requestAbout(first.tenant, 'person-3'))
    await until(() => first.erasures.status(erasure.id)?.failure !== undefined)
    await first.close()
    const { data } = await restored(place)
    const signer = join(place.data, '../another-signer')
    const life = await openCopied({ ...place, data, signer }, { acceptHead: true })
    await life.record(...loans(44, 100))
    await until(() => life.erasures.status(erasure.id)?.erasure.outcome !== undefined)
    const read = await life.tenant.reader.read(0, life.tenant.ledger.size)
    const gone = read.flatMap(({ index, record }) => (record ? [] : [index]))
    expect(gone).toHaveLength(1)
    expect(life.erasures.status(erasure.id)?.erasure.outcome?.records).toBe(1)
    // What was lost of theirs is not taken again either, and found nowhere.
    const resent = await life.tenant.recorder.record([submission(loan(14))])
    expect(resent.errors[0]?.code).toBe('erased')
    expect(await life.tenant.recorder.findDecisions('loan-14')).toEqual([])
    await life.copied()
    await life.close()
    expect(await valid(data)).toBe('valid')
  })

  test('of a set that was expiring deletes what came back of it, and records so many', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const first = await openCopied(place, { store })
    await first.record(...loans(11))
    await first.copied()
    const { size } = first.tenant.ledger
    store.before = () => {
      throw new StoreFailure('unreachable', 'the store is away')
    }
    await first.record(...loans(11, 11))
    const entries = await gatherEach({ ...first.tenant, clock: place.clock }, [5, size, size + 1])
    const terms = { policy: 'p', policyVersion: 1, planDigest: '0'.repeat(64) }
    const set = expiredSet(entries, terms, { id: 'set-1', now: place.clock.now(), seed: '07'.repeat(32) })
    expect(await first.erasures.expire([set])).toEqual(['set-1'])
    await first.close()
    const { data } = await restored(place)
    const signer = join(place.data, '../another-signer')
    const life = await openCopied({ ...place, data, signer }, { acceptHead: true })
    await life.record(...loans(11, 100))
    await until(() => life.tenant.register.get('set-1') === undefined)
    const read = await life.tenant.reader.read(0, life.tenant.ledger.size)
    expect(read.flatMap(({ index, record }) => (record ? [] : [index]))).toEqual([5])
    const expired = read.filter(({ entry }) => entry.kind === 'retention.expired')
    expect(expired.map(({ record }) => record)).toMatchObject([{ count: 1, counts: { decision: 1 } }])
    await life.copied()
    await life.close()
    expect(await valid(data)).toBe('valid')
  })

  test('with a signer that remembers nothing goes on once its head is accepted', async () => {
    const place = await copiedPlace(20)
    const { data } = await restored(place)
    const signer = join(place.data, '../another-signer')
    const refused = await openCopied({ ...place, data, signer })
    expect(refused.tenant.ledger.refusal?.code).toBe('signer_state_missing')
    await refused.close()
    const life = await openCopied({ ...place, data, signer }, { acceptHead: true })
    await life.record(loan(500))
    await life.copied()
    await life.close()
    expect(await valid(data)).toBe('valid')
  })

  test('follows a change of keys, and the copy of a successor begins anew beside the old one', async () => {
    const place = await copiedPlace(20)
    await living(place, (change) => rotateKey(change, 'checkpoint'))
    const rotated = await openCopied(place)
    await rotated.record(loan(100))
    await rotated.copied()
    await rotated.close()
    const { data } = await restored(place, 'rotated')
    expect(await valid(data)).toBe('valid')
    await living(place, (change) => succeedLedger(change, 'migration'))
    const successor = await openCopied(place)
    await successor.record(loan(200))
    await successor.copied()
    await successor.close()
    expect(await readdir(join(place.storeRoot, 'default'))).toHaveLength(2)
    const after = await restored(place, 'succeeded')
    expect(after.ledgers).toEqual([
      { ledger: 'default', origin: successor.tenant.ledger.origin, size: successor.tenant.ledger.size },
    ])
    expect(await valid(after.data)).toBe('incomplete succession_missing')
  })
})
