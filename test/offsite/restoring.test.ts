import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { record } from '../hosting/open-ledgers.ts'
import { loan } from '../recording/open-tenant.ts'
import { copied, newCopiedPlace, openCopied, restored } from './copies.ts'

const loans = (count: number, from = 0): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => loan(from + i))

test.each([3, 300, 9_000])('brings a ledger of some %i entries back', async (count) => {
  const place = await newCopiedPlace()
  const { ledgers, close } = await openCopied(place)
  for (let from = 0; from < count; from += 1_000)
    await record(ledgers.default, ...loans(Math.min(1_000, count - from), from))
  await copied(ledgers.default)
  await close()
  const back = await restored(place)
  console.log(back)
  const { verdict, findings, checked } = await checkDirectory(realDisk, back.data)
  console.log(verdict, findings, checked)
  await rm(place.data, { recursive: true })
  const again = await openCopied({ ...place, data: back.data })
  const { tenant } = again.ledgers.default
  expect(tenant.ledger.refusal).toBeUndefined()
  const envelope = await record(again.ledgers.default, loan(1))
  console.log(envelope.results[0], tenant.ledger.size)
  await copied(again.ledgers.default)
  await again.close()
})
