import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { describeUnless } from '../anchors/describe-unless.ts'
import { Authority, noAuthority } from '../anchors/authority.ts'
import { OwnWitness } from '../anchors/own-witness.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

interface Status {
  origin: string
  size: number
  checkpoint: { size: number }
  writable: { ok: boolean }
  witnesses: { name: string; size: number; lagEntries: number; error?: { code: string } }[]
  quorum: { met: boolean } | null
  timestamps: { authority: string; size: number; error?: { code: string } }[]
}

const decision = (decisionId: string) => ({ decisionId, modelId: 'm', prediction: 1 })
const patiently = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 100 })
const statusOf = (server: ServerProcess) => server.get<Status>('/ledgers/default/status')

let files: string
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'deponent-outside-'))
})
afterAll(() => rm(files, { recursive: true }))

/** A server that has run once, so that its keys are known to witnesses. */
async function knownPlace(): Promise<{ place: Place; vkey: string; origin: string }> {
  const place = await newPlace()
  const server = await ServerProcess.start(place)
  const vkey = (await (await server.fetch('/ledgers/default/vkey')).text()).trim()
  await server.stop()
  return { place, vkey, origin: vkey.split('+')[0]! }
}

async function policyFile(...lines: readonly string[]): Promise<string> {
  const path = join(files, `policy-${Math.random()}`)
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}

describe('a server with a witness', () => {
  let witness: OwnWitness
  let server: ServerProcess
  let known: Awaited<ReturnType<typeof knownPlace>>
  beforeAll(async () => {
    known = await knownPlace()
    witness = await OwnWitness.start('witness.example/w', 7, join(files, 'seen.json'), [known.vkey])
    const policy = await policyFile(
      `log ${known.vkey}`,
      `witness outside ${witness.vkey} ${witness.url}`,
      'quorum outside',
    )
    server = await ServerProcess.start(known.place, ['serve', '--witness-policy', policy])
    await server.post('/v1/decisions?wait=checkpoint', decision('first'))
    await patiently(async () => expect((await statusOf(server)).quorum?.met).toBe(true))
    await server.post('/v1/decisions?wait=checkpoint', decision('second'))
    await patiently(async () => expect((await statusOf(server)).quorum?.met).toBe(true))
  })
  afterAll(async () => {
    await server.stop()
    await witness.stop()
  })

  test('shows how far it is, in status, metrics and doctor', async () => {
    const status = await statusOf(server)
    expect(status).toMatchObject({ origin: known.origin, writable: { ok: true } })
    expect(status.witnesses).toMatchObject([{ name: 'outside', size: status.size, lagEntries: 0 }])
    const metrics = await (await server.fetch('/metrics')).text()
    expect(metrics).toContain('deponent_witness_lag_entries{witness="outside",ledger="default"} 0')
    expect(metrics).toContain('deponent_checkpoint_quorum{ledger="default"} 1')
    const { stdout } = await runCommand(['doctor', '--data', known.place.data])
    expect(stdout).toMatch(/witness outside +ok +up to date/)
  })

  test('hands out the cosigned checkpoint, and verification asks for the quorum', async () => {
    const note = await (await server.fetch('/ledgers/default/checkpoint')).text()
    expect(note).toContain('\n— witness.example/w ')
    const ledger = { origin: known.origin, keys: [{ vkey: known.vkey, use: 'checkpoint' }] }
    const trusting = async (vkeys: readonly string[]): Promise<{ verdict: string; codes: string[] }> => {
      const path = join(files, `trust-${Math.random()}.json`)
      const witnesses = { witnesses: vkeys, quorum: vkeys.length }
      await writeFile(path, JSON.stringify({ ledgers: [{ ...ledger, ...witnesses }] }))
      const { stdout } = await runCommand(['verify', known.place.data, '--trust', path, '--json'])
      const report = JSON.parse(stdout) as { verdict: string; findings: { code: string }[] }
      return { verdict: report.verdict, codes: report.findings.map(({ code }) => code) }
    }
    const good = await trusting([witness.vkey])
    expect(good.codes).not.toContain('witness_quorum')
    expect(good.verdict).toBe('valid')
    const other = await OwnWitness.start('witness.example/other', 8, join(files, 'other.json'), [])
    expect((await trusting([witness.vkey, other.vkey])).codes).toContain('witness_quorum')
    await other.stop()
  })

  test('places a decision between what the witness saw before and after', async () => {
    await patiently(async () => {
      const { time } = await server.get<{ time: Record<string, { at: string; source: string }> }>(
        '/v1/decisions/first',
      )
      expect(time.notAfter?.source).toBe('witness witness.example/w')
    })
  })

  test('goes on recording and publishing while it is down, and shows the lag', async () => {
    // Looks of the test before may still be on their way into the ledger.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { size } = await statusOf(server)
    await patiently(async () => expect((await statusOf(server)).witnesses[0]?.size).toBe(size))
    witness.misbehaviour = 'unavailable'
    const response = await server.post('/v1/decisions?wait=checkpoint', decision('third'))
    expect(response.status).toBe(201)
    await patiently(async () => {
      const { witnesses, checkpoint } = await statusOf(server)
      expect(checkpoint.size).toBe(size + 1)
      expect(witnesses).toMatchObject([{ size, lagEntries: 1, error: { code: 'unexpected_answer' } }])
    })
    const { stdout } = await runCommand(['doctor', '--data', known.place.data])
    expect(stdout).toMatch(/witness outside +attention/)
    witness.misbehaviour = 'none'
    await patiently(async () => expect((await statusOf(server)).witnesses[0]?.size).toBe(size + 1))
  })
})

describe('a server refuses to start with', () => {
  const refusal = async (...options: readonly string[]) => {
    const { data, signer } = await newPlace()
    return runCommand(['serve', '--data', data, '--signer-state', signer, '--port', '0', ...options])
  }

  test.each([
    ['a policy that cannot be read', ['witness x'], /line 1: expected witness <name> <vkey>/],
    ['a policy without an address', ['quorum none'], /no witness has a URL/],
  ])('%s', async (_, lines, message) => {
    const { code, stderr } = await refusal('--witness-policy', await policyFile(...lines))
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('a policy about other logs', async () => {
    const { vkey } = await knownPlace()
    const witness = await OwnWitness.start('witness.example/w', 7, join(files, 'none.json'), [])
    const policy = await policyFile(`log ${vkey}`, `witness w ${witness.vkey} ${witness.url}`, 'quorum w')
    await witness.stop()
    const { code, stderr } = await refusal('--witness-policy', policy)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/is not among them/)
  })

  test.each([
    ['a timestamp authority that is no address', ['--timestamp-url', 'tsa.example']],
    ['a timestamp authority with a password', ['--timestamp-url', 'https://me:secret@tsa.example/']],
    ['an interval of nothing', ['--timestamp-url', 'https://tsa.example/', '--timestamp-every', '0']],
  ])('%s', async (_, options) => {
    expect((await refusal(...options)).code).toBe(2)
  })
})

describeUnless(noAuthority, 'a server with a timestamp authority', () => {
  test('has its checkpoint stamped, and verification believes the root it is given', async () => {
    const authority = new Authority()
    const { place, vkey, origin } = await knownPlace()
    const server = await ServerProcess.start(place, ['serve', '--timestamp-url', authority.url])
    await server.post('/v1/decisions?wait=checkpoint', decision('first'))
    await patiently(async () => {
      const { timestamps } = await statusOf(server)
      expect(timestamps).toMatchObject([{ authority: authority.url }])
      expect(timestamps[0]).not.toHaveProperty('error')
      const { time } = await server.get<{ time: { notAfter?: { source: string } } }>('/v1/decisions/first')
      expect(time.notAfter?.source).toBe('timestamp Test TSA')
    })
    await server.stop()
    const path = join(files, 'stamped.json')
    const ledger = { origin, keys: [{ vkey, use: 'checkpoint' }] }
    await writeFile(path, JSON.stringify({ ledgers: [{ ...ledger, timestampRoots: [authority.root] }] }))
    const trusting = await runCommand(['verify', place.data, '--trust', path, '--json'])
    expect(trusting.stdout).toContain('"verdict":"valid"')
    expect(trusting.stdout).not.toContain('timestamp_untrusted')
    const alone = await runCommand(['verify', place.data, '--json'])
    expect(alone.stdout).toContain('timestamp_untrusted')
    expect(await readFile(join(place.data, 'ledgers/default/checkpoint'), 'utf8')).toContain(origin)
    authority.destroy()
  })
})
