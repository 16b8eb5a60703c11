/**
 * The byte budget: what one record leaves on disk, by part, for several kinds of records. See README.md.
 *
 *   node bench/bytes.ts [--records 20000] [--settle 20] [--only NAME] [--folder DIR] [--keep]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { corpora } from './bytes/corpora.ts'
import type { Corpus } from './bytes/corpora.ts'
import { deponentTarget } from './decisions/deponent.ts'
import { visibleSize } from './decisions/follow.ts'
import { describeMachine, machineLine } from './machine.ts'

const BATCH = 100

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000' },
    settle: { type: 'string', default: '20' },
    only: { type: 'string' },
    folder: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-bytes-'))
const { all, left } = corpora(Number(values.records))
console.log(`${machineLine(describeMachine(folder), 'bytes as the file system allocated them')}\n`)
console.log(
  `Measured ${values.settle} s after the last record was visible: the index merges its parts meanwhile.\n`,
)
console.log('| records | raw JSON | ledger | vault | keyring | state | index | all | of raw |')
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const corpus of all) {
  if (values.only === undefined || corpus.name.includes(values.only)) console.log(await row(corpus))
}
for (const reason of left) console.log(`\nLeft out: ${reason}.`)
if (values.keep) console.error(`left in ${folder}`)
else rmSync(folder, { recursive: true })

async function row({ name, records }: Corpus): Promise<string> {
  const running = await deponentTarget({ folder, nodeOptions: [] }).start()
  const { url = '', token = '' } = running.destination as { url?: string; token?: string }
  await sendAll(url, token, records)
  await seen(url, token, records.length)
  await sleep(Number(values.settle) * 1_000)
  const { bytesPerRecord } = await running.stop(records.length)
  const raw =
    records.reduce((sum, { ...one }) => sum + Buffer.byteLength(JSON.stringify(one)), 0) / records.length
  const parts = ['ledger', 'vault', 'keyring', 'state', 'index'].map((part) => bytesPerRecord[part])
  const total = parts.reduce<number>((sum, bytes) => sum + (bytes ?? Number.NaN), 0)
  const cells = [raw, ...parts, total].map((bytes) => (bytes === undefined ? 'too few' : Math.round(bytes)))
  return `| ${name} (${records.length}) | ${cells.join(' | ')} | ${Math.round((100 * total) / raw)} % |`
}

/** One batch after the other: what follows a decision must find it. */
async function sendAll(url: string, token: string, records: Corpus['records']): Promise<void> {
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH)
    const decisions = batch.filter(({ kind }) => kind === 'decision').map(({ kind: _, ...one }) => one)
    const others = batch.filter(({ kind }) => kind !== 'decision')
    if (decisions.length > 0) await post(new URL('/v1/decisions', url), token, JSON.stringify(decisions))
    if (others.length > 0) await post(new URL('/v1/records', url), token, JSON.stringify(others))
  }
}

async function post(url: URL, token: string, body: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body })
    const text = await response.text()
    if (response.status === 201) return
    if (response.status !== 503 && response.status !== 429)
      throw new Error(`answered ${response.status}: ${text.slice(0, 400)}`)
    await sleep(500)
  }
}

async function seen(url: string, token: string, size: number): Promise<void> {
  while ((await visibleSize(url, token)) < size) await sleep(250)
}
