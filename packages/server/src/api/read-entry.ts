/** Opening single entries for whoever may see them. */
import {
  type CanonicalRecord,
  FormatError,
  openedSetRoot,
  type RecordKind,
  recordTime,
  toBase64,
  toHex,
} from '@deponent/format'
import type { FieldClass } from '../access/field-class.ts'
import type { Permit, Place } from '../access/policy.ts'
import type { ReadEntry } from '../recording/reader.ts'
import { forPerson } from '../rights/for-person.ts'
import type { Call } from './call.ts'
import { concealed, Problem } from './problem.ts'
import { purposeRequired } from './purpose.ts'
import { recordView, type Seeing } from './record-view.ts'

/** An entry its caller may see, and which classes of its fields. */
export interface SeenEntry extends ReadEntry {
  readonly classes: ReadonlySet<FieldClass>
}

/** An entry whose payload was erased. */
export type ErasedEntry = ReadEntry & Required<Pick<ReadEntry, 'erased'>>

export function isErased(read: ReadEntry): read is ErasedEntry {
  return read.erased !== undefined
}

/** What an entry is to the policy. */
export function placeOf({ entry, record, subjects, systemName }: ReadEntry): Place {
  return {
    system: systemName,
    at: (record && recordTime(record)) ?? entry.receivedAt,
    subjects,
  }
}

/** The entry, if the caller may see it; otherwise it is not there. @throws Problem */
export async function readSeen(call: Call, index: number): Promise<SeenEntry> {
  const seen = await seenBy(call, await readOne(call, index))
  if (seen) return seen
  throw notThere()
}

/** The entry as far as the caller may see it; undefined when not at all. @throws Problem when it takes a purpose to see it */
export async function seenBy(call: Call, read: ReadEntry): Promise<SeenEntry | undefined> {
  const { permit, purpose } = call
  const place = placeOf(read)
  const classes = permit.fieldsOf(place, purpose !== undefined)
  if (classes.size > 0) {
    await mustMayProcess(call, read)
    return { ...read, classes }
  }
  if (permit.fieldsOf(place, true).size > 0)
    throw purposeRequired('this is shown for a stated purpose only (header Deponent-Purpose)')
  return undefined
}

/**
 * Restricted records are kept, and used beyond that for few purposes only, one of which is stated (GDPR Art. 18(2)). People see their own.
 *
 * @throws Problem `purpose_required`
 */
export async function mustMayProcess({ permit, purpose, services }: Call, read: ReadEntry): Promise<void> {
  if (purpose !== undefined || permit.subject !== undefined) return
  const { rights } = services.tenant
  const restrictedBy = await damagedAside(() => rights.restrictionOver(read), { index: read.index })
  if (restrictedBy.length === 0) return
  const detail =
    'processing of this is restricted: it is shown for a stated purpose only (header Deponent-Purpose)'
  throw purposeRequired(detail, { restrictedBy })
}

/** Whether an entry may be seen at all, with or without a purpose. */
export async function isReachable(call: Call, permit: Permit, index: number): Promise<boolean> {
  if (permit.isWhole) return true
  return permit.fieldsOf(placeOf(await readOne(call, index)), true).size > 0
}

/** An entry with its record; what does not open as it was sealed is the server's trouble, not the reader's. */
export function readOne({ services }: Call, index: number): Promise<ReadEntry> {
  return damagedAside(() => services.tenant.reader.one(index), { index })
}

async function damagedAside<T>(read: () => Promise<T>, members: Record<string, unknown> = {}): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const detail = 'the stored payload is damaged; the entry and its proof are not affected'
    throw new Problem(500, error.code, detail, members)
  }
}

const TOGETHER_MAX = 512

/** Entries one after another; those that stand together are read together. */
export async function* readEach(call: Call, indices: readonly number[]): AsyncGenerator<ReadEntry> {
  for (let at = 0; at < indices.length;) {
    const from = indices[at]!
    let to = from + 1
    while (indices[at + to - from] === to && to - from < TOGETHER_MAX) to += 1
    at += to - from
    if (to === from + 1) yield await readOne(call, from)
    else yield* await damagedAside(() => call.services.tenant.reader.read(from, to))
  }
}

/** The record of an entry as its caller sees it, with these sealed fields revealed. */
export function viewOf(
  call: Call,
  seen: SeenEntry,
  revealed?: readonly string[] | 'all',
): CanonicalRecord | undefined {
  const { classes, entry } = seen
  const record = toldTo(call, seen)
  return (
    record &&
    recordView(entry.kind, record, { classes, ...sealingOf(call, seen), ...(revealed && { revealed }) })
  )
}

/** The record of an entry; with a key of their own a person is given theirs as an export gives it to them. */
function toldTo({ permit, services }: Call, { entry, record }: ReadEntry): CanonicalRecord | undefined {
  if (record === undefined || permit.subject === undefined) return record
  const { reader, rights } = services.tenant
  const own = rights.scopesOf(permit.subject)
  return forPerson(entry.kind as RecordKind, record, (id) => own.includes(reader.subjectHandle(id)))
}

/** What is sealed of an entry beside what its record says: by the same declarations as go for the index. */
export function sealingOf({ services }: Call, read: ReadEntry): Pick<Seeing, 'declared' | 'sealedFeatures'> {
  const { entry, index, isOwn, systemName } = read
  const sealedFeatures = new Set(services.projection.sealedFields(systemName))
  // About what the ledger itself says no system's declarations are.
  const place = isOwn || entry.kind === 'access' ? undefined : services.privacy.sealed.placeIn(systemName)
  return place ? { sealedFeatures, declared: { place, index } } : { sealedFeatures }
}

export const UNKNOWN_ID = 'no record with this id is known'

/** The answer in the place of a record that was erased: 410, with what shows that it was. */
export async function erasedProblem({ services }: Call, { index, erased }: ErasedEntry): Promise<Problem> {
  const { erasureEntries, ledger } = services.tenant
  const { position, salt, path } = erased
  const setRoot = openedSetRoot(erased, index)
  const at = setRoot && erasureEntries.entryOf(toHex(setRoot))
  return new Problem(410, 'erased', 'the content of this record was erased; its entry and its proof stay', {
    erasure: at === undefined ? null : { index: at, id: (await ledger.entry(at)).id },
    setRoot: setRoot ? toHex(setRoot) : null,
    position,
    salt: toBase64(salt),
    path: path.map(toBase64),
  })
}

export function notThere(): Problem {
  return concealed(UNKNOWN_ID)
}
