/**
 * Where our microseconds and bytes go: a batch of decisions taken through every stage between the bytes of a request and the
 * bytes of its answer, with the server's own functions, one stage timed after the other in this process. HTTP itself, the
 * tiles, the vault segments and the index work beside it and are not in here; `decisions.ts` measures the whole.
 *
 *   node bench/profile.ts [records=20000] [batch=100] [new subjects=0.2]
 */

import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import {
  commitRoot,
  concatBytes,
  encodeEntry,
  formatPromise,
  inclusionPaths,
  leafHashes,
  normalizeRecord,
  preparePayload,
  readJsonItems,
  toBase64,
  toHex,
  utf8,
} from '@deponent/format'
import type { Entry, PreparedPayload } from '@deponent/format'
import { SigningKey } from '../packages/server/src/ledger/signing-key.ts'
import { Wal } from '../packages/server/src/ledger/wal.ts'
import { realDisk } from '../packages/server/src/platform/disk.ts'
import { realRandom } from '../packages/server/src/platform/random.ts'
import { SqliteStateStore } from '../packages/server/src/platform/state-store.ts'
import { encodeAttachment } from '../packages/server/src/recording/attachment.ts'
import { Dedupe } from '../packages/server/src/recording/dedupe.ts'
import { entryIdOf } from '../packages/server/src/recording/entry-id.ts'
import { Marker } from '../packages/server/src/recording/marker.ts'
import { encodeText } from '../packages/server/src/vault/coding.ts'
import { Hmac } from '../packages/server/src/vault/hmac.ts'
import { saltsOf } from '../packages/server/src/vault/record-secrets.ts'
import { Vault } from '../packages/server/src/vault/vault.ts'
import { decisionsOf } from './decisions/workload.ts'
import { describeMachine, machineLine } from './machine.ts'

const ORIGIN = 'deponent.invalid/00000000/default'

interface Spent {
  elapsedMs: number
  cpuMs: number
  bytes?: number
}

/** Adds up what each stage takes and the bytes it leaves behind. */
class Stages {
  readonly #spent = new Map<string, Spent>()

  /**
   * Runs a stage; promises are awaited within its time. So is one turn of the event loop, in which Node frees the native
   * objects (hashes, ciphers, compressors) the stage has left behind.
   */
  async time<T>(name: string, stage: () => T | Promise<T>): Promise<T> {
    const before = process.cpuUsage()
    const startMs = performance.now()
    const result = await stage()
    await turn()
    const elapsedMs = performance.now() - startMs
    const { user, system } = process.cpuUsage(before)
    const so = this.#spent.get(name)
    this.#spent.set(name, {
      ...so,
      elapsedMs: (so?.elapsedMs ?? 0) + elapsedMs,
      cpuMs: (so?.cpuMs ?? 0) + (user + system) / 1000,
    })
    return result
  }

  bytes(name: string, count: number): void {
    const so = this.#spent.get(name)
    if (so) so.bytes = (so.bytes ?? 0) + count
  }

  reset(): void {
    this.#spent.clear()
  }

  /** One row per stage; rows that begin with a dash are parts of the one before and not added again. */
  table(records: number): string {
    const whole = [...this.#spent].filter(([name]) => !name.startsWith('- ')).map(([, spent]) => spent)
    const elapsedMs = sum(whole.map((spent) => spent.elapsedMs))
    const cpuMs = sum(whole.map((spent) => spent.cpuMs))
    const micros = (ms: number): string => ((ms * 1000) / records).toFixed(1)
    const rows = [...this.#spent].map(([name, spent]) => {
      const size = spent.bytes === undefined ? '' : Math.round(spent.bytes / records)
      return `| ${name} | ${micros(spent.elapsedMs)} | ${micros(spent.cpuMs)} | ${((100 * spent.cpuMs) / cpuMs).toFixed(0)} % | ${size} |`
    })
    return [
      '| stage | µs per record, elapsed | processor | share | bytes per record |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      `| sum | ${micros(elapsedMs)} | ${micros(cpuMs)} | ${Math.round((records * 1000) / cpuMs)} records/s on one core | |`,
    ].join('\n')
  }
}

const [records = 20_000, batch = 100, newSubjects = 0.2] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'deponent-profile-'))
console.log(`${machineLine(describeMachine(folder), 'in process')}\n`)
const stages = new Stages()
const store = new SqliteStateStore(join(folder, 'state.db'))
const dedupe = new Dedupe(store)
const marker = new Marker(randomBytes(32), randomBytes(32))
const vault = await Vault.open({
  disk: realDisk,
  random: realRandom,
  store,
  directory: join(folder, 'vault'),
  keyringDirectory: join(folder, 'keyring'),
  master: randomBytes(32),
  ledger: 'default',
  ledgerId: new Uint8Array(16),
  onSegmentSealed: () => {},
})
await realDisk.makeDirectory(join(folder, 'keyring'))
await vault.begin()
await realDisk.makeDirectory(join(folder, 'wal'))
const wal = await Wal.begin(
  { disk: realDisk, directory: join(folder, 'wal'), ledgerId: new Uint8Array(16), generation: 1 },
  [],
)
const promiseKey = new SigningKey(`${ORIGIN}/promise`, randomBytes(32))
let size = 0

const warm = Math.min(5_000, records)
const decisions = decisionsOf({ seed: 1, count: records + warm, newSubjects })
for (let at = 0; at < decisions.length; at += batch) {
  if (at === warm) stages.reset()
  await take(JSON.stringify(decisions.slice(at, at + batch)))
}
console.log(stages.table(records))
await wal.close()
await vault.close()
await store.close()
rmSync(folder, { recursive: true })

/** One request, from its text to the text of the answer. */
async function take(body: string): Promise<void> {
  const readings = await stages.time('read JSON, find faults', () => readJsonItems(body))
  stages.bytes('read JSON, find faults', Buffer.byteLength(body))
  const normalized = await stages.time('normalise', () =>
    readings.map((reading) => normalizeRecord('decision', reading)),
  )
  const ids = await stages.time('mint ids', () =>
    normalized.map(() => entryIdOf(Date.now(), realRandom.bytes(10))),
  )
  const prepared = await stages.time('canonicalise and flatten', () =>
    normalized.map(({ record }, i) => preparePayload(record, ids[i] ?? '')),
  )
  stages.bytes('canonicalise and flatten', sum(prepared.map(({ text }) => text.length)))
  const marks = await stages.time('deduplicate', () =>
    prepared.map(({ text }, i) => {
      const { system, decisionId } = normalized[i]?.record ?? {}
      const mark = marker.mark(textOf(system), 'decision', textOf(decisionId), text)
      if (dedupe.seen(mark)) throw new Error('a record was seen before')
      return mark
    }),
  )
  const keys = await stages.time('find or mint the person’s key', () =>
    normalized.map(({ record }) => vault.keyNumber(vault.subjectId(textOf(record.affectedUserId)))),
  )
  await stages.time('new keys durable', () => vault.flushKeys())
  const sealed = await stages.time('seal', () =>
    prepared.map((payload, i) => vault.seal(ids[i] ?? '', payload, keys[i] ?? 0)),
  )
  stages.bytes('seal', sum(sealed.map(({ frame }) => frame.length)))
  await sealParts(prepared, ids)
  const receivedAt = Date.now()
  const entries = await stages.time('encode entries', () =>
    sealed.map(({ payload }, i) => encodeEntry(entryOf(ids[i] ?? '', payload, receivedAt))),
  )
  stages.bytes('encode entries', sum(entries.map((entry) => entry.length)))
  const hashes = await stages.time('leaf hashes', () => leafHashes(entries))
  const attachments = await stages.time('attach', () =>
    sealed.map(({ frame }, i) => encodeAttachment({ ...(marks[i] && { mark: marks[i] }), frame })),
  )
  const first = size
  await stages.time('write and sync the frame', () => wal.append({ first, entries, attachments }))
  stages.bytes('write and sync the frame', sum([...entries, ...attachments].map((bytes) => bytes.length)))
  size += entries.length
  const tree = await stages.time('tree of the batch, signed promise', () => {
    const built = inclusionPaths(hashes)
    const promise = promiseKey.note(
      formatPromise({ origin: ORIGIN, start: first, end: size, root: built.root, at: receivedAt }),
    )
    return { built, promise }
  })
  const answer = await stages.time('receipts to JSON', () =>
    JSON.stringify({
      recorded: entries.length,
      receipts: hashes.map((hash, i) => ({
        position: i,
        id: ids[i],
        decisionId: normalized[i]?.record.decisionId,
        ledger: 'default',
        index: first + i,
        leafHash: toHex(hash),
        status: 'recorded',
        path: (tree.built.paths[i] ?? []).map((sibling) => toBase64(sibling)),
      })),
      promise: tree.promise,
    }),
  )
  stages.bytes('receipts to JSON', answer.length)
  await stages.time('remember for deduplication', () => {
    marks.forEach((mark, i) => dedupe.apply(first + i, mark))
    store.transaction(() => dedupe.store())
    dedupe.stored()
  })
}

/** What `seal` consists of, by the same calls it makes. */
async function sealParts(prepared: readonly PreparedPayload[], ids: readonly string[]): Promise<void> {
  const key = randomBytes(32)
  const secrets = await stages.time('- derive the record’s keys', () =>
    ids.map((id) =>
      new Hmac('sha512', key).digest(concatBytes(utf8(`deponent/record/v1${id}`), realRandom.bytes(16))),
    ),
  )
  const salts = await stages.time('- salts, AES-256-CTR', () =>
    prepared.map(({ leafTexts }, i) => saltsOf((secrets[i] ?? key).subarray(32), leafTexts.length)),
  )
  await stages.time('- commit: hash leaves and nodes', () =>
    prepared.map(({ leafTexts }, i) => commitRoot(leafTexts, salts[i] ?? new Uint8Array())),
  )
  const texts = await stages.time('- compress', () => prepared.map(({ text }) => encodeText(text).bytes))
  stages.bytes('- compress', sum(texts.map((text) => text.length)))
  await stages.time('- encrypt, AES-256-GCM', () =>
    texts.map((text, i) => {
      const cipher = createCipheriv(
        'aes-256-gcm',
        createSecretKey((secrets[i] ?? key).subarray(0, 32)),
        new Uint8Array(12),
      )
      cipher.setAAD(utf8(ids[i] ?? ''))
      return [cipher.update(text), cipher.final(), cipher.getAuthTag()]
    }),
  )
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a text was expected')
  return value
}

function entryOf(id: string, payload: Entry['payload'], receivedAt: number): Entry {
  return { v: 1, id, kind: 'decision', receivedAt, system: 's1', retention: 'unset', payload }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
