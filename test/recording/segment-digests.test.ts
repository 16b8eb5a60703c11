import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { newPlace, openRecording, submission } from './open-tenant.ts'

test('a record that somebody sent says nothing about segments of the vault', async () => {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  const sent = { segment: 1, first: 0, end: 9, digest: '0'.repeat(64) }
  await tenant.recorder.record([submission(sent, 0, 'vault.sealed')])
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  const { findings, verdict } = await checkDirectory(realDisk, place.data)
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(verdict).toBe('valid')
})
