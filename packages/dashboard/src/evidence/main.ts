/**
 * A page that checks the bundle inside it, in the reader's browser, with the reader's own trust. It loads and
 * sends nothing: its policy forbids it.
 */
import { FormatError, parseBundle, sha256, toHex, utf8, verifyBundle } from '@deponent/format'
import type { Bundle, BundleReport, Trust } from '@deponent/format'
import { element } from './element.ts'
import { openAll, recordList } from './record-view.ts'
import { trustOf } from './trust-input.ts'
import { exporterWords, findingList, ledgerFacts, meaning, verdictBanner } from './verdict-view.ts'
import { counted, visible } from './words.ts'

/** Lists of this length get a field to search them. */
const SEARCHED_FROM = 20
const FILE_BYTES_MAX = 8 * 1_048_576

const text = document.getElementById('bundle')?.textContent ?? ''
const bundle = readBundle()
const origin = bundle?.origin ?? ''

function readBundle(): Bundle | undefined {
  try {
    return parseBundle(text)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

const answer = element('div', { class: 'answer' })
const records = element('div')
const trouble = element('p', { class: 'trouble', role: 'alert' })
const trustArea = area('trust', `${origin}+1a2b3c4d+A…   or   {"ledgers":[…]}`, 4)
const knownArea = area('known', 'a checkpoint or a receipt you kept', 3)

function area(id: string, placeholder: string, rows: number): HTMLTextAreaElement {
  return element('textarea', {
    id,
    placeholder,
    rows: String(rows),
    spellcheck: 'false',
    autocomplete: 'off',
  })
}

/** Checks everything with what the reader supplied, and shows the answer. */
function check(): void {
  let trust: Trust | undefined
  trouble.textContent = ''
  try {
    trust = trustOf(trustArea.value, origin)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    trouble.textContent = `This trust cannot be used: ${error.message}.`
  }
  const known = knownArea.value.trim() === '' ? [] : [`${knownArea.value.trim()}\n`]
  const started = performance.now()
  const report = verifyBundle(text, { ...(trust && { trust }), against: known })
  document.documentElement.dataset['checkedMs'] = String(Math.round(performance.now() - started))
  show(report)
}

function show(report: BundleReport): void {
  answer.replaceChildren(...present(verdictBanner(report), findingList(report)))
  records.replaceChildren(
    ...present(meaning(report), recordSection(report), ledgerFacts(report, bundle), exporterWords(report)),
  )
}

function present(...parts: readonly (HTMLElement | undefined)[]): HTMLElement[] {
  return parts.filter((part) => part !== undefined)
}

function recordSection(report: BundleReport): HTMLElement {
  const list = recordList(report.entries, report.findings)
  const heading = element('h2', {}, counted(report.entries.length, 'record'))
  const search = element('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter records' })
  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase()
    for (const item of list.children) {
      if (item instanceof HTMLElement) item.hidden = item.dataset['search']?.includes(wanted) === false
    }
  })
  const isLong = report.entries.length >= SEARCHED_FROM
  return element('section', {}, element('div', { class: 'heading' }, heading, isLong && search), list)
}

function trustForm(): HTMLElement {
  const file = element('input', { type: 'file', id: 'trust-file', accept: '.json,.txt,.pub' })
  file.addEventListener('change', () => take(file.files?.[0]))
  const form = element(
    'section',
    { class: 'trust' },
    element('h2', {}, 'Whom do you trust?'),
    element(
      'p',
      {},
      'Paste the key of the ledger or a trust file, or drop one here. Get it from the operator’s publication, a contract, a witness: not from this file, and not from whoever sent it.',
    ),
    element('label', { for: 'trust' }, 'Key or trust file'),
    trustArea,
    trouble,
    element('label', { class: 'choose' }, file, 'Choose a file…'),
    element('details', {}, element('summary', {}, 'Compare with something you kept'), knownArea),
  )
  form.addEventListener('dragover', (event) => event.preventDefault())
  form.addEventListener('drop', (event) => {
    event.preventDefault()
    take(event.dataTransfer?.files[0])
  })
  return form
}

function take(file: File | undefined): void {
  if (file === undefined) return
  if (file.size > FILE_BYTES_MAX) {
    trouble.textContent = 'This file is too large for a trust file.'
    return
  }
  file.text().then(
    (content) => {
      trustArea.value = content
      check()
    },
    () => (trouble.textContent = 'The file could not be read.'),
  )
}

function footer(): HTMLElement {
  const verifier = document.getElementById('verifier')?.textContent ?? ''
  return element(
    'footer',
    {},
    element(
      'p',
      {},
      'Nothing was loaded and nothing was sent: the policy of this page forbids both, and it works without a network.',
    ),
    element(
      'p',
      {},
      'A program that checks itself could lie. Check the same data with another: ',
      element('code', {}, 'deponent verify FILE --trust TRUST'),
      ', and compare the SHA-256 of the verifier in this file with the one the release prints:',
    ),
    element('p', {}, element('code', { 'data-testid': 'digest' }, toHex(sha256(utf8(verifier))))),
  )
}

function masthead(): HTMLElement {
  return element(
    'header',
    {},
    element('span', { class: 'mark', 'aria-hidden': 'true' }),
    element('div', {}, element('h1', {}, 'Evidence'), element('p', {}, element('code', {}, visible(origin)))),
  )
}

let waiting = 0
for (const input of [trustArea, knownArea]) {
  input.addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = window.setTimeout(check, 150)
  })
}
window.addEventListener('beforeprint', () => openAll(records))
document
  .getElementById('page')
  ?.replaceChildren(
    masthead(),
    element('main', {}, element('div', { class: 'top' }, answer, trustForm()), records),
    footer(),
  )
answer.replaceChildren(element('section', { class: 'verdict' }, element('h2', {}, 'Checking…')))
// Let the page be drawn first.
requestAnimationFrame(() => setTimeout(check))
