/**
 * The raw ledger in process: batches of opaque leaves appended as fast as they become durable, with tree, promise, tiles and
 * checkpoints, beside what the same disk does when the same bytes are appended to one file and synced, in the same run.
 *
 *   node bench/ledger.ts [--entries 200000] [--bytes 1024] [--batch 256] [--in-flight 8] [--rounds 3] [--folder DIR]
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openRawLedger } from './ledger/raw-ledger.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime } from './processes.ts'
import { median } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '200000' },
    bytes: { type: 'string', default: '1024' },
    batch: { type: 'string', default: '256' },
    'in-flight': { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
  },
})
const batch = Number(values.batch)
const batches = Math.ceil(Number(values.entries) / batch)
const count = batches * batch
const inFlight = Number(values['in-flight'])
const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-ledger-'))
/** The same leaves over and over: random, so that nothing becomes smaller on its way to the disk. */
const leaves = Array.from({ length: batch }, () => randomBytes(Number(values.bytes)))

interface Round {
  perSecond: number
  cpuMicros: number
  /** Share of the machine that other work took. */
  others: number
}

console.log(`${machineLine(describeMachine(folder), 'the same bytes to one file')}\n`)
const ours: Round[] = []
const file: Round[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  ours.push(await timed(() => appendToLedger(round)))
  file.push(await timed(() => appendToFile(round)))
}
rmSync(folder, { recursive: true })
console.log(
  `${count} leaves of ${values.bytes} bytes, batches of ${batch}, ${inFlight} in flight, ${values.rounds} rounds; medians\n`,
)
console.log('| what | leaves/s (each round) | CPU µs per leaf | other work |')
console.log('| --- | --- | --- | --- |')
console.log(row('ledger: durable, promised, in tiles, under a checkpoint', ours))
console.log(row('one file: written and synced', file))

function row(name: string, rounds: Round[]): string {
  const rates = rounds.map(({ perSecond }) => Math.round(perSecond))
  const others = rounds.map((round) => `${Math.round(round.others * 100)} %`)
  return `| ${name} | ${Math.round(median(rates))} (${rates.join(', ')}) | ${median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(1)} | ${others.join(', ')} |`
}

async function timed(run: () => Promise<void>): Promise<Round> {
  const machine = machineTime()
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await run()
  const seconds = (performance.now() - startMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const now = machineTime()
  const busy = now.busySeconds - machine.busySeconds - (user + system) / 1e6
  return {
    perSecond: count / seconds,
    cpuMicros: (user + system) / count,
    others: Math.max(0, busy / (now.seconds - machine.seconds)),
  }
}

async function appendToLedger(round: number): Promise<void> {
  const { ledger } = await openRawLedger(join(folder, `ledger-${round}`), join(folder, `signer-${round}`))
  await inTurn(async () => {
    await ledger.appendLeaves(leaves)
  })
  await ledger.close()
  if (ledger.size !== count || ledger.checkpoint?.size !== count)
    throw new Error(`${ledger.size} leaves kept`)
}

async function appendToFile(round: number): Promise<void> {
  const handle = await open(join(folder, `file-${round}`), 'w')
  const group = Buffer.concat(Array.from({ length: inFlight }, () => Buffer.concat(leaves)))
  for (let done = 0; done < batches; done += inFlight) {
    await handle.write(group)
    await handle.datasync()
  }
  await handle.close()
}

async function inTurn(append: () => Promise<void>): Promise<void> {
  let left = batches
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await append()
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
}
