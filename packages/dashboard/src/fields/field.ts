/** Fields of a system as the server tells of them, what is declared for them, and both in words. */
import { count } from '../display.ts'

export const TREATMENTS = ['queryable', 'seal', 'pseudonymise', 'drop'] as const

export type Treatment = (typeof TREATMENTS)[number]

export type MetClass = 'queryable' | 'sealed' | 'pseudonymised' | 'dropped'

export const MET_CLASSES: readonly MetClass[] = ['queryable', 'sealed', 'pseudonymised', 'dropped']

/** What becomes of a field, and why. */
export interface FieldClass {
  readonly class: MetClass
  readonly why: string
}

export interface Field extends FieldClass {
  readonly pointer: string
  /** Values met since counting began. */
  readonly met: number
  /** How often each detector found something. */
  readonly detected: Readonly<Record<string, number>>
}

export interface SystemFields {
  readonly system: string
  readonly mode: Mode
  readonly version: number
  readonly items: readonly Field[]
}

export type Mode = 'balanced' | 'strict'

export type Declared = Readonly<Record<string, Treatment>>

export interface PrivacySettings {
  readonly version: number
  readonly mode: Mode
  readonly capture: 'decision' | 'detailed' | 'debug'
  readonly includeInputs: boolean
  readonly includeOutputs: boolean
  readonly hashSensitiveData: boolean
  readonly erasure: { readonly twoPersons: boolean }
  readonly systems: Readonly<Record<string, { readonly mode?: Mode; readonly fields: Declared }>>
  /** Whether the index holds nothing any more that these settings keep out of it. */
  readonly indexFollows: boolean
}

export interface Preview {
  readonly system: string
  readonly changes: readonly {
    readonly pointer: string
    readonly before: FieldClass
    readonly after: FieldClass
  }[]
  readonly sample: { readonly record: object; readonly classification: object | null } | null
}

export const TREATMENT_WORDS: Readonly<Record<Treatment, string>> = {
  queryable: 'searchable, whatever it looks like',
  seal: 'sealed only',
  pseudonymise: 'replaced by a pseudonym',
  drop: 'left out',
}

export const MODE_WORDS: Readonly<Record<Mode, string>> = {
  balanced:
    'what is not declared and not found by name or form may be searched while it is short and has few values',
  strict: 'nothing may be searched that is not declared queryable',
}

export const CAPTURE_WORDS: Readonly<Record<PrivacySettings['capture'], string>> = {
  decision: 'the decision alone: no inputs, no features, no messages, no explanation',
  detailed: 'without free input, messages, metadata, retrieved documents, tool calls, addresses of clients',
  debug: 'everything that is sent',
}

const WHY: Readonly<Record<string, string>> = {
  declared: 'it is declared',
  name: 'its name says it holds something personal or secret',
  strict: 'strict mode: it is not declared queryable',
  capture: 'the capture level leaves it out',
  default: 'nothing says otherwise',
  'too many values': 'it has had more than 1,000 different values',
}

const DETECTOR = 'detector '

/** Why a field has its class. */
export function whyText(why: string): string {
  if (why.startsWith(DETECTOR))
    return `every value met was found by the detector ${why.slice(DETECTOR.length)}`
  return WHY[why] ?? why
}

/** Why a field has its class, and what becomes of the values that detectors find in it. */
export function fieldWhy({ class: metAs, why, detected }: Pick<Field, 'class' | 'why' | 'detected'>): string {
  const isFound = metAs === 'queryable' && why === 'default' && Object.keys(detected).length > 0
  return isFound ? 'nothing says otherwise; the values found by form are kept out of the index' : whyText(why)
}

/** What detectors found in a field, the most first. */
export function detectedText({ detected }: Pick<Field, 'detected'>): readonly string[] {
  return Object.entries(detected)
    .toSorted(([a, many], [b, more]) => more - many || a.localeCompare(b))
    .map(([name, hits]) => `${name} ${count(hits)}`)
}

/** Never replaced or left out: the record could not be found, linked, erased or judged without them. */
const KEPT = new Set([
  'affectedSubjects',
  'affectedUserId',
  'at',
  'atAssumed',
  'atSource',
  'basis',
  'classification',
  'coerced',
  'decisionId',
  'emitter',
  'links',
  'modelId',
  'retention',
  'status',
  'system',
  'timestamp',
  'timestampSource',
])

/** What may be declared for a field. */
export function treatmentsFor(key: string): readonly Treatment[] {
  const [, top = ''] = /^\/([^/]*)/.exec(key) ?? []
  return KEPT.has(top) ? ['queryable', 'seal'] : TREATMENTS
}

/** Declarations as they would be: those in force, with the ones that were chosen; an empty choice takes one back. */
export function declaredWith(declared: Declared, chosen: Readonly<Record<string, Treatment | ''>>): Declared {
  const next: Record<string, Treatment> = { ...declared }
  for (const [key, treatment] of Object.entries(chosen)) {
    if (treatment === '') delete next[key]
    else next[key] = treatment
  }
  return next
}

/** What of the choices differs from what is in force. */
export function differencesIn(
  declared: Declared,
  chosen: Readonly<Record<string, Treatment | ''>>,
): readonly {
  readonly key: string
  readonly before: Treatment | undefined
  readonly after: Treatment | undefined
}[] {
  const next = declaredWith(declared, chosen)
  return [...new Set([...Object.keys(declared), ...Object.keys(next)])]
    .toSorted()
    .flatMap((key) => (declared[key] === next[key] ? [] : [{ key, before: declared[key], after: next[key] }]))
}

/** What is wrong with a key that somebody typed; undefined when it can be declared. */
export function problemOfKey(key: string): string | undefined {
  if (key === '') return 'Name a field.'
  if (key.startsWith('/'))
    return /~(?![01])/.test(key) ? 'In a pointer ~ is written ~0, and / in a name ~1.' : undefined
  if (key.includes('/')) return 'A pointer begins with /; a pattern for names has none.'
  return key.split('*').length - 1 > 3 ? 'A key has at most three *.' : undefined
}

export interface FieldFilter {
  readonly q: string
  readonly class: MetClass | ''
}

/** The filter in an address. */
export function fieldFilterIn(search: Readonly<Record<string, string>>): FieldFilter {
  return { q: search['q'] ?? '', class: MET_CLASSES.find((name) => name === search['class']) ?? '' }
}

/** The fields a filter lets through. */
export function filtered(fields: readonly Field[], filter: FieldFilter): readonly Field[] {
  const words = filter.q.trim().toLowerCase()
  return fields.filter(
    (field) =>
      (filter.class === '' || field.class === filter.class) &&
      (words === '' ||
        field.pointer.toLowerCase().includes(words) ||
        field.why.toLowerCase().includes(words)),
  )
}

/** How many fields have each class, in the order of the classes. */
export function classCounts(
  fields: readonly FieldClass[],
): readonly { readonly name: MetClass; readonly count: number }[] {
  return MET_CLASSES.map((name) => ({ name, count: fields.filter((field) => field.class === name).length }))
}
