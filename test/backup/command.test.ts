import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { filesBelow } from '../../packages/server/src/platform/scratch.ts'
import type { Envelope, Receipt } from '../e2e/answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'

const PERSON = 'person-1'

interface Backup {
  flags: string[]
  addresses: [to: string, keyring: string]
}

async function erase(server: ServerProcess): Promise<void> {
  const asked = await server.fetch(`/v1/subjects/${PERSON}`, { method: 'DELETE' })
  const { erasureId } = (await asked.json()) as { erasureId: string }
  for (;;) {
    const { receipt } = await server.get<{ receipt: object | null }>(`/v1/erasures/${erasureId}`)
    if (receipt) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function backUp(place: Place, { flags }: Backup): Promise<string> {
  const made = await runCommand(['backup', place.data, ...flags, '--signer-state', place.signer, '--json'])
  expect(made.stderr).toBe('')
  expect(made.code).toBe(0)
  return (JSON.parse(made.stdout) as { snapshot: string }).snapshot
}

async function codeOf(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer
  return [response.status, ((await response.json()) as { code: string }).code]
}

test('a server whose machine is lost comes back from its backup, and shows nobody who was erased since', async () => {
  const place = await newPlace()
  const to = `${place.data}-backup`
  const keyring = `${place.data}-keyring`
  const backup: Backup = { flags: ['--to', to, '--keyring-to', keyring], addresses: [to, keyring] }
  const server = await ServerProcess.start(place)
  const sent = await server.post(
    '/v1/decisions?wait=checkpoint',
    Array.from({ length: 30 }, (_, i) => loan(i)),
  )
  const { receipts } = (await sent.json()) as Envelope
  const snapshot = await backUp(place, backup)
  const { recovery } = await server.get<{ recovery: { backup: { entries: number } } }>('/v1/storage')
  expect(recovery.backup.entries).toBeGreaterThanOrEqual(30)
  await server.indexed()
  await erase(server)
  await backUp(place, backup)
  await server.stop()

  // The journal is lost, the machine is not: nothing is shown.
  const journal = (await filesBelow(place.signer)).find((name) => name.endsWith('.erasures'))!
  await rm(`${place.signer}/${journal}`)
  const closed = await ServerProcess.start(place)
  expect((await closed.fetch('/ledgers/default/checkpoint')).status).toBe(200)
  expect(await codeOf(closed.fetch('/v1/decisions/loan-2'))).toEqual([503, 'access_unrecordable'])
  expect(await codeOf(closed.post('/v1/decisions', loan(90)))).toEqual([503, 'erasures_unknown'])
  await closed.stop()

  // The machine is lost too: only the two copies are there.
  await rm(place.data, { recursive: true })
  const other = { data: place.data, signer: `${place.signer}-other` }
  const restored = await runCommand([
    'restore-backup',
    to,
    other.data,
    '--keyring-from',
    keyring,
    '--signer-state',
    other.signer,
    '--snapshot',
    snapshot,
  ])
  expect(restored.stderr).toBe('')
  expect(restored.code).toBe(0)
  const again = await ServerProcess.start(other, ['serve', '--accept-head'])
  await again.indexed()
  const idOf = (wanted: number): string => receipts.find(({ position }: Receipt) => position === wanted)!.id
  expect((await again.fetch(`/v1/decisions/${idOf(2)}`)).status).toBe(200)
  expect(await codeOf(again.fetch(`/v1/decisions/${idOf(1)}`))).toEqual([410, 'erased'])
  const { items } = await again.get<{ items: { decisionId: string }[] }>('/v1/decisions?limit=100')
  const found = items.map(({ decisionId }) => decisionId)
  expect(found).toContain('loan-2')
  for (const theirs of ['loan-1', 'loan-12', 'loan-23']) expect(found).not.toContain(theirs)
  await again.stop()
  expect(await runCommand(['verify', other.data]), again.stderr.join('\n')).toMatchObject({ code: 0 })

  const listed = await runCommand(['backup', 'list', to, '--keyring-from', keyring, '--json'])
  const { snapshots } = JSON.parse(listed.stdout) as { snapshots: { id: string }[] }
  expect(snapshots.map(({ id }) => id)[0]).toBe(snapshot)
  const checked = await runCommand(['backup', 'check', to, '--keyring-from', keyring])
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('0 damaged or missing') })
  expect((await runCommand(['backup', other.data, '--to', to, '--keyring-to', `${to}/k`])).code).toBe(2)
})
