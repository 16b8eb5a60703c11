import { fromUtf8 } from '@deponent/format'
import { expect, test } from 'vitest'
import { StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { record } from '../hosting/open-ledgers.ts'
import { loan } from '../recording/open-tenant.ts'
import { requestAbout } from '../erasure/erasing.ts'
import {
  copied,
  DAY_MS,
  keysIn,
  newCopiedPlace,
  openCopied,
  storeHolds,
  until,
  versionsIn,
} from './copies.ts'

const loans = (count: number, from = 0): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => loan(from + i))

test('brings what a checkpoint covers, and the checkpoint behind it', async () => {
  const place = await newCopiedPlace()
  const { ledgers, close } = await openCopied(place)
  await record(ledgers.default, ...loans(300))
  await copied(ledgers.default)
  const { size, note } = ledgers.default.tenant.ledger.checkpoint!
  const keys = await keysIn(place.store)
  expect(keys).toContain('tile/entries/000')
  expect(keys).toContain(`tile/entries/001.p/${size - 256}`)
  const prefix = (await versionsIn(place.store))[0]!.key.split('/').slice(0, 2).join('/')
  const copy = await place.store.get(`${prefix}/checkpoint/${String(size).padStart(12, '0')}`)
  expect(fromUtf8(copy!)).toBe(note)
  await close()
})

test('an erasure reaches every version', async () => {
  const place = await newCopiedPlace()
  const { ledgers, close, told } = await openCopied(place)
  const { tenant, erasures } = ledgers.default
  await record(ledgers.default, ...loans(20))
  await copied(ledgers.default)
  const frame = await tenant.vault.segments.frame(
    await tenant.recorder.findDecisions('loan-3').then((a) => a[0]!),
  )
  expect(await storeHolds(place.store, frame!.subarray(22))).toBe(true)
  const { erasure } = await erasures.request(requestAbout(tenant, 'person-3'))
  await until(
    () =>
      erasures.status(erasure.id)?.erasure.outcome !== undefined ||
      erasures.status(erasure.id)?.failure !== undefined,
  )
  expect(await storeHolds(place.store, frame!.subarray(22))).toBe(false)
  await copied(ledgers.default)
  expect(await storeHolds(place.store, frame!.subarray(22))).toBe(false)
  await close()
})
