import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { PrivacyControl } from '../../packages/server/src/privacy/privacy-control.ts'
import { PrivacyFileDamaged } from '../../packages/server/src/privacy/privacy-file.ts'
import {
  DEFAULT_PRIVACY,
  type PrivacySettings,
  settingsSchema,
} from '../../packages/server/src/privacy/privacy-settings.ts'
import { SecondPersonRequired, SettingsChanged } from '../../packages/server/src/settings/kept-settings.ts'

const by = { id: 'i-0', name: 'Grace', role: 'privacy_officer' }
const declaring = (fields: PrivacySettings['systems'][string]['fields'], version = 1): PrivacySettings => ({
  ...DEFAULT_PRIVACY,
  version,
  systems: { credit: { fields } },
})

async function aPlace() {
  const data = await mkdtemp(join(tmpdir(), 'deponent-privacy-'))
  const told: string[] = []
  const records: CanonicalRecord[] = []
  const state = {
    digest: undefined as string | undefined,
    failure: undefined as Error | undefined,
    classifyingFailure: undefined as Error | undefined,
    index: 10,
  }
  const open = async (): Promise<PrivacyControl> => {
    const control = await PrivacyControl.open({ disk: realDisk, data, ledger: 'default' })
    control.bear({
      record: (kind, record) => {
        if (state.failure) return Promise.reject(state.failure)
        told.push(kind)
        records.push(record)
        return Promise.resolve((state.index += 10))
      },
      remembered: () => state.digest,
      remember: (digest) => {
        state.digest = digest
      },
      classifyBy: ({ version }) => {
        told.push(`classifies by ${version}`)
        if (state.classifyingFailure) return Promise.reject(state.classifyingFailure)
        // What was on its way meanwhile.
        return Promise.resolve(state.index + 5)
      },
    })
    await control.reconcile()
    return control
  }
  return { data, told, records, state, open, file: join(data, 'keyring/privacy/default.json') }
}

describe('a change', () => {
  test('is on record before it takes effect, and in force after a restart', async () => {
    const { open, told, records, file } = await aPlace()
    await (await open()).change(declaring({ '/userId': 'seal' }), 'not needed', by)
    expect(told).toEqual(['change', 'classifies by 2'])
    expect(records[0]).toMatchObject({
      object: 'privacy',
      reason: 'not needed',
      before: { version: 1 },
      after: { version: 2 },
      actor: by,
    })
    expect((await open()).settings).toEqual(declaring({ '/userId': 'seal' }, 2))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('that cannot be recorded is not made', async () => {
    const { open, state, told } = await aPlace()
    const control = await open()
    state.failure = new Error('the ledger takes no entries')
    await expect(control.change(declaring({}), 'why', by)).rejects.toThrow('takes no entries')
    expect(control.settings).toEqual(DEFAULT_PRIVACY)
    expect(told).toEqual([])
  })

  test('made from an older version is refused', async () => {
    const { open } = await aPlace()
    const control = await open()
    await control.change(declaring({}), 'why', by)
    await expect(control.change(declaring({}), 'why', by)).rejects.toBeInstanceOf(SettingsChanged)
  })

  describe('that ends the need for a second person in erasures', () => {
    const other = { id: 'i-1', name: 'Ida', role: 'admin' }
    const needing = (twoPersons: boolean, version: number): PrivacySettings => ({
      ...DEFAULT_PRIVACY,
      version,
      erasure: { twoPersons },
    })

    test('is asked for by one, on record, and made by another, also after a restart', async () => {
      const { open, records } = await aPlace()
      const first = await open()
      await first.change(needing(true, 1), 'more care', by)
      for (const _ of [1, 2])
        await expect(first.change(needing(false, 2), 'less care', by)).rejects.toBeInstanceOf(
          SecondPersonRequired,
        )
      expect(first.needsTwoPersons()).toBe(true)
      expect(records.slice(1)).toMatchObject([
        {
          object: 'privacy.erasure',
          actor: by,
          reason: 'less care',
          details: { askedFor: { twoPersons: false } },
        },
      ])
      const second = await open()
      await expect(second.change(needing(false, 2), 'less care', by)).rejects.toBeInstanceOf(
        SecondPersonRequired,
      )
      await second.change(needing(false, 2), 'agreed', other)
      expect(second.needsTwoPersons()).toBe(false)
      expect(records.at(-1)).toMatchObject({ object: 'privacy', actor: other, requester: by.id })
      expect(records).toHaveLength(3)
      await second.change(needing(true, 3), 'more care again', by)
      await expect(second.change(needing(false, 4), 'less', other)).rejects.toBeInstanceOf(
        SecondPersonRequired,
      )
    })

    test('is asked for anew once the settings are others', async () => {
      const { open } = await aPlace()
      const control = await open()
      await control.change(needing(true, 1), 'more care', by)
      await expect(control.change(needing(false, 2), 'less', by)).rejects.toBeInstanceOf(SecondPersonRequired)
      await control.change({ ...needing(true, 2), capture: 'detailed' }, 'less text', other)
      const less = { ...needing(false, 3), capture: 'detailed' } as const
      await expect(control.change(less, 'less', other)).rejects.toBeInstanceOf(SecondPersonRequired)
      await control.change(less, 'agreed', by)
      expect(control.needsTwoPersons()).toBe(false)
    })
  })

  test('from outside the server is put on record at the next start', async () => {
    const { open, file, records } = await aPlace()
    await (await open()).change(declaring({ '/userId': 'seal' }), 'why', by)
    await writeFile(file, (await readFile(file, 'utf8')).replace('"seal"', '"queryable"'))
    await open()
    expect(records.at(-1)).toMatchObject({ object: 'privacy.file', actor: { id: 'server' } })
  })

  test('to a file nobody can read stops the ledger from opening', async () => {
    const { open, file } = await aPlace()
    await (await open()).change(declaring({}), 'why', by)
    await writeFile(file, '{}')
    await expect(open()).rejects.toBeInstanceOf(PrivacyFileDamaged)
  })
})

describe('what left the index', () => {
  test('does not come back when its declaration ends, and nothing else left', async () => {
    const { open } = await aPlace()
    const control = await open()
    expect(control.sealed.version).toBe(0)
    await control.change(declaring({ '/userId': 'seal' }), 'why', by)
    expect(control.sealed.sealedUntil('credit', '/userId')).toBe(Number.MAX_SAFE_INTEGER)
    await control.change(declaring({ '/userId': 'queryable' }, 2), 'needed after all', by)
    const after = (await open()).sealed
    expect(after.sealedUntil('credit', '/userId')).toBe(35)
    expect([after.sealedUntil('credit', '/caseId'), after.sealedUntil('hiring', '/userId')]).toEqual([0, 0])
    expect([after.touches('credit'), after.touches('hiring')]).toEqual([true, false])
  })

  test('includes everything undeclared while a system was strict', async () => {
    const { open } = await aPlace()
    const control = await open()
    await control.change(
      { ...DEFAULT_PRIVACY, mode: 'strict', systems: { credit: { fields: { '/modelId': 'queryable' } } } },
      'why',
      by,
    )
    await control.change({ ...DEFAULT_PRIVACY, version: 2 }, 'why', by)
    expect(control.sealed.sealedUntil('anything', '/prediction')).toBe(35)
    // What was declared queryable in between was not looked at, so that it leaves with its declaration.
    expect(control.sealed.sealedUntil('credit', '/modelId')).toBe(35)
  })

  test('is what a field held before it was pseudonymised, and never the pseudonyms', async () => {
    const { open } = await aPlace()
    const control = await open()
    const fields = { '/userId': 'pseudonymise', '/inputFeatures/*': 'pseudonymise' } as const
    await control.change(declaring(fields), 'why', by)
    for (const pointer of ['/userId', '/inputFeatures/region'])
      expect(control.sealed.sealedUntil('credit', pointer)).toBe(25)
    await control.change(declaring({ ...fields, '/caseId': 'seal' }, 2), 'why', by)
    expect(control.sealed.sealedUntil('credit', '/userId')).toBe(25)
    await control.change(declaring({}, 3), 'why', by)
    expect((await open()).sealed.sealedUntil('credit', '/userId')).toBe(25)
  })

  test('reaches up to where nothing is classified by the older declarations any more, not to the change itself', async () => {
    const { open, state, records } = await aPlace()
    const control = await open()
    await control.change(declaring({ '/userId': 'queryable' }), 'why', by)
    await control.change(declaring({}, 2), 'why', by)
    expect([records.length, state.index]).toEqual([2, 30])
    expect(control.sealed.sealedUntil('credit', '/userId')).toBe(35)
  })

  test('is everything until a change that was cut short is brought to its end by the next start', async () => {
    const { open, state } = await aPlace()
    const control = await open()
    state.classifyingFailure = new Error('stopped')
    await expect(control.change(declaring({ '/userId': 'pseudonymise' }), 'why', by)).rejects.toThrow(
      'stopped',
    )
    state.classifyingFailure = undefined
    state.index = 100
    expect((await open()).sealed.sealedUntil('credit', '/userId')).toBe(105)
    expect((await open()).sealed.sealedUntil('credit', '/userId')).toBe(105)
  })

  test('includes a structure in which something is sealed, as far as records do not say so themselves', async () => {
    const { open } = await aPlace()
    const control = await open()
    await control.change(declaring({ '/prediction/name': 'seal' }), 'why', by)
    expect(control.sealed.sealedUntil('credit', '/prediction')).toBe(0)
    expect(control.sealed.sealedWithinUntil('credit', '/prediction')).toBe(25)
    expect(control.sealed.sealedWithinUntil('credit', '/outcome')).toBe(0)
    expect(control.sealed.sealedWithinUntil('hiring', '/prediction')).toBe(0)
    await control.change(declaring({ '/prediction/name': 'seal', '*name': 'seal' }, 2), 'why', by)
    for (const pointer of ['/prediction', '/outcome', '/humanDecision'])
      expect(control.sealed.sealedWithinUntil('credit', pointer)).toBe(35)
    await control.change(declaring({}, 3), 'why', by)
    expect(control.sealed.sealedWithinUntil('credit', '/prediction')).toBe(35)
  })

  test('includes what stands in a field that any kind of declaration is about', async () => {
    const { open } = await aPlace()
    const control = await open()
    await control.change(
      declaring({ '/metadata/*': 'seal', '*factor*': 'seal', '/metadata/open/x': 'queryable' }),
      'why',
      by,
    )
    const until = (pointer: string) => control.sealed.sealedUntil('credit', pointer)
    for (const pointer of ['/metadata/customer/name', '/explanation/factors/0/why', '/metadata/open/y'])
      expect(until(pointer)).toBe(Number.MAX_SAFE_INTEGER)
    expect([until('/metadata/open/x'), until('/explanation/method')]).toEqual([0, 0])
  })

  test('is not made longer by changes that say nothing of fields', async () => {
    const { open, file } = await aPlace()
    const control = await open()
    await control.change({ ...DEFAULT_PRIVACY, capture: 'detailed' }, 'why', by)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ past: [] })
    expect(control.sealed.version).toBe(0)
  })
})

describe('settings', () => {
  const withField = (key: string, treatment: string) => ({
    ...DEFAULT_PRIVACY,
    systems: { credit: { fields: { [key]: treatment } } },
  })
  test.each([
    ['/userId', 'pseudonymise'],
    ['/messages/*/content', 'drop'],
    ['*token*', 'seal'],
    ['/decisionId', 'seal'],
  ])('take %s: %s', (key, treatment) => {
    expect(settingsSchema.safeParse(withField(key, treatment)).success).toBe(true)
  })

  test.each([
    ['/affectedUserId', 'pseudonymise'],
    ['/decisionId', 'drop'],
    ['/a~2b', 'seal'],
    ['a/b', 'seal'],
    ['a*b*c*d*', 'seal'],
    ['', 'seal'],
    ['/userId', 'hash'],
  ])('refuse %s: %s', (key, treatment) => {
    expect(settingsSchema.safeParse(withField(key, treatment)).success).toBe(false)
  })
})
