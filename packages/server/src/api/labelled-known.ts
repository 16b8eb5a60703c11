/** What is known of a decision by the records about it, as far as whoever asks may see them. */
import { type CanonicalRecord, isoTime, type JsonValue, parseTime } from '@deponent/format'
import type { KnownOutcome, KnownReview, Labelled } from '../labelling/label.ts'
import type { LatestAbout } from '../projection/index.ts'
import type { ReadEntry } from '../recording/reader.ts'
import type { Call } from './call.ts'
import { placeOf, type SeenEntry, viewOf } from './read-entry.ts'

/** Entries that were read, by index. */
export type Entries = ReadonlyMap<number, ReadEntry>

/** As `seenBy`, of a page whose purpose is stated; restricted records are sorted out by themselves. */
export function seenFor({ permit }: Call, read: ReadEntry): SeenEntry | undefined {
  const classes = permit.fieldsOf(placeOf(read), true)
  return classes.size === 0 ? undefined : { ...read, classes }
}

/** What became of a decision, of the records about it that the caller may see. */
export function knownOf(
  call: Call,
  withSealed: boolean,
  entries: Entries,
  { target, ...about }: LatestAbout,
  decision: CanonicalRecord,
): Labelled {
  const seen = (index: number | undefined): Shown | undefined => {
    const read = index === undefined ? undefined : seenFor(call, entries.get(index)!)
    const view = read && viewOf(call, read, withSealed ? 'all' : undefined)
    return read && view && { read, view }
  }
  const outcome = seen(about.outcome)
  const observed = seen(about.observed)
  const asserted = seen(about.asserted)
  return {
    at: placeOf(entries.get(target)!).at,
    prediction: valueOf(decision['prediction']),
    ...(outcome && { outcome: outcomeOf(outcome) }),
    ...(observed && { observed: reviewOf(observed) }),
    ...(asserted && { asserted: reviewOf(asserted) }),
  }
}

interface Shown {
  readonly read: SeenEntry
  readonly view: CanonicalRecord
}

function stampOf({ read, view }: Shown): Pick<KnownOutcome, 'id' | 'receivedAt' | 'basis'> {
  const { id, kind, receivedAt } = read.entry
  const basis = kind === 'decision' ? 'asserted' : textOf(view['basis']) || 'observed'
  return { id, receivedAt, basis }
}

function outcomeOf(one: Shown): KnownOutcome {
  const observedAt = parseTime(textOf(one.view['observedAt']))?.ms
  return { ...stampOf(one), value: valueOf(one.view['outcome']), at: observedAt ?? placeOf(one.read).at }
}

const OVERRIDING = new Set(['override', 'reverse', 'disregard', 'not_use'])

function reviewOf(one: Shown): KnownReview {
  const { read, view } = one
  const humanDecision = valueOf(view['humanDecision'])
  const verdict = textOf(view['verdict'])
  return {
    ...stampOf(one),
    at: placeOf(read).at,
    isInDecision: read.entry.kind === 'decision',
    overridden: view['humanOverride'] === true || OVERRIDING.has(verdict),
    ...(humanDecision !== undefined && { humanDecision }),
    ...(verdict !== '' && { verdict }),
  }
}

export function told({ at, receivedAt, ...known }: KnownOutcome | KnownReview): object {
  return { ...known, at: isoTime(at), receivedAt: isoTime(receivedAt) }
}

/** Members of a view that are there and open. */
export function shown(view: CanonicalRecord, names: readonly string[]): Record<string, JsonValue> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = valueOf(view[name])
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

export function valueOf(value: JsonValue | undefined): JsonValue | undefined {
  return value === undefined || value === null || isSealed(value) ? undefined : value
}

export function isSealed(value: JsonValue): boolean {
  return isObject(value) && value['sealed'] === true
}

export function isObject(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
