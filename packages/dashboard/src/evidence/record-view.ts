/** One entry on the page: a line that can be opened. */
import type { EntryReport, Finding } from '@deponent/format'
import { element, facts } from './element.ts'
import { kindText, payloadText, sentenceOf, timeLines, valueText, visible } from './words.ts'

/** Entries up to this number are open from the start. */
const OPEN_MAX = 12

/** The entries as a list; each is filled when it is opened, because there may be ten thousand. */
export function recordList(entries: readonly EntryReport[], findings: readonly Finding[]): HTMLElement {
  const wrong = new Set(
    findings.flatMap(({ severity, index }) => (severity === 'error' && index !== undefined ? [index] : [])),
  )
  const items = entries.map((report) =>
    recordItem(report, wrong.has(report.index), entries.length <= OPEN_MAX),
  )
  return element('ol', { class: entries.length > OPEN_MAX ? 'records long' : 'records' }, ...items)
}

function recordItem(report: EntryReport, isWrong: boolean, isOpen: boolean): HTMLElement {
  const state = !report.proven || isWrong ? 'wrong' : report.payload
  const summary = element(
    'summary',
    {},
    element('span', { class: 'index' }, `#${report.index}`),
    element(
      'span',
      { class: 'what' },
      element('b', {}, kindText(report)),
      ' ',
      element('span', {}, sentenceOf(report)),
    ),
    element('span', { class: 'state', 'data-state': state }, stateText(report, isWrong)),
  )
  const details = element('details', { open: isOpen }, summary)
  const fill = (): void => {
    if (details.childElementCount === 1) details.append(recordBody(report, isWrong))
  }
  if (isOpen) fill()
  details.addEventListener('toggle', fill)
  details.addEventListener('fill', fill)
  return element('li', { 'data-testid': 'record', 'data-search': searchText(report) }, details)
}

/** Fills and opens every entry, for printing. */
export function openAll(root: ParentNode): void {
  for (const details of root.querySelectorAll('details')) {
    details.dispatchEvent(new Event('fill'))
    details.open = true
  }
}

function searchText(report: EntryReport): string {
  const fields = report.fields.map(({ value }) => valueText(value))
  return [report.index, report.entry?.id, report.entry?.kind, ...fields].join(' ').toLowerCase()
}

function stateText(report: EntryReport, isWrong: boolean): string {
  if (!report.proven) return 'not in the ledger'
  return isWrong ? 'does not hold' : payloadText(report)
}

function recordBody(report: EntryReport, isWrong: boolean): HTMLElement {
  return element(
    'div',
    { class: 'body' },
    (!report.proven || isWrong) &&
      element(
        'p',
        { class: 'warning' },
        'Do not rely on this entry: see the reasons at the top of the page.',
      ),
    report.fields.length > 0 && fieldTable(report),
    withheldNote(report),
    facts([
      ...timeLines(report),
      ['System', report.entry?.system],
      ['Entry id', report.entry && element('code', {}, report.entry.id)],
    ]),
  )
}

function fieldTable({ fields }: EntryReport): HTMLElement {
  const rows = fields.map(({ pointer, value }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, fieldName(pointer)),
      element('td', {}, valueText(value)),
    ),
  )
  return element('table', { class: 'fields' }, element('tbody', {}, ...rows))
}

/** A pointer as people read it: `/inputFeatures/age` is inputFeatures · age. */
function fieldName(pointer: string): string {
  const names = pointer.slice(1).split('/')
  return names.map((name) => visible(name.replaceAll('~1', '/').replaceAll('~0', '~'))).join(' · ')
}

function withheldNote({ payload, withheld, withheldPointers }: EntryReport): HTMLElement | undefined {
  if (payload === 'erased')
    return element(
      'p',
      { class: 'note' },
      'Its content is erased: the operator signed so, in the erasure entry of this file.',
    )
  if (payload === 'erasure_unproven')
    return element('p', { class: 'note' }, 'The file says its content is erased, and does not show it.')
  if (payload === 'absent')
    return element(
      'p',
      { class: 'note' },
      'The exporter had no content to show for it, and no proof of an erasure.',
    )
  if (payload === 'withheld') return element('p', { class: 'note' }, 'Its content is withheld as a whole.')
  if (withheldPointers === undefined || withheld === 0) return undefined
  const names = withheldPointers.map(fieldName).join(', ')
  return element('p', { class: 'note' }, `Withheld: ${names}.`)
}
