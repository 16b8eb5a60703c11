/** What entries and records say of emitters, for whoever follows a ledger. */
import { type CanonicalRecord, type EmitterStatement, type Entry, hexDigest } from '@deponent/format'
import type { KnownEmitter } from './emitters.ts'
import type { StateFact } from './state.ts'

/** Kinds about an emitter as a whole, which carry no number themselves. */
export const STATEMENT_KINDS: ReadonlySet<string> = new Set<EmitterStatement['kind']>([
  'emitter.heartbeat',
  'emitter.closed',
  'emitter.loss',
])

/** The number an entry carries, read off its bytes without decoding the rest. */
const NUMBERED = /^\{"emitter":\{"epoch":(\d+),"id":"([a-z0-9-]+)","seq":(\d+)\}.*"receivedAt":(\d+),/

/** The number of an entry by its bytes; undefined when it carries none. */
export function numberOf(entry: Uint8Array): StateFact['numbered'] {
  // The second character of `{"emitter":` is a quote, the third the first letter of the first member.
  if (entry[2] !== 0x65) return undefined
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('latin1')
  const [, epoch, slug, seq, receivedAt] = NUMBERED.exec(text) ?? []
  if (slug === undefined) return undefined
  return { slug, epoch: Number(epoch), seq: Number(seq), receivedAt: Number(receivedAt) }
}

/** The link a numbered record was sealed with. */
export function linkIn(record: CanonicalRecord | undefined): Uint8Array | undefined {
  const emitter = record?.emitter
  return typeof emitter === 'object' && emitter !== null && !Array.isArray(emitter)
    ? hexDigest(emitter.link)
    : undefined
}

/** What a record about an emitter says of it. */
export function statementIn(entry: Entry, record: CanonicalRecord): StateFact['states'] {
  const { emitterId, epoch } = record
  if (!STATEMENT_KINDS.has(entry.kind) || typeof emitterId !== 'string') return undefined
  return {
    name: emitterId,
    ...(typeof epoch === 'number' && { epoch }),
    statement: statementOf(entry, record),
    count: typeof record.count === 'number' ? record.count : 1,
  }
}

/** The declaration of an emitter that a record of the server makes. */
export function emitterDeclaredIn(entry: Entry, record: CanonicalRecord): KnownEmitter | undefined {
  const { name, slug, system, owner } = record
  if (entry.kind !== 'emitter.declared' || typeof name !== 'string' || typeof slug !== 'string')
    return undefined
  return {
    name,
    slug,
    system: typeof system === 'string' ? system : '',
    declaredAt: entry.receivedAt,
    ...(typeof owner === 'string' && { owner }),
  }
}

export function statementOf({ kind, receivedAt }: Entry, record: CanonicalRecord): EmitterStatement {
  const { seq, seqTo, intervalMs, reason, judgement, basis } = record
  const head = hexDigest(record.head)
  const link = hexDigest(record.link)
  return {
    kind: kind as EmitterStatement['kind'],
    receivedAt,
    ...(typeof seq === 'number' && { seq }),
    ...(typeof seqTo === 'number' && { seqTo }),
    ...(typeof intervalMs === 'number' && { intervalMs }),
    ...(typeof reason === 'string' && { reason }),
    ...(head && { head }),
    ...(link && { link }),
    ...((typeof judgement === 'string' || (kind === 'emitter.loss' && basis === 'observed')) && {
      byServer: true,
    }),
  }
}
