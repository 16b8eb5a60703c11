/** Decisions with what became of them, to learn from: each is handed out only as far as its own record allows the stated purpose. */
import { type CanonicalRecord, isoTime, type JsonValue } from '@deponent/format'
import { fieldClassOf } from '../../access/field-class.ts'
import { labelOf, warningsOf } from '../../labelling/label.ts'
import { leftOutOf, type Standing, type StatedUse, type WhyLeftOut } from '../../labelling/purpose-limit.ts'
import type { LatestAbout } from '../../projection/index.ts'
import { readFlag } from '../../projection/queries/parameters.ts'
import type { ReadEntry } from '../../recording/reader.ts'
import { dueOf } from '../../retention/due.ts'
import { type Call, type Handler, json } from '../call.ts'
import { type Entries, isObject, isSealed, knownOf, seenFor, shown, told } from '../labelled-known.ts'
import { purposeRequired, recipientOf } from '../purpose.ts'
import { isErased, placeOf, readEach, type SeenEntry, viewOf } from '../read-entry.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'

/** Parameters of this question; what else there is filters decisions. */
const OWN = ['compatible', 'unstated', 'unlabelled', 'protected', 'sealed'] as const

/** Decisions that are held open at the same time, with the records about them. */
const TOGETHER_MAX = 100

interface Order {
  readonly use: StatedUse
  /** Decisions without a label too. */
  readonly takesUnlabelled: boolean
  /** With protected attributes, as far as the role sees them. */
  readonly withProtected: boolean
  /** With input, messages and features that are sealed, as far as the role sees them. */
  readonly withSealed: boolean
}

type Reason = WhyLeftOut | 'erased' | 'out_of_reach' | 'unlabelled'

export const listLabelled: Handler = async (call) => {
  const order = orderOf(call)
  const filters = [...call.query].filter(([name]) => !OWN.some((own) => own === name))
  const restriction = withoutRestricted(call)
  const { items, next, asOf, ...more } = await call.services.projection.list(
    call.query.has('order') ? filters : [...filters, ['order', 'at']],
    restriction,
  )
  const targets = items.map(({ index }) => index)
  const latest = await call.services.projection.latestAbout(targets, asOf.size, restriction)
  const rows: object[] = []
  const ids: string[] = []
  const leftOut: Partial<Record<Reason, number>> = {}
  for (let from = 0; from < targets.length; from += TOGETHER_MAX) {
    const some = targets.slice(from, from + TOGETHER_MAX)
    const entries = await entriesOf(call, some, latest)
    for (const target of some) {
      const row = await rowOf(call, order, entries, latest.get(target) ?? { target })
      if (typeof row === 'string') leftOut[row] = (leftOut[row] ?? 0) + 1
      else {
        rows.push(row)
        ids.push(entries.get(target)!.entry.id)
      }
    }
  }
  note(call, order, ids)
  const { leftOut: people } = withLeftOut({}, restriction)
  return json({ items: rows, next, asOf, ...more, leftOut: { ...people, ...leftOut } })
}

/** What is asked for, and for which purpose. @throws Problem · QueryError */
function orderOf({ purpose, query }: Call): Order {
  if (purpose === undefined)
    throw purposeRequired(
      'labelled decisions are exported for a stated purpose only (header Deponent-Purpose)',
    )
  const flag = (name: (typeof OWN)[number]): boolean => readFlag(name, query.get(name) ?? 'false')
  return {
    use: { purpose, compatible: query.getAll('compatible'), takesUnstated: flag('unstated') },
    takesUnlabelled: flag('unlabelled'),
    withProtected: flag('protected'),
    withSealed: flag('sealed'),
  }
}

/** Learning from what people did is none of the purposes for which restricted records may be used (GDPR Art. 18(2)), whatever is stated. */
function withoutRestricted(call: Call): ReturnType<typeof restrictionOf> {
  const except = call.services.tenant.rights.restrictedHandles()
  return { ...restrictionOf(call), ...(except.length > 0 && { except }) }
}

/** Decisions and the records about them, each read once. */
async function entriesOf(
  call: Call,
  targets: readonly number[],
  latest: ReadonlyMap<number, LatestAbout>,
): Promise<Entries> {
  const about = targets.flatMap((target) => {
    const { asserted, observed, outcome } = latest.get(target) ?? {}
    return [asserted, observed, outcome]
  })
  const indices = new Set([...targets, ...about.filter((index) => index !== undefined)])
  const entries = new Map<number, ReadEntry>()
  const ascending = [...indices].toSorted((a, b) => a - b)
  for await (const read of readEach(call, ascending)) entries.set(read.index, read)
  return entries
}

/** What is told of one decision, or why nothing is. */
async function rowOf(
  call: Call,
  order: Order,
  entries: Entries,
  about: LatestAbout,
): Promise<object | Reason> {
  const read = entries.get(about.target)!
  const { record } = read
  if (isErased(read) || record === undefined) return 'erased'
  const seen = seenFor(call, read)
  if (!seen) return 'out_of_reach'
  const why = leftOutOf(record, order.use, await standingOf(call, read))
  if (why !== undefined) return why
  const view = viewOf(call, seen, order.withSealed ? 'all' : undefined)!
  const known = knownOf(call, order.withSealed, entries, about, view)
  const label = labelOf(known)
  if (!label && !order.takesUnlabelled) return 'unlabelled'
  return {
    ...headOf(seen, view),
    ...inputsOf(view, order),
    ...shown(view, ['prediction', 'confidence', 'confidenceKind']),
    outcome: known.outcome ? told(known.outcome) : null,
    reviews: {
      observed: known.observed ? told(known.observed) : null,
      asserted: known.asserted ? told(known.asserted) : null,
    },
    label: label ?? null,
    warnings: warningsOf(known, label),
  }
}

async function standingOf({ services }: Call, read: ReadEntry): Promise<Standing> {
  const { clock, retention, tenant } = services
  const due = dueOf(retention.settings, read.systemName, placeOf(read).at)
  return {
    isRestricted: (await tenant.rights.restrictionOver(read)).length > 0,
    isPastRetention: retention.isSet && due.state === 'until' && due.at <= clock.now(),
  }
}

function headOf({ classes, entry, subjects, ...read }: SeenEntry, view: CanonicalRecord): object {
  return {
    id: entry.id,
    ...shown(view, ['decisionId']),
    at: isoTime(placeOf({ ...read, entry, subjects }).at),
    system: read.systemName,
    ...shown(view, ['modelId', 'modelVersion', 'environment', 'status']),
    ...(subjects[0] !== undefined && classes.has('identifier') && { subject: subjects[0] }),
  }
}

/** What the decision was made on; names of what is not shown stand beside it. */
function inputsOf(view: CanonicalRecord, { withProtected, withSealed }: Order): object {
  const { features, notShown } = featuresOf(view['inputFeatures'], withProtected)
  return {
    inputFeatures: features,
    ...(withProtected && shown(view, ['protectedAttributes'])),
    ...(withSealed && shown(view, ['input', 'messages'])),
    ...(notShown.length > 0 && { notShown }),
  }
}

interface Features {
  readonly features: JsonValue
  readonly notShown: readonly string[]
}

function featuresOf(given: JsonValue | undefined, withProtected: boolean): Features {
  // Which of a list are protected attributes, no name says.
  if (Array.isArray(given))
    return withProtected ? { features: given, notShown: [] } : { features: {}, notShown: ['inputFeatures'] }
  const features: Record<string, JsonValue> = {}
  const notShown: string[] = []
  for (const [name, value] of Object.entries(isObject(given) ? given : {})) {
    const isLeftOut = fieldClassOf(`feature.${name}`) === 'protected' && !withProtected
    if (isLeftOut || isSealed(value)) notShown.push(name)
    else features[name] = value
  }
  return { features, notShown }
}

/** What is put on record of this page. */
function note({ look, request }: Call, { withProtected, withSealed }: Order, ids: readonly string[]): void {
  look.objects = ids
  look.count = ids.length
  look.result = 'exported'
  look.fields = [...(withProtected ? ['protected'] : []), ...(withSealed ? ['sealed'] : [])]
  const recipient = recipientOf(request)
  if (recipient !== undefined) look.recipient = recipient
}
