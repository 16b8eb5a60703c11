import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { RetentionControl } from '../../packages/server/src/retention/retention-control.ts'
import { RetentionFileDamaged } from '../../packages/server/src/retention/retention-file.ts'
import type { RetentionSettings } from '../../packages/server/src/retention/settings.ts'
import { SecondPersonRequired, SettingsChanged } from '../../packages/server/src/settings/kept-settings.ts'

const NOW = Date.UTC(2026, 10, 29)
const grace = { id: 'i-0', name: 'Grace', role: 'privacy_officer' }
const ada = { id: 'i-1', name: 'Ada', role: 'privacy_officer' }

const keeping = (period: string, version: number): RetentionSettings => ({
  version,
  schedule: 'daily',
  policies: { ours: { bound: 'period', period, basis: 'ours' } },
  systems: { credit: { policies: ['ours'], triggers: {}, isHighRisk: false } },
})

async function aPlace() {
  const data = await mkdtemp(join(tmpdir(), 'deponent-retention-'))
  const records: CanonicalRecord[] = []
  const keptBy: number[] = []
  const state = { digest: undefined as string | undefined, failure: undefined as Error | undefined }
  const open = async (): Promise<RetentionControl> => {
    const control = await RetentionControl.open({ disk: realDisk, data, ledger: 'default' })
    control.bear({
      record: (_kind, record) => {
        if (state.failure) return Promise.reject(state.failure)
        records.push(record)
        return Promise.resolve(records.length)
      },
      remembered: () => state.digest,
      remember: (digest) => {
        state.digest = digest
      },
      keepBy: ({ version }) => {
        keptBy.push(version)
        return Promise.resolve()
      },
    })
    await control.reconcile()
    return control
  }
  return { data, records, keptBy, state, open, file: join(data, 'keyring/retention/default.json') }
}

describe('the retention in force', () => {
  test('is nothing at first, and is changed on record by the version it was made from', async () => {
    const { keptBy, open, records } = await aPlace()
    const control = await open()
    expect([control.isSet, control.isConfirmed]).toEqual([false, false])
    const changed = await control.change(keeping('P3Y', 1), 'claims', grace, NOW)
    expect([changed.version, control.isSet, control.isConfirmed]).toEqual([2, true, false])
    expect(records.at(-1)).toMatchObject({ object: 'retention', reason: 'claims', actor: { id: 'i-0' } })
    expect(keptBy).toEqual([1, 2])
    await expect(control.change(keeping('P4Y', 1), 'claims', grace, NOW)).rejects.toBeInstanceOf(
      SettingsChanged,
    )
    expect((await open()).settings).toEqual(control.settings)
    expect((await open()).statedAt).toBe(NOW)
  })

  test('is shortened only when two people ask for the same', async () => {
    const { open, records } = await aPlace()
    const control = await open()
    await control.change(keeping('P3Y', 1), 'claims', grace, NOW)
    const shorter = keeping('P2Y', 2)
    await expect(control.change(shorter, 'less', grace, NOW)).rejects.toBeInstanceOf(SecondPersonRequired)
    expect(records.at(-1)).toMatchObject({ object: 'retention.earlier', details: { earlier: ['credit'] } })
    // Asking twice makes no second person, nor does another one who asks for something else.
    await expect(control.change(shorter, 'less', grace, NOW)).rejects.toBeInstanceOf(SecondPersonRequired)
    await expect(control.change(keeping('P1Y', 2), 'less', ada, NOW)).rejects.toBeInstanceOf(
      SecondPersonRequired,
    )
    await expect(control.change(shorter, 'less', ada, NOW)).rejects.toBeInstanceOf(SecondPersonRequired)
    const again = await open()
    expect((await again.change(shorter, 'less', grace, NOW)).policies.ours?.period).toBe('P2Y')
    expect(records.at(-1)).toMatchObject({ object: 'retention', requester: 'i-1', actor: { id: 'i-0' } })
    expect(again.asked).toBeUndefined()
  })

  test('is not shortened by one who ends it first and begins it anew', async () => {
    const { open } = await aPlace()
    const control = await open()
    await control.change(keeping('P3Y', 1), 'claims', grace, NOW)
    await control.change({ ...keeping('P3Y', 2), systems: {} }, 'nothing', grace, NOW)
    await expect(control.change(keeping('P1Y', 3), 'anew', grace, NOW)).rejects.toBeInstanceOf(
      SecondPersonRequired,
    )
  })

  test('is agreed to by a plan, and any change ends that', async () => {
    const { open, records } = await aPlace()
    const control = await open()
    await control.change(keeping('P3Y', 1), 'claims', grace, NOW)
    await control.confirm('ab'.repeat(32), { systems: [] }, 'seen', grace)
    expect(records.at(-1)).toMatchObject({ object: 'retention.run', details: { version: 2 } })
    expect((await open()).isConfirmed).toBe(true)
    expect((await open()).statedAt).toBe(NOW)
    await control.change(keeping('P4Y', 2), 'longer', grace, NOW)
    expect(control.isConfirmed).toBe(false)
  })

  test('changes only when the change is on record', async () => {
    const { open, state } = await aPlace()
    const control = await open()
    state.failure = new Error('the ledger is full')
    await expect(control.change(keeping('P3Y', 1), 'claims', grace, NOW)).rejects.toBe(state.failure)
    expect(control.settings.version).toBe(1)
  })

  test('that was changed outside the server is on record at the next start, and is not believed when damaged', async () => {
    const { file, open, records } = await aPlace()
    const control = await open()
    await control.change(keeping('P3Y', 1), 'claims', grace, NOW)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('P3Y', 'P1D'))
    await open()
    expect(records.at(-1)).toMatchObject({ object: 'retention.file', actor: { id: 'server' } })
    await writeFile(file, text.slice(0, -20))
    await expect(open()).rejects.toBeInstanceOf(RetentionFileDamaged)
  })
})
