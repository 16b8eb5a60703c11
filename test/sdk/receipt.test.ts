import { Deponent } from '@deponent/sdk'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { savedAnswer, TRUST } from '../format/ledger-of-tests.ts'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let deponent: Deponent

beforeEach(async () => {
  server = new LedgerServer()
  server.reply = () => ({ status: 201, body: savedAnswer(7, 12) })
  deponent = new Deponent({ url: await server.start(), key: 'k', flushIntervalMs: 3_600_000 })
})

afterEach(async () => {
  await deponent.close({ timeoutMs: 0 })
  await server.stop()
})

it('a receipt verifies offline against a trusted key, and says so when there is none', async () => {
  const ids = Array.from({ length: 5 }, (_, i) => deponent.record({ modelId: 'm', prediction: i }))
  await deponent.flush()
  for (const id of ids) {
    expect((await deponent.verify(id, TRUST))?.verdict).toBe('valid')
    expect((await deponent.verify(id))?.verdict).toBe('incomplete')
  }
  expect(await deponent.verify('unknown', TRUST)).toBeUndefined()
})

it('a receipt that lies about its leaf is found out', async () => {
  const answer = savedAnswer(7, 12)
  answer.receipts[0]!.leafHash = 'ab'.repeat(32)
  server.reply = () => ({ status: 201, body: answer })
  const ids = Array.from({ length: 5 }, (_, i) => deponent.record({ modelId: 'm', prediction: i }))
  await deponent.flush()
  expect((await deponent.verify(ids[0]!, TRUST))?.verdict).toBe('invalid')
  expect((await deponent.verify(ids[1]!, TRUST))?.verdict).toBe('valid')
})
