/** What the page says: plain sentences from what was shown, and never more than that. */
import type { BundleReport, DisclosedField, EntryReport, Finding } from '@deponent/format'

export type JsonValue = DisclosedField['value']

/** A number of things. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** A time in UTC, to the second. */
export function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.valueOf())
    ? 'an impossible time'
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/**
 * Text of somebody else, with what a browser would obey instead of drawing made visible: characters that turn the direction of
 * the text around them or take no room could make a value read as another one.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  )
}

/** A field's value as text. */
export function valueText(value: JsonValue): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value))
}

const KINDS: Readonly<Record<string, string>> = {
  decision: 'Decision',
  outcome: 'Outcome',
  review: 'Human review',
  contest: 'Contest by a person affected',
  explanation: 'Explanation',
  access: 'Somebody read or exported content',
  change: 'Change of configuration',
  erasure: 'Erasure of content',
  'key.rotated': 'A signing key was replaced',
  query: 'Question to a model',
  'system.declared': 'An AI system began to record',
  'vault.sealed': 'Sealed content was stored',
}

/** What kind of record an entry is of. */
export function kindText({ entry }: EntryReport): string {
  if (entry === undefined) return 'Unreadable entry'
  const words = entry.kind.replaceAll(/[._]/g, ' ')
  return KINDS[entry.kind] ?? words.charAt(0).toUpperCase() + words.slice(1)
}

/** One line that says what the disclosed fields say, or why nothing is said. */
export function sentenceOf(report: EntryReport): string {
  const of = (pointer: string): string | undefined => {
    const field = report.fields.find((shown) => shown.pointer === pointer)
    return field && valueText(field.value)
  }
  const model = [of('/modelId'), of('/modelVersion')].filter((part) => part !== undefined).join(' ')
  const result =
    of('/finalDecision') ?? of('/prediction') ?? of('/outcome') ?? of('/verdict') ?? of('/status')
  const said = [model, result].filter((part) => part !== undefined && part !== '').join(' → ')
  if (said !== '') return said
  if (report.fields.length > 0) return counted(report.fields.length, 'field') + ' disclosed'
  return payloadText(report)
}

/** What became of the content of an entry. */
export function payloadText({ payload, withheld }: EntryReport): string {
  switch (payload) {
    case 'disclosed':
      return withheld === 0 ? 'disclosed in full' : `${counted(withheld ?? 0, 'field')} withheld`
    case 'withheld':
      return 'content withheld'
    case 'erased':
      return 'content erased'
    case 'erasure_unproven':
      return 'said to be erased, not shown'
    case 'absent':
      return 'content missing'
  }
}

/** When an entry was recorded, as an interval where outsiders bound it. */
export function timeLines({ time }: EntryReport): (readonly [string, string])[] {
  if (time === undefined) return []
  const { receivedAt, notBefore, notAfter } = time
  return [
    ['Received', `${timeText(receivedAt)}, by the operator's own clock`],
    [
      'Not before',
      notBefore === undefined
        ? 'nobody you trust saw the ledger without it'
        : `${timeText(notBefore.timeMs)}: the ledger shown to ${notBefore.source} then did not hold it`,
    ],
    [
      'Not after',
      notAfter === undefined
        ? 'nobody you trust saw the ledger with it'
        : `${timeText(notAfter.timeMs)}: the ledger shown to ${notAfter.source} by then held it`,
    ],
  ]
}

export interface Headline {
  readonly title: string
  readonly text: string
}

/** What the whole check comes to. */
export function headlineOf(report: BundleReport): Headline {
  const { verdict, findings, entries } = report
  const has = (code: Finding['code']): boolean => findings.some((found) => found.code === code)
  if (has('bundle_malformed'))
    return { title: 'Invalid', text: 'The data in this file cannot be read as evidence.' }
  if (verdict === 'invalid')
    return {
      title: 'Invalid',
      text: 'Something in this file is not what the ledger holds. The reasons are below.',
    }
  if (has('trust_missing'))
    return {
      title: 'Incomplete: nobody you trust has vouched',
      text: 'The parts of this file fit together, but anybody could have made such a file. Supply the key of the ledger, from somebody other than whoever gave you this file.',
    }
  if (verdict === 'incomplete')
    return {
      title: 'Incomplete',
      text: 'Nothing contradicts this file, but something an answer needs is not in it.',
    }
  return {
    title: 'Valid',
    text: `${counted(entries.length, 'entry', 'entries')} below ${entries.length === 1 ? 'stands' : 'stand'} in the ledger whose key you supplied, unchanged since it signed them.`,
  }
}

/** What has been shown, given the verdict. */
export function shownLines({ entries, checkpoint, checked, verdict }: BundleReport): string[] {
  if (verdict === 'invalid' || checkpoint === undefined) {
    return ['Because the verdict is invalid, rely on nothing here before you know why.']
  }
  const fields = entries.reduce((sum, entry) => sum + entry.fields.length, 0)
  return [
    `${counted(checked.entries, 'entry', 'entries')} of ${entries.length.toLocaleString('en')} in this file ${checked.entries === 1 ? 'stands at its place' : 'stand at their places'} in a ledger of ${checkpoint.size.toLocaleString('en')} entries.`,
    `${counted(fields, 'disclosed field')} ${fields === 1 ? 'is' : 'are'} exactly what was committed to when the entry was made.`,
    ...(checkpoint.signed ? ['The state of the ledger is signed by a key you supplied.'] : []),
  ]
}

/** What no such file can show. */
export function notShownLines({ entries, checkpoint }: BundleReport): string[] {
  const erased = entries.some(({ payload }) => payload === 'erased' || payload === 'erasure_unproven')
  return [
    ...(checkpoint?.signed === true ? [] : ['Whose ledger this is: no key you trust signed it.']),
    'That a recorded statement was true. What was recorded has not changed; it may have been wrong from the start.',
    'That these are all the records there are. Whoever exported them chose them.',
    'What the withheld fields say. Where not even their names are disclosed, nobody can tell which fields there are.',
    'What the exporter says about this export. It is printed as a statement and was not checked.',
    'When something happened in the world. Outside times bound when it stood in the ledger, and no earlier.',
    ...(erased
      ? [
          'That no copy of erased content exists. Erased is the signed statement of the operator, shown to cover this record.',
        ]
      : []),
  ]
}
