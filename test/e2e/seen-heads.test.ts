import { cp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { newPlace, type Place, ServerProcess } from './server-process.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function record(server: ServerProcess, i: number, seen?: string): Promise<Response> {
  const decision = { decisionId: `d-${i}`, modelId: 'm', prediction: i }
  return server.post(
    '/v1/decisions?wait=checkpoint',
    decision,
    seen === undefined ? {} : { 'Deponent-Seen': seen },
  )
}

async function promiseOf(response: Response): Promise<string> {
  expect(response.status).toBe(201)
  return ((await response.json()) as { promise: string }).promise
}

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code

interface Restored {
  place: Place
  server: ServerProcess
  /** What senders hold of the part that is gone. */
  promise: string
  checkpoint: string
}

/** A server on an older copy of everything, its signer's state included: nothing on the machine can tell. */
async function restored(): Promise<Restored> {
  const place = await newPlace()
  const first = await ServerProcess.start(place)
  await record(first, 1)
  await first.stop()
  const copy = join(dirname(place.data), 'copy')
  await cp(place.data, join(copy, 'data'), { recursive: true })
  await cp(place.signer, join(copy, 'signer'), { recursive: true })
  const second = await ServerProcess.start(place)
  const response = await record(second, 2)
  const checkpoint = response.headers.get('Deponent-Checkpoint')!
  const promise = await promiseOf(response)
  await second.stop()
  await rm(place.data, { recursive: true })
  await cp(copy, dirname(place.data), { recursive: true, force: true })
  return { place, server: await ServerProcess.start(place), promise: base64(promise), checkpoint }
}

describe('a server on an older copy that its signer does not recognise', () => {
  test.each(['promise', 'checkpoint'] as const)(
    'stops writing at the first %s it has forgotten, and stays so, until the operator accepts',
    async (kind) => {
      const { place, server, ...held } = await restored()
      expect(await codeOf(await record(server, 3, held[kind]))).toBe('ledger_behind')
      expect((await server.fetch('/v1/decisions/d-1/proof')).status).toBe(200)
      expect((await server.fetch('/v1/decisions/d-1')).status).toBe(503)
      expect(server.stderr.join()).toContain('ledger_behind')
      expect(await server.get('/readyz')).toMatchObject({
        checks: { ledger: { state: 'ledger_behind', size: 2 } },
      })
      await server.stop()

      const again = await ServerProcess.start(place)
      expect(await codeOf(await record(again, 3))).toBe('ledger_behind')
      await again.stop()
      const accepted = await ServerProcess.start(place, ['serve', '--accept-head'])
      expect((await record(accepted, 3)).status).toBe(201)
      await accepted.stop()
    },
  )

  test('that wrote on is found out by a promise it does not keep', async () => {
    const { server, promise } = await restored()
    await promiseOf(await record(server, 4))
    expect(await codeOf(await record(server, 5, promise))).toBe('ledger_behind')
    await server.stop()
  })
})

test('what proves nothing changes nothing', async () => {
  const place = await newPlace()
  const server = await ServerProcess.start(place)
  const response = await record(server, 1)
  const own = response.headers.get('Deponent-Checkpoint')!
  const { origin } = (await (
    await server.fetch('/ledgers/default/vkey', { headers: { Accept: 'application/json' } })
  ).json()) as { origin: string }
  const stranger = new SigningKey(origin, new Uint8Array(32).fill(7))
  const forged = stranger.note(`${origin}\n99\n${base64('x'.repeat(32))}\n`)
  const brought = [own, base64(await promiseOf(response)), base64(forged), base64('nonsense'), '%%%', '']
  for (const [i, seen] of brought.entries()) expect((await record(server, i + 2, seen)).status).toBe(201)
  await server.stop()
})
