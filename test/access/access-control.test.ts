import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { AccessControl, PolicyChanged } from '../../packages/server/src/access/access-control.ts'
import { AccessFileDamaged } from '../../packages/server/src/access/access-file.ts'
import { adminTokenOf, callerOf } from '../../packages/server/src/access/caller.ts'
import { DEFAULT_POLICY } from '../../packages/server/src/access/default-policy.ts'
import { type IdentityRequest, KeyRefused } from '../../packages/server/src/access/key-change.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'

const by = { id: 'i-0', name: 'Grace', role: 'admin' }
const wanted = (more: Partial<IdentityRequest> = {}): IdentityRequest => ({
  name: 'Ada',
  roles: ['auditor'],
  systems: null,
  period: {},
  purposes: null,
  expiresAt: null,
  ...more,
})

async function aPlace() {
  const data = await mkdtemp(join(tmpdir(), 'deponent-access-'))
  const records: { kind: string; record: CanonicalRecord; subject?: string }[] = []
  const clock = new TestClock()
  const state = { digest: undefined as string | undefined, failure: undefined as Error | undefined }
  const open = async (): Promise<AccessControl> => {
    const control = await AccessControl.open({
      disk: realDisk,
      clock,
      random: realRandom,
      data,
      ledger: 'default',
      record: (kind, record, subject) => {
        if (state.failure) return Promise.reject(state.failure)
        records.push({ kind, record, ...(subject !== undefined && { subject }) })
        return Promise.resolve(records.length - 1)
      },
      remembered: () => state.digest,
      remember: (digest) => {
        state.digest = digest
      },
    })
    await control.reconcile()
    return control
  }
  return { data, records, clock, state, open, file: join(data, 'keyring/access/default.json') }
}

describe('keys', () => {
  test('open what they were made for, after a restart too, and lie in the keyring as digests only', async () => {
    const { open, file } = await aPlace()
    const { token, identity } = await (await open()).make(wanted(), by)
    const again = await open()
    expect(again.holderOf(token)?.identity).toMatchObject({
      id: identity.id,
      name: 'Ada',
      roles: ['auditor'],
    })
    expect(await readFile(file, 'utf8')).not.toContain(token)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(again.holderOf(`${token}x`)).toBeUndefined()
  })

  test('are on record when made, rotated and revoked, without any secret', async () => {
    const { open, records } = await aPlace()
    const control = await open()
    const first = await control.make(wanted(), by)
    const second = await control.rotate(first.identity.id, 1_000, by)
    await control.revoke(first.identity.id, by)
    expect(records.map(({ kind }) => kind)).toEqual(['key.created', 'key.rotated', 'key.revoked'])
    for (const { record } of records) expect(record).toMatchObject({ use: 'access', actor: by })
    const text = JSON.stringify(records)
    const [held] = first.identity.keys
    for (const secret of [first.token, second.token, held!.digest]) expect(text).not.toContain(secret)
  })

  test('of a person are theirs: one record says so, sealed as their own, and with it the identity is forgotten', async () => {
    const { open, records, file } = await aPlace()
    const control = await open()
    await control.make(wanted(), by)
    const handle = '0123456789abcdef0123456789abcdef'
    const asked = wanted({ name: 'Zoe', roles: ['subject'], subject: handle, purposes: ['the flat in Lund'] })
    const { identity, token } = await control.make(asked, by)
    await control.rotate(identity.id, 60_000, by)
    expect(records.map(({ subject }) => subject)).toEqual([undefined, handle, undefined])
    await control.forget(new Set([0, 2, 3]))
    expect(control.holderOf(token)).toBeDefined()
    await control.forget(new Set([1]))
    await control.forget(new Set([1]))
    expect(control.holderOf(token)).toBeUndefined()
    expect(records.map(({ kind }) => kind)).toEqual([
      'key.created',
      'key.created',
      'key.rotated',
      'key.revoked',
    ])
    expect(records[3]!.record).toMatchObject({ actor: { id: 'server' }, details: { id: identity.id } })
    const left = JSON.stringify(records.filter(({ subject }) => subject === undefined))
    for (const text of [left, await readFile(file, 'utf8'), JSON.stringify((await open()).identities)])
      for (const said of ['Zoe', handle, 'Lund']) expect(text).not.toContain(said)
  })

  test('come into being only once that is on record', async () => {
    const { open, state, file } = await aPlace()
    const control = await open()
    state.failure = new Error('the ledger takes no entries')
    await expect(control.make(wanted(), by)).rejects.toThrow('takes no entries')
    expect(control.identities).toEqual([])
    await expect(readFile(file)).rejects.toThrow('ENOENT')
    state.failure = undefined
    await control.make(wanted(), by)
    expect(control.identities).toHaveLength(1)
  })

  test('overlap while they are rotated, and the older one ends', async () => {
    const { open, clock } = await aPlace()
    const control = await open()
    const first = await control.make(wanted(), by)
    const second = await control.rotate(first.identity.id, 60_000, by)
    expect([first, second].map(({ token }) => control.holderOf(token) !== undefined)).toEqual([true, true])
    clock.advance(60_000)
    expect([first, second].map(({ token }) => control.holderOf(token) !== undefined)).toEqual([false, true])
  })

  test('expire when they were said to', async () => {
    const { open, clock } = await aPlace()
    const control = await open()
    const { token } = await control.make(wanted({ expiresAt: clock.now() + 1_000 }), by)
    clock.advance(999)
    expect(control.holderOf(token)).toBeDefined()
    clock.advance(1)
    expect(control.holderOf(token)).toBeUndefined()
  })

  test('end at once when revoked, one alone or all of an identity', async () => {
    const { open } = await aPlace()
    const control = await open()
    const first = await control.make(wanted(), by)
    const second = await control.rotate(first.identity.id, 60_000, by)
    await control.revoke(first.keyId, by)
    expect(control.holderOf(first.token)).toBeUndefined()
    expect(control.holderOf(second.token)).toBeDefined()
    await control.revoke(first.identity.id, by)
    expect(control.holderOf(second.token)).toBeUndefined()
    await expect(control.rotate(first.identity.id, 0, by)).rejects.toMatchObject({ code: 'key_revoked' })
  })

  test.each([
    [{ roles: ['subject'] as const }, '/subject'],
    [{ subject: 'x' }, '/subject'],
    [{ roles: ['subject', 'auditor'] as const, subject: 'x' }, '/roles'],
    [{ roles: ['auditor'] as const, emitter: 'e' }, '/roles'],
    [{ expiresAt: 1 }, '/expiresAt'],
  ])('are not made of %j', async (more, field) => {
    const control = await (await aPlace()).open()
    const refusal = await control.make(wanted(more), by).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(KeyRefused)
    expect(refusal).toMatchObject({ field })
  })

  test('of one emitter belong to one identity', async () => {
    const control = await (await aPlace()).open()
    const first = await control.make(wanted({ roles: ['writer'], emitter: 'till' }), by)
    await expect(control.make(wanted({ roles: ['writer'], emitter: 'till' }), by)).rejects.toMatchObject({
      code: 'emitter_taken',
    })
    const other = await control.make(wanted({ roles: ['writer'] }), by)
    const may = ({ token }: typeof first, name: string | undefined) =>
      callerOf(control, control.holderOf(token)!, () => 0).mayRecordFor(name)
    expect([may(first, 'till'), may(first, undefined), may(first, 'shop')]).toEqual([true, false, false])
    expect([may(other, 'till'), may(other, undefined), may(other, 'shop')]).toEqual([false, true, true])
  })

  test('asked for at the same time are all made', async () => {
    const place = await aPlace()
    const control = await place.open()
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => control.make(wanted({ name: `n${i}` }), by)),
    )
    const again = await place.open()
    for (const { token } of made) expect(again.holderOf(token)).toBeDefined()
  })
})

describe('the token of first start', () => {
  test('holds every role until somebody else holds admin, and admin alone from then on', async () => {
    const { open, clock } = await aPlace()
    const control = await open()
    const token = () => adminTokenOf(control, () => clock.now())
    expect(token().permit('read')).toBeDefined()
    expect(token().permit('record')).toBeDefined()
    const { identity } = await control.make(wanted({ roles: ['admin'] }), by)
    expect(token().permit('read')).toBeUndefined()
    expect(token().permit('keys')).toBeDefined()
    await control.revoke(identity.id, by)
    expect(token().permit('read')).toBeDefined()
  })
})

describe('a policy', () => {
  test('changes by a record that holds what was and what is', async () => {
    const { open, records } = await aPlace()
    const control = await open()
    const next = { ...DEFAULT_POLICY, smallCells: 25 }
    expect(await control.changePolicy(next, 'stricter', by)).toMatchObject({ version: 2, smallCells: 25 })
    expect(records.at(-1)).toMatchObject({
      kind: 'change',
      record: {
        object: 'access.policy',
        reason: 'stricter',
        actor: by,
        before: { version: 1 },
        after: { version: 2 },
      },
    })
    expect((await open()).policy.smallCells).toBe(25)
  })

  test('is not changed from a version that is no longer in force', async () => {
    const control = await (await aPlace()).open()
    await control.changePolicy(DEFAULT_POLICY, 'first', by)
    await expect(control.changePolicy(DEFAULT_POLICY, 'late', by)).rejects.toThrow(PolicyChanged)
  })
})

describe('the access file', () => {
  test('changed by another hand is put on record at the next start, once', async () => {
    const { open, records, file } = await aPlace()
    await (await open()).make(wanted(), by)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"auditor"', '"admin"'))
    await open()
    expect(records.at(-1)).toMatchObject({ kind: 'change', record: { object: 'access.file' } })
    const count = records.length
    await open()
    expect(records).toHaveLength(count)
  })

  test('that is damaged lets nobody in', async () => {
    const { open, file } = await aPlace()
    await (await open()).make(wanted(), by)
    await writeFile(file, '{"format":1}')
    await expect(open()).rejects.toThrow(AccessFileDamaged)
  })
})
