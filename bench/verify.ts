/**
 * How fast a ledger is checked: every entry decoded and hashed, every tile compared, the root rebuilt (what `deponent verify` does to
 * tiles and log), in this thread and with one for every core; how fast sealed payloads are opened and committed to again; how long an inclusion proof takes from warm tiles; how
 * fast a whole directory of recorded decisions is checked, in this thread and with a thread for every core.
 *
 *   node bench/verify.ts [--entries 200000] [--payloads 10000] [--rounds 3] [--folder DIR]
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { canonicalJson, normalizeRecord, preparePayload, readJsonItems } from '@deponent/format'
import { checkDirectory } from '../packages/server/src/check/directory.ts'
import { LedgerWalk } from '../packages/server/src/check/ledger-walk.ts'
import { stretchesOf, stretchThreads } from '../packages/server/src/check/stretch-threads.ts'
import { Overloaded } from '../packages/server/src/ledger/errors.ts'
import { ledgerIdOf } from '../packages/server/src/ledger/wal-frame.ts'
import { realDisk } from '../packages/server/src/platform/disk.ts'
import { realRandom } from '../packages/server/src/platform/random.ts'
import { threadsAvailable } from '../packages/server/src/platform/worker.ts'
import { entryIdOf } from '../packages/server/src/recording/entry-id.ts'
import { open, seal } from '../packages/server/src/vault/seal.ts'
import { recommit } from '../packages/server/src/vault/opened.ts'
import { openRecording, submission } from '../test/recording/open-tenant.ts'
import { decisionsOf } from './decisions/workload.ts'
import { openRawLedger } from './ledger/raw-ledger.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime } from './processes.ts'
import { median, quantilesOf } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '200000' },
    payloads: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
  },
})
const PROOFS = 5_000
const entries = Number(values.entries)
const rounds = Number(values.rounds)
const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-verify-'))

// A ledger's timers keep no process alive, and there is no server here that does.
const awake = setInterval(() => undefined, 1_000)
console.log(`${machineLine(describeMachine(folder), 'no peer')}\n`)
console.log('| what | per second | CPU µs each | other work |')
console.log('| --- | --- | --- | --- |')
const { ledger, origin } = await openRawLedger(join(folder, 'ledger'), join(folder, 'signer'), 'entries')
await fill()
for (const threads of new Set([1, threadsAvailable()])) {
  const name = `entries hashed, decoded, compared with their tiles, --threads ${threads}`
  console.log(await row(name, entries, () => walk(threads)))
}
console.log(await proofsRow())
await ledger.close()
const payloads = sealedPayloads()
console.log(
  await row('payloads opened and committed to again, 1 KB, one thread', payloads.length, recommitAll),
)
const data = await recordedDirectory()
for (const threads of new Set([1, threadsAvailable()])) {
  const name = `a directory of decisions, everything checked, --threads ${threads}`
  console.log(await row(name, payloads.length, () => check(threads)))
}
clearInterval(awake)
rmSync(folder, { recursive: true })

async function fill(): Promise<void> {
  for (let done = 0; done < entries; done += 1_000) {
    const drafts = Array.from({ length: Math.min(1_000, entries - done) }, () => ({
      id: entryIdOf(Date.now(), realRandom.bytes(10)),
      kind: 'decision',
      system: 's1',
      retention: 'unset',
      payload: { c: 1 as const, leaves: 37, root: randomBytes(32).toString('hex') },
      attachment: new Uint8Array(300),
    }))
    await appendWhenTaken(drafts)
  }
  await ledger.published(entries, 60_000)
}

/** A disk faster than the compression of tiles makes the ledger ask its sender to wait. */
async function appendWhenTaken(drafts: Parameters<typeof ledger.append>[0]): Promise<void> {
  for (;;) {
    try {
      await ledger.append(drafts)
      return
    } catch (error) {
      if (!(error instanceof Overloaded)) throw error
      await setTimeout(100)
    }
  }
}

async function walk(threads: number): Promise<void> {
  const directory = join(folder, 'ledger')
  const found = await LedgerWalk.open(realDisk, directory, ledgerIdOf(origin), [entries])
  const checkers = stretchThreads(realDisk, { directory, wanted: found.wanted }, threads)
  for await (const stretch of stretchesOf(found, checkers)) void stretch
  await checkers.close()
  if (found.size !== entries || found.findings.length > 0 || !found.roots.has(entries))
    throw new Error(`${found.size} of ${entries} entries, ${JSON.stringify(found.findings.slice(0, 2))}`)
}

async function proofsRow(): Promise<string> {
  const indices = Array.from({ length: PROOFS }, () => Math.floor(Math.random() * entries))
  for (const index of indices) await ledger.inclusionProof(index, entries)
  const times: number[] = []
  for (const index of indices) {
    const startMs = performance.now()
    await ledger.inclusionProof(index, entries)
    times.push(performance.now() - startMs)
  }
  const { p50, p99 } = quantilesOf(times)
  return `| an inclusion proof from warm tiles: ${p50.toFixed(3)} ms (p50), ${p99.toFixed(3)} ms (p99) | | | |`
}

function sealedPayloads(): { entry: Parameters<typeof recommit>[0]; frame: Uint8Array; key: Uint8Array }[] {
  const sent = JSON.stringify(decisionsOf({ seed: 3, count: Number(values.payloads), newSubjects: 0.2 }))
  return readJsonItems(sent).map((reading) => {
    const id = entryIdOf(Date.now(), realRandom.bytes(10))
    const record = normalizeRecord('decision', reading).record
    if (canonicalJson(record) === '') throw new Error('a record without text')
    const key = randomBytes(32)
    const { frame, payload } = seal(id, preparePayload(record, id), { number: 0, key }, randomBytes(16))
    return { entry: { id, payload }, frame, key }
  })
}

function recommitAll(): Promise<void> {
  for (const { entry, frame, key } of payloads) {
    const opened = open(
      entry,
      frame,
      () => key,
      () => undefined,
    )
    if (!opened) throw new Error('a payload did not open')
    recommit(entry, opened)
  }
  return Promise.resolve()
}

async function recordedDirectory(): Promise<string> {
  const place = { data: join(folder, 'data'), signer: join(folder, 'data-signer') }
  const { tenant, close } = await openRecording(place)
  const decisions = decisionsOf({ seed: 4, count: Number(values.payloads), newSubjects: 0.2 })
  for (let from = 0; from < decisions.length; from += 100)
    await tenant.recorder.record(decisions.slice(from, from + 100).map((value, i) => submission(value, i)))
  await tenant.ledger.published(tenant.ledger.size, 60_000)
  await close()
  return place.data
}

async function check(threads: number): Promise<void> {
  const { verdict, checked } = await checkDirectory(realDisk, data, { threads: () => threads })
  if (verdict !== 'valid' || checked.payloads < payloads.length)
    throw new Error(`${verdict}, ${checked.payloads} of ${payloads.length} payloads`)
}

async function row(name: string, count: number, run: () => Promise<void>): Promise<string> {
  const rates: number[] = []
  const cpus: number[] = []
  const others: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const machine = machineTime()
    const before = process.cpuUsage()
    const startMs = performance.now()
    await run()
    const seconds = (performance.now() - startMs) / 1_000
    const { user, system } = process.cpuUsage(before)
    const now = machineTime()
    const busy = now.busySeconds - machine.busySeconds - (user + system) / 1e6
    rates.push(count / seconds)
    cpus.push((user + system) / count)
    others.push(`${Math.round((100 * Math.max(0, busy)) / (now.seconds - machine.seconds))} %`)
  }
  return `| ${name} | ${Math.round(median(rates))} (${rates.map(Math.round).join(', ')}) | ${median(cpus).toFixed(1)} | ${others.join(', ')} |`
}
