/**
 * The byte budget: what one record leaves on disk, by part, for several kinds of records. See README.md.
 *
 *   node bench/bytes.ts [--records 20000] [--settle 20] [--only NAME] [--folder DIR] [--keep]
 *                       [--database-url URL | --postgres-script F]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { corpora } from './bytes/corpora.ts'
import type { Corpus } from './bytes/corpora.ts'
import { bytesPerRow } from './bytes/postgres-peer.ts'
import { movedSizes } from './bytes/tiers.ts'
import { deponentTarget } from './decisions/deponent.ts'
import { visibleSize } from './decisions/follow.ts'
import { startCluster, useCluster } from './decisions/postgres-cluster.ts'
import type { Cluster } from './decisions/postgres-cluster.ts'
import { describeMachine, machineLine } from './machine.ts'

const BATCH = 100

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000' },
    settle: { type: 'string', default: '20' },
    only: { type: 'string' },
    folder: { type: 'string' },
    keep: { type: 'boolean', default: false },
    'database-url': { type: 'string', default: process.env['DATABASE_URL'] },
    'postgres-script': { type: 'string' },
  },
})
/** In the order of the table. */
const PARTS = ['entries', 'tree', 'vault', 'keyring', 'state', 'index']

const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-bytes-'))
const cluster = await peer()
const beside = cluster?.description ?? 'no PostgreSQL beside it'
console.log(`${machineLine(describeMachine(folder), beside)}\n`)
console.log(
  `Bytes as the file system allocated them, ${values.settle} s after the last record was visible: the index merges its parts meanwhile. \`lengths\` are those of the files, as are what is left in the index when all months are over, and what is warm or cold then.\n`,
)
console.log(
  `| records | raw JSON | ${PARTS.join(' | ')} | all | of raw | lengths | index left | warm | cold | PostgreSQL |`,
)
console.log(`|${' --- |'.repeat(PARTS.length + 9)}`)
try {
  for (const corpus of corpora(Number(values.records)))
    if (values.only === undefined || corpus.name.includes(values.only)) console.log(await row(corpus))
} finally {
  await cluster?.stop()
}
if (values.keep) console.error(`left in ${folder}`)
else rmSync(folder, { recursive: true })

async function peer(): Promise<Cluster | undefined> {
  const { 'database-url': url, 'postgres-script': script } = values
  if (url !== undefined) return useCluster(url)
  return script === undefined ? undefined : startCluster(script, `${folder}-postgres`)
}

async function row(corpus: Corpus): Promise<string> {
  const { name, records } = corpus
  const running = await deponentTarget({ folder, nodeOptions: [] }).start()
  const { url = '', token = '' } = running.destination as { url?: string; token?: string }
  await sendAll(url, token, records)
  await seen(url, token, records.length)
  await sleep(Number(values.settle) * 1_000)
  const { bytesPerRecord, home, lengthPerRecord = Number.NaN } = await running.stop()
  const raw = records.reduce((sum, one) => sum + rawBytes(one), 0) / records.length
  const parts = PARTS.map((part) => bytesPerRecord[part])
  const total = parts.reduce<number>((sum, bytes) => sum + (bytes ?? Number.NaN), 0)
  const theirs = cluster && (await bytesPerRow(cluster, corpus))
  const cells = [raw, ...parts, total].map((bytes) => (bytes === undefined ? 'too few' : Math.round(bytes)))
  const compared = theirs === undefined ? '' : Math.round(theirs)
  const share = `${Math.round((100 * total) / raw)} %`
  const { cold, left, warm } = await movedSizes(home ?? '')
  const later = [lengthPerRecord, left, warm, cold].map((bytes) =>
    bytes === undefined ? 'too young' : Math.round(bytes),
  )
  return `| ${[`${name} (${records.length})`, ...cells, share, ...later, compared].join(' | ')} |`
}

/** What an application would send of it without us: neither the kind nor the numbers of an emitter. */
function rawBytes(record: object): number {
  const { kind: _, emitter: __, ...one } = record as Record<string, unknown>
  return Buffer.byteLength(JSON.stringify(one))
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
