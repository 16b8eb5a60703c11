/** Labelled decisions as CSV (RFC 4180): one line each, one column for each feature of the first page, the others together in one. */
import { canonicalJson, type JsonValue } from '@deponent/format'

interface Told {
  readonly at: string
  readonly receivedAt: string
  readonly basis: string
  readonly value?: JsonValue
  readonly humanDecision?: JsonValue
  readonly verdict?: string
  readonly overridden?: boolean
}

/** One decision as `GET /v1/labelled-decisions` tells it. */
export interface LabelledRow {
  readonly id: string
  readonly inputFeatures: JsonValue
  readonly outcome: Told | null
  readonly reviews: { readonly observed: Told | null; readonly asserted: Told | null }
  readonly label: { readonly value: JsonValue; readonly from: string; readonly why: string } | null
  readonly warnings: readonly string[]
  readonly [name: string]: unknown
}

type Cell = JsonValue | undefined

const plain = (name: string): [string, (row: LabelledRow) => Cell] => [name, (row) => row[name] as Cell]
const review = (which: 'observed' | 'asserted'): [string, (row: LabelledRow) => Cell][] => [
  [`${which}Review`, ({ reviews }) => reviews[which]?.humanDecision],
  [`${which}ReviewVerdict`, ({ reviews }) => reviews[which]?.verdict],
  [`${which}ReviewOverridden`, ({ reviews }) => reviews[which]?.overridden],
  [`${which}ReviewAt`, ({ reviews }) => reviews[which]?.at],
  [`${which}ReviewReceivedAt`, ({ reviews }) => reviews[which]?.receivedAt],
]

const FIXED: readonly [string, (row: LabelledRow) => Cell][] = [
  ...['id', 'decisionId', 'at', 'system', 'modelId', 'modelVersion', 'environment', 'status', 'subject'].map(
    plain,
  ),
  ...['prediction', 'confidence', 'confidenceKind'].map(plain),
  ['label', ({ label }) => label?.value],
  ['labelFrom', ({ label }) => label?.from],
  ['labelWhy', ({ label }) => label?.why],
  ['warnings', ({ warnings }) => warnings.join(' ')],
  ['outcome', ({ outcome }) => outcome?.value],
  ['outcomeAt', ({ outcome }) => outcome?.at],
  ['outcomeReceivedAt', ({ outcome }) => outcome?.receivedAt],
  ['outcomeBasis', ({ outcome }) => outcome?.basis],
  ...review('observed'),
  ...review('asserted'),
  ...['protectedAttributes', 'input', 'messages', 'notShown'].map(plain),
]

export class LabelledTable {
  readonly features: readonly string[]

  constructor(features: readonly string[]) {
    this.features = features
  }

  static of(rows: readonly LabelledRow[]): LabelledTable {
    const names = rows.flatMap((row) => Object.keys(featuresIn(row)))
    return new LabelledTable([...new Set(names)].toSorted())
  }

  head(): string {
    const names = [...FIXED.map(([name]) => name), ...this.features.map((name) => `feature.${name}`)]
    return lineOf([...names, 'moreFeatures'])
  }

  lines(rows: readonly LabelledRow[]): string {
    return rows.map((row) => this.#line(row)).join('')
  }

  #line(row: LabelledRow): string {
    const features = featuresIn(row)
    const others = Object.entries(features).filter(([name]) => !this.features.includes(name))
    const more = Array.isArray(row.inputFeatures) ? row.inputFeatures : Object.fromEntries(others)
    return lineOf([
      ...FIXED.map(([, of]) => of(row)),
      ...this.features.map((name) => (Object.hasOwn(features, name) ? features[name] : undefined)),
      Object.keys(more).length > 0 ? more : undefined,
    ])
  }
}

/** Features by name; none where they came as a list. */
export function featuresIn({ inputFeatures }: LabelledRow): Record<string, JsonValue> {
  return Array.isArray(inputFeatures) ? {} : (inputFeatures as Record<string, JsonValue>)
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

/** A text as it is, any other value as its canonical JSON; nothing where there is none. */
function cellOf(cell: Cell): string {
  if (cell === undefined || cell === null) return ''
  const text = typeof cell === 'string' ? cell : canonicalJson(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
