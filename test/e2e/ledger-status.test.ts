import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPlace, runCommand, ServerProcess } from './server-process.ts'

interface Status {
  size: number
  checkpoint: { size: number } | null
  writable: { code?: string }
  signer: { process: string; answers: boolean; lagEntries: number }
  scrub: { days: number; finishedAt: number | null; findings: { code: string; index?: number }[] }
}

/** As many entries as fill a vault segment. */
const ENTRIES = 8_200

test('a server says how its ledger is, and records that a stored byte turned over', async () => {
  const place = await newPlace()
  const first = await ServerProcess.start(place)
  const decisions = Array.from({ length: ENTRIES }, (_, i) => ({
    decisionId: `d-${i}`,
    modelId: 'm',
    prediction: i,
  }))
  expect((await first.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
  await first.indexed()
  await first.stop()
  const path = join(place.data, 'vault/default/000000000000.seg')
  const bytes = await readFile(path)
  bytes[5_000]! ^= 1
  await writeFile(path, bytes)
  // What a scrub remembers is derived state: without it a round is due.
  for (const name of await readdir(join(place.data, 'state')))
    if (name.startsWith('state.db')) await rm(join(place.data, 'state', name))

  const server = await ServerProcess.start(place, ['serve', '--scrub-days', '2'])
  const status = (): Promise<Status> => server.get<Status>('/ledgers/default/status')
  await expect.poll(async () => (await status()).scrub.finishedAt, { timeout: 60_000 }).not.toBeNull()
  const { scrub, signer, writable } = await status()
  expect(scrub.days).toBe(2)
  expect(scrub.findings).toMatchObject([{ code: 'segment_damaged', index: expect.any(Number) }])
  expect(signer).toMatchObject({ process: 'server', answers: true })
  expect(writable).toEqual({ ok: true })
  const metrics = await (await server.fetch('/metrics')).text()
  expect(metrics).toMatch(/^deponent_scrub_age_seconds\{ledger="default"\} \d/m)
  expect(metrics).toMatch(/^deponent_scrub_findings\{ledger="default"\} 1$/m)
  expect(metrics).toMatch(/^deponent_signer_answers\{ledger="default"\} 1$/m)
  expect(server.stderr.join()).toContain('segment_damaged')
  expect((await server.fetch('/readyz')).status).toBe(200)
  expect((await server.fetch('/ledgers/other/status')).status).toBe(404)
  await expect.poll(async () => (await status()).size, { timeout: 60_000 }).toBeGreaterThan(ENTRIES + 2)
  await server.stop()

  const { code, stdout } = await runCommand(['doctor', '--data', place.data])
  expect(stdout).toContain('everything stored was read again')
  expect(stdout).toContain('segment_damaged')
  expect(code).toBe(1)
})
