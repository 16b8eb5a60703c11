/** What a person is told of an import. */
import type { Fidelity } from '../ingest/fidelity.ts'
import { note, print } from '../platform/terminal.ts'
import type { ImportError, Totals } from './import-run.ts'
import { table } from './table.ts'

const ERRORS_SHOWN = 20

export function noteErrors(errors: readonly ImportError[], rejected: number): void {
  for (const { file, line, code, path, message } of errors.slice(0, ERRORS_SHOWN)) {
    const place = file === undefined ? `line ${line}` : `${file} line ${line}`
    note(`${place}: ${[code, path, message].filter((part) => part !== '').join(' ')}`)
  }
  if (rejected > ERRORS_SHOWN) note(`… and ${rejected - ERRORS_SHOWN} more`)
}

export function printTotals({ duplicates, events, ...totals }: Totals, isDry: boolean): void {
  const { lines, records, recorded, rejected } = totals
  const told = events > 0 ? `${events} events taken, which are decisions once their traces seem whole, ` : ''
  print(
    isDry
      ? `${lines} lines: ${records} records, ${rejected} rejected; nothing was recorded`
      : `${lines} lines: ${told}${recorded} recorded, ${duplicates} duplicates, ${rejected} rejected`,
  )
}

/** In how many decisions each field was that an audit asks for, and what cannot be known from this source. */
export function printFidelity({ fields, decisions, complete }: Fidelity): void {
  print(`${complete} of ${fields.length} audit fields are in every one of ${decisions} decisions`)
  print(
    table(
      fields.map(({ field, present, list, serves, silent }) => ({
        field,
        'in decisions': `${present} of ${decisions}`,
        'asked for by': list,
        'needed for': serves,
        'cannot be known': silent,
      })),
    ),
  )
}
