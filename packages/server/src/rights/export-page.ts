/** An export for people to read and print: one page without a script, that loads nothing and opens in any browser. */
import { createHash } from 'node:crypto'
import type { JsonValue } from '@deponent/format'
import type { ExportedRecord, ExportHead } from './person-export.ts'

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem;border-bottom:1px solid #999}h3{font-size:1rem;margin:1.5rem 0 .3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}
th{font-weight:600;width:16rem;overflow-wrap:anywhere}td{overflow-wrap:anywhere;white-space:pre-wrap}
.note{color:#555}.mark{border:1px solid #777;padding:0 .4rem}section{break-inside:avoid}
@media print{body{margin:0;max-width:none;font-size:11px}}
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`

/** The page, piece by piece. */
export async function* exportPage(
  head: ExportHead,
  records: AsyncIterable<ExportedRecord>,
): AsyncGenerator<string> {
  yield opening(head)
  if (head.headings) yield headings(head.headings)
  if (head.rights) yield rights(head.rights)
  if (head.consultations) yield consultations(head.consultations)
  yield `<h2>Records</h2>\n<p class="note">${EXPLAINED}</p>\n`
  for await (const record of records) yield recordSection(record)
  yield '</main>\n</body>\n</html>\n'
}

const EXPLAINED =
  'Each record stands in an append-only ledger. With its index and leaf hash a proof can be asked for that it stands there unchanged.'

function opening(head: ExportHead): string {
  const { exportedAt, exportedBy, ledger, origin, purpose, records, scope, subject, asOf } = head
  const title = scope === 'provided' ? 'What you provided' : 'Everything recorded about you'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${table([
  ['Person', subject.ids.join(', ')],
  ['Handle in the ledger', subject.handle],
  ['Records', `${records}`],
  ['Written at', exportedAt],
  ['Written by', exportedBy],
  ['For the purpose', purpose ?? 'your own reading'],
  ['Ledger', `${ledger} (${origin}), ${asOf.size} entries`],
])}
`
}

function headings(all: Required<ExportHead>['headings']): string {
  const rows = all.map(({ point, title, values }): [string, string] => [
    `${title} (Art. ${point})`,
    values === null ? 'not recorded here' : values.join('\n'),
  ])
  return `<h2>About the processing</h2>\n${table(rows)}\n`
}

function rights(told: Required<ExportHead>['rights']): string {
  const rows = leavesOf(told, '')
  return `<h2>Your rights and requests</h2>\n${rows.length > 0 ? table(rows) : '<p>Nothing is pending.</p>'}\n`
}

function consultations(all: Required<ExportHead>['consultations']): string {
  if (all.length === 0) return '<h2>Who looked</h2>\n<p>Nobody but the system itself.</p>\n'
  const rows = all.map(
    ({ action, at, purpose, role }) =>
      `<tr><td>${escaped(at)}</td><td>${escaped(action)}</td><td>${escaped(role)}</td><td>${escaped(purpose ?? 'none stated')}</td></tr>`,
  )
  return `<h2>Who looked</h2>
<p class="note">The names of employees are not told (Court of Justice of the European Union, C-579/21).</p>
<table><thead><tr><th>when</th><th>what</th><th>in the role</th><th>purpose</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
`
}

function recordSection(exported: ExportedRecord): string {
  const { at, correctedBy, id, index, kind, leafHash, record, restrictedBy, system } = exported
  const marks = [
    ...(restrictedBy ? [`restricted: ${restrictedBy.join(', ')}`] : []),
    ...(correctedBy ? [`corrected by: ${correctedBy.join(', ')}`] : []),
  ]
  const content =
    record === null ? '<p>The content cannot be opened any more.</p>' : table(leavesOf(record, ''))
  return `<section>
<h3>${escaped(kind)}, ${escaped(at)}, ${escaped(system)}</h3>
${marks.map((mark) => `<p class="mark">${escaped(mark)}</p>`).join('\n')}
${content}
<p class="note">entry ${escaped(id)}, index ${index}, leaf hash ${escaped(leafHash)}</p>
</section>
`
}

/** Every value with the way to it. */
function leavesOf(value: JsonValue, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]]
  const members = Array.isArray(value)
    ? value.map((item, i): [string, JsonValue] => [`${i + 1}`, item])
    : Object.entries(value)
  if (members.length === 0) return path === '' ? [] : [[path, 'empty']]
  return members.flatMap(([name, inner]) => leavesOf(inner, path === '' ? name : `${path} › ${name}`))
}

function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  )
  return `<table>${lines.join('\n')}</table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
