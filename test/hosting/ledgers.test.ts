import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { HostingError } from '../../packages/server/src/hosting/errors.ts'
import { isLedgerName } from '../../packages/server/src/hosting/ledger-name.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { type Disk, realDisk } from '../../packages/server/src/platform/disk.ts'
import { dyingAfter } from '../keys/key-place.ts'
import { interposed } from '../platform/interposed-disk.ts'
import { loan, newPlace, type Place } from '../recording/open-tenant.ts'
import { namesOf, openLedgers, record } from './open-ledgers.ts'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof HostingError ? error.code : error),
  )

/** A place with the ledgers default and claims, a decision in each. */
async function withClaims(): Promise<Place> {
  const place = await newPlace()
  const { ledgers, close } = await openLedgers(place)
  await record(ledgers.default, loan(1))
  await record(await ledgers.create('claims'), loan(1))
  await close()
  return place
}

describe('the ledgers of a server', () => {
  test('are made while it runs and opened again at the next start', async () => {
    const place = await newPlace()
    const first = await openLedgers(place)
    expect(namesOf(first.ledgers)).toEqual(['default'])
    const claims = await first.ledgers.create('claims')
    await first.ledgers.create('a-2')
    await record(claims, loan(1))
    const { origin } = claims.tenant.ledger
    await first.close()

    const second = await openLedgers(place)
    expect(namesOf(second.ledgers)).toEqual(['default', 'a-2', 'claims'])
    expect(second.ledgers.get('claims')?.tenant.ledger.origin).toBe(origin)
    expect((await second.ledgers.get('claims')!.tenant.reader.one(1)).record?.decisionId).toBe('loan-1')
    await second.close()
    expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
  })

  test.each(['Claims', 'a_b', '1a', 'a.1', '', 'a'.repeat(33), '../x', '__proto__', 'default.1'])(
    'are not called %j',
    async (name) => {
      expect(isLedgerName(name)).toBe(false)
      const { ledgers, close } = await openLedgers(await newPlace())
      expect(await codeOf(ledgers.create(name))).toBe('bad_value')
      await close()
    },
  )

  test('are made once: of two who ask for one name at the same time one is told that it exists', async () => {
    const place = await newPlace()
    const { ledgers, close } = await openLedgers(place)
    const asked = await Promise.all(
      ['claims', 'claims', 'other', 'default'].map((name) => codeOf(ledgers.create(name))),
    )
    expect(asked).toEqual(['done', 'ledger_exists', 'done', 'ledger_exists'])
    expect(await codeOf(ledgers.create('claims'))).toBe('ledger_exists')
    await close()
    expect(Object.keys((await readDirectoryFormat(realDisk, place.data))!.ledgers).toSorted()).toEqual([
      'claims',
      'default',
      'other',
    ])
  })

  test('are not taken for another because of a name that every object has', async () => {
    const { ledgers, close } = await openLedgers(await newPlace())
    expect(ledgers.get('constructor')).toBeUndefined()
    expect(await codeOf(ledgers.create('constructor'))).toBe('done')
    await close()
  })
})

describe('a creation that is cut short', () => {
  test('leaves no ledger or one that opens at the next start, wherever it ends', async () => {
    const seen = new Set<string>()
    for (let last = 0; ; last += 1) {
      const place = await newPlace()
      await (await openLedgers(place)).close()
      const dying = dyingAfter(Number.MAX_SAFE_INTEGER)
      const armed = dyingAfter(last)
      const parts: { disk: Disk } = { disk: dying.disk }
      const disk = new Proxy(realDisk, { get: (_, name) => Reflect.get(parts.disk, name) as unknown })
      const life = await openLedgers(place, { disk })
      parts.disk = armed.disk
      const outcome = await life.ledgers.create('claims').then(
        ({ tenant }) => (tenant.ledger.refusal ? 'made and not written' : 'made'),
        () => 'not made',
      )
      const isOver = !armed.hasDied()
      await life.close().catch(() => undefined)
      await armed.bury()

      const next = await openLedgers(place)
      const isThere = next.ledgers.get('claims') !== undefined
      seen.add(`${outcome}, ${isThere ? 'there' : 'not there'}`)
      expect(next.ledgers.unavailable()).toEqual([])
      const claims = next.ledgers.get('claims') ?? (await next.ledgers.create('claims'))
      expect(claims.tenant.ledger.refusal).toBeUndefined()
      await record(claims, loan(1))
      await next.close()
      expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
      if (isOver) break
    }
    // Where it ends between making it and saying so, which not every run meets, whoever asked finds it there.
    seen.delete('not made, there')
    expect([...seen].toSorted()).toEqual([
      'made and not written, there',
      'made, there',
      'not made, not there',
    ])
  })

  test('is not finished by the creation of another ledger', async () => {
    const place = await newPlace()
    const refused = { isRefusing: false }
    const disk = interposed(realDisk, {
      writeDurably: (path, bytes, mode) =>
        refused.isRefusing && path.endsWith('format.json')
          ? Promise.reject(new Error('no space left'))
          : realDisk.writeDurably(path, bytes, mode),
    })
    const { ledgers, close } = await openLedgers(place, { disk })
    refused.isRefusing = true
    await expect(ledgers.create('claims')).rejects.toThrow('no space left')
    refused.isRefusing = false
    await ledgers.create('other')
    expect(namesOf(ledgers)).toEqual(['default', 'other'])
    await close()
    expect(Object.keys((await readDirectoryFormat(realDisk, place.data))!.ledgers)).not.toContain('claims')
  })
})

describe('a ledger that does not open', () => {
  test('keeps no other from being served, and is told of', async () => {
    const place = await withClaims()
    await rm(join(place.data, 'keyring/claims.checkpoint.key'))
    const { ledgers, told, close } = await openLedgers(place)
    expect(namesOf(ledgers)).toEqual(['default'])
    expect(ledgers.unavailable()).toMatchObject([
      { name: 'claims', origin: expect.stringContaining('/claims') },
    ])
    expect(told.join()).toContain('a ledger does not open; the others are served {"ledger":"claims"')
    await record(ledgers.default, loan(2))
    expect(await codeOf(ledgers.create('claims'))).toBe('ledger_exists')
    expect(await ledgers.metrics.text()).toContain('deponent_ledgers{state="unavailable"} 1')
    await close()
  })

  test('ends the start when it is the first one', async () => {
    const place = await withClaims()
    await rm(join(place.data, 'keyring/default.checkpoint.key'))
    await expect(openLedgers(place)).rejects.toThrow('the checkpoint key of this ledger is missing')
    // And leaves the directory to the next one who tries.
    await expect(openLedgers(place)).rejects.toThrow('the checkpoint key of this ledger is missing')
  })

  test('whose keyring is damaged is left, and read by nobody', async () => {
    const place = await withClaims()
    const path = join(place.data, 'keyring/claims.promise.key')
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^.*\n/, 'something else\n'))
    const { ledgers, close } = await openLedgers(place)
    expect(ledgers.unavailable()).toMatchObject([{ reason: expect.stringContaining('checksum') }])
    await close()
  })
})

describe('verify of a directory with several ledgers', () => {
  test('finds all of it invalid when one of them is, and says which', async () => {
    const place = await withClaims()
    const path = join(place.data, 'vault/claims')
    expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
    const checkpoint = join(place.data, 'ledgers/claims/checkpoint')
    const note = await readFile(checkpoint, 'utf8')
    await writeFile(checkpoint, await readFile(join(place.data, 'ledgers/default/checkpoint')))
    const report = await checkDirectory(realDisk, place.data)
    expect(report.verdict).toBe('invalid')
    expect(report.ledgers.map(({ name, verdict }) => [name, verdict]).toSorted()).toEqual([
      ['claims', 'invalid'],
      ['default', 'valid'],
    ])
    const errors = report.findings.filter(({ severity }) => severity === 'error')
    expect(new Set(errors.map(({ ledger }) => ledger))).toEqual(new Set(['claims']))
    await writeFile(checkpoint, note)
    await rename(path, join(place.data, 'vault/stranger'))
    expect((await checkDirectory(realDisk, place.data)).verdict).toBe('invalid')
  })

  test('leaves the findings of a directory with one as they are', async () => {
    const place = await newPlace()
    const { ledgers, close } = await openLedgers(place)
    await record(ledgers.default, loan(1))
    await close()
    const { findings } = await checkDirectory(realDisk, place.data)
    expect(findings.filter((each) => 'ledger' in each)).toEqual([])
  })
})

describe('an archived ledger', () => {
  test('says why in its own records, is read as before, and stays archived', async () => {
    const place = await withClaims()
    const first = await openLedgers(place)
    const claims = first.ledgers.get('claims')!
    const { size } = claims.tenant.ledger
    expect(claims.isArchived).toBe(false)
    const actor = { id: 'i-1', name: 'Ada', role: 'admin' }
    await claims.control.archive('the product was withdrawn', actor)
    expect([claims.isArchived, first.ledgers.default.isArchived]).toEqual([true, false])
    const { entry, record: said } = await claims.tenant.reader.one(size)
    expect(entry.kind).toBe('change')
    expect(said).toMatchObject({
      object: 'ledger.state',
      reason: 'the product was withdrawn',
      before: 'open',
      after: 'archived',
      actor,
    })
    await claims.control.archive('once more', actor)
    expect(claims.tenant.ledger.size).toBe(size + 1)
    expect((await claims.tenant.reader.one(1)).record?.decisionId).toBe('loan-1')
    await first.close()

    const second = await openLedgers(place)
    expect(second.ledgers.get('claims')?.isArchived).toBe(true)
    expect(await second.ledgers.metrics.text()).toContain('deponent_ledgers{state="archived"} 1')
    await second.close()
  })
})
