/**
 * What one more ledger costs the server that keeps it: memory of the server's process while nothing happens and after decisions were
 * recorded in every ledger, and room on disk while it is empty. The engine of the index is a process of its own and not counted.
 *
 *   node bench/ledgers.ts [--ledgers 8] [--decisions 5000] [--folder DIR]
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { HostedLedger } from '../packages/server/src/hosting/hosted-ledger.ts'
import { submission } from '../test/recording/open-tenant.ts'
import { decisionsOf } from './decisions/workload.ts'
import { describeMachine, machineLine } from './machine.ts'
import { median } from './quantiles.ts'
import { runningApp } from './running-app.ts'

const { values } = parseArgs({
  options: {
    ledgers: { type: 'string', default: '8' },
    decisions: { type: 'string', default: '5000' },
    folder: { type: 'string' },
  },
})
const BATCH = 100
const more = Number(values.ledgers)
const decisions = Number(values.decisions)
const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-ledgers-'))

console.log(`${machineLine(describeMachine(folder), 'no peer')}\n`)
const app = await runningApp(folder)
const first = await residentMiB()
for (let n = 1; n <= more; n += 1) await app.ledgers.create(`ledger-${n}`)
const idle = await residentMiB()
const empty = emptyMiB('ledger-1')
for (const ledger of app.ledgers.all()) await fill(ledger)
const busy = await residentMiB()
console.log('| what | MiB |')
console.log('| --- | --- |')
console.log(`| memory of the server with one ledger, nothing recorded | ${first.toFixed(0)} |`)
console.log(`| one more ledger, nothing recorded | ${((idle - first) / more).toFixed(1)} |`)
console.log(
  `| each of ${more + 1} ledgers, after ${decisions} decisions in it | ${((busy - first) / (more + 1)).toFixed(1)} |`,
)
console.log(`| disk of an empty ledger, without its index | ${empty.toFixed(1)} |`)
await app.close()
rmSync(folder, { recursive: true })

/** Memory of this process once it has come to rest. */
async function residentMiB(): Promise<number> {
  await sleep(3_000)
  const samples: number[] = []
  for (let i = 0; i < 5; i += 1) {
    samples.push(residentKiB() / 1_024)
    await sleep(200)
  }
  return median(samples)
}

function residentKiB(): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!
  return Number(kib)
}

async function fill({ tenant, projection }: HostedLedger): Promise<void> {
  const all = decisionsOf({ seed: 5, count: decisions, newSubjects: 0.2 })
  for (let from = 0; from < decisions; from += BATCH)
    await tenant.recorder.record(all.slice(from, from + BATCH).map((value, i) => submission(value, i)))
  await projection.visible(tenant.ledger.size - 1)
}

/** What a ledger takes up on disk in which nothing was recorded by anybody. */
function emptyMiB(name: string): number {
  const paths = ['ledgers', 'vault'].map((part) => join(folder, 'data', part, name))
  const lines = execFileSync('du', ['-sk', ...paths], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return lines.reduce((sum, line) => sum + Number.parseInt(line, 10), 0) / 1_024
}
