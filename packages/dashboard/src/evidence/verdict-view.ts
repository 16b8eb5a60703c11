/** The answer on the page: verdict, reasons, what is shown and what is not. */
import { FormatError, parseNote, toHex } from '@deponent/format'
import type { Bundle, BundleReport, Finding } from '@deponent/format'
import { element, facts } from './element.ts'
import { headlineOf, notShownLines, shownLines, visible } from './words.ts'

/** The verdict in one glance. */
export function verdictBanner(report: BundleReport): HTMLElement {
  const { title, text } = headlineOf(report)
  return element(
    'section',
    { class: 'verdict', 'data-verdict': report.verdict, 'data-testid': 'verdict', 'aria-live': 'polite' },
    element('h2', {}, title),
    element('p', {}, text),
  )
}

const WEIGHT: Readonly<Record<Finding['severity'], string>> = {
  error: 'wrong',
  gap: 'missing',
  info: 'good to know',
}
const ORDER: readonly Finding['severity'][] = ['error', 'gap', 'info']

/** Every finding, the gravest first. */
export function findingList({ findings }: BundleReport): HTMLElement | undefined {
  if (findings.length === 0) return undefined
  const sorted = ORDER.flatMap((severity) => findings.filter((found) => found.severity === severity))
  return element(
    'section',
    { class: 'findings' },
    element('h2', {}, 'Every finding'),
    element('ul', {}, ...sorted.map(findingItem)),
  )
}

function findingItem({ severity, code, index, message }: Finding): HTMLElement {
  return element(
    'li',
    { 'data-severity': severity },
    element('b', {}, WEIGHT[severity]),
    element('span', {}, visible(message), index === undefined ? '' : ` (entry #${index})`),
    element('code', {}, code),
  )
}

/** What this file shows, and what it does not. */
export function meaning(report: BundleReport): HTMLElement {
  const list = (lines: readonly string[]): HTMLElement =>
    element('ul', {}, ...lines.map((line) => element('li', {}, line)))
  const shown = report.verdict === 'invalid' ? 'nothing' : 'shown'
  return element(
    'div',
    { class: 'meaning' },
    element('section', { class: shown }, element('h2', {}, 'What this shows'), list(shownLines(report))),
    element(
      'section',
      { class: 'hidden' },
      element('h2', {}, 'What it does not show'),
      list(notShownLines(report)),
    ),
  )
}

/** The ledger's own statement, for whoever compares it with another copy. */
export function ledgerFacts({ origin, checkpoint }: BundleReport, bundle: Bundle | undefined): HTMLElement {
  return element(
    'section',
    { class: 'ledger' },
    element('h2', {}, 'The ledger'),
    facts([
      ['Origin', origin && element('code', {}, visible(origin))],
      ['Entries', checkpoint && checkpoint.size.toLocaleString('en')],
      ['Root', checkpoint && element('code', {}, toHex(checkpoint.root))],
      ['Signed by', bundle && element('code', {}, visible(signersOf(bundle.checkpoint)))],
    ]),
  )
}

/** Who put a name under a checkpoint; whether that name is theirs is for the verdict to say. */
function signersOf(note: string): string {
  try {
    return parseNote(note)
      .signatures.map(({ name, keyId }) => `${name}+${toHex(keyId)}`)
      .join(', ')
  } catch (error) {
    if (error instanceof FormatError) return 'unreadable'
    throw error
  }
}

/** What the exporter says of the export. */
export function exporterWords({ statement }: BundleReport): HTMLElement | undefined {
  if (statement === undefined) return undefined
  return element(
    'section',
    { class: 'ledger' },
    element('h2', {}, 'What the exporter says'),
    element('p', { class: 'note' }, 'Printed as it stands in the file. Nothing vouches for it.'),
    facts(Object.entries(statement).map(([name, text]) => [visible(name), visible(text)] as const)),
  )
}
