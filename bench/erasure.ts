/**
 * How long erasing takes over HTTP, from the request to the receipt, on the embedded engine: one person after another, and many at once.
 *
 *   node bench/erasure.ts [--decisions 50000] [--single 5] [--many 1000]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { decisionsOf } from './decisions/workload.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime } from './processes.ts'
import { headersOf, record, runningApp } from './running-app.ts'

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '50000' },
    single: { type: 'string', default: '5' },
    many: { type: 'string', default: '1000' },
  },
})
const [decisions, single, many] = [values.decisions, values.single, values.many].map(Number) as [
  number,
  number,
  number,
]
const folder = mkdtempSync(join(tmpdir(), 'deponent-erasure-'))
console.log(`${machineLine(describeMachine(folder), 'no peer')}\n`)
const app = await runningApp(folder)
const headers = headersOf(app)
const workload = decisionsOf({ seed: 1, count: decisions, newSubjects: 0.2 })
await record(app, workload)
const people = [...new Set(workload.map(({ affectedUserId }) => affectedUserId))]

interface Erasure {
  erasureId: string
  status: string
  receipt: { records: number } | null
}

async function erase(person: string): Promise<string> {
  const response = await fetch(`${app.url}/v1/subjects/${person}`, { method: 'DELETE', headers })
  return ((await response.json()) as Erasure).erasureId
}

/** Records erased, once all of these are completed. */
async function completed(ids: readonly string[]): Promise<number> {
  let records = 0
  for (const id of ids) {
    for (;;) {
      const answer = await fetch(`${app.url}/v1/erasures/${id}`, { headers })
      const { status, receipt } = (await answer.json()) as Erasure
      if (status === 'completed') {
        records += receipt!.records
        break
      }
      await setTimeout(50)
    }
  }
  return records
}

async function timed(chosen: readonly string[]): Promise<string> {
  const before = machineTime()
  const started = performance.now()
  const records = await completed(await Promise.all(chosen.map(erase)))
  const seconds = (performance.now() - started) / 1_000
  const after = machineTime()
  const busy = (after.busySeconds - before.busySeconds) / (after.seconds - before.seconds)
  return `| ${chosen.length} | ${records} | ${seconds.toFixed(1)} | ${Math.round(busy * 100)} % |`
}

console.log(`${decisions} decisions about ${people.length} people\n`)
console.log('| erased at once | their records | seconds to the receipt | machine busy |')
console.log('| --- | --- | --- | --- |')
for (let i = 0; i < single; i += 1) console.log(await timed([people[i * 7]!]))
console.log(await timed(people.slice(single * 7 + 1, single * 7 + 1 + many)))
await app.close()
rmSync(folder, { recursive: true })
