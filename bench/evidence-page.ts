/** How long a page of 1,000 entries takes to verify itself, in the packaged Chromium: `node bench/evidence-page.ts`. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { fillEvidencePage, formatBundle } from '../packages/format/src/index.ts'
import { openBrowser } from '../test/browser/open-browser.ts'
import { bundleOf, disclosed, ledgerOfBundles } from '../tools/vectors/bundle-ledger.ts'
import { trustFile } from '../tools/vectors/ledger.ts'
import { median } from './quantiles.ts'

const ENTRIES = 1_000
const SIZE = 100_000
const ROUNDS = 7
const TEMPLATE = new URL('../packages/server/dist/evidence-page/index.html', import.meta.url)

const CHOICES: readonly (readonly [string, readonly string[] | 'all'])[] = [
  ['names of fields only', []],
  ['five fields', ['/modelId', '/modelVersion', '/prediction', '/confidence', '/timestamp']],
  ['every field', 'all'],
]

/** A decision with 20 features, about 1 KB of JSON. */
function decision(index: number): {
  kind: string
  record: Record<string, string | number | Record<string, number>>
} {
  const features = Array.from({ length: 20 }, (_, i) => [`feature_${i}`, index * 31 + i * 1.5] as const)
  const record = {
    affectedUserId: `person-${index % 977}`,
    caseId: `case-${index}`,
    confidence: (index % 100) / 100,
    decisionId: `decision-${index}`,
    environment: 'production',
    inputFeatures: Object.fromEntries(features),
    input: 'x'.repeat(300),
    latencyMs: index % 300,
    modelId: 'credit-risk',
    modelVersion: '3.2.1',
    prediction: index % 3 === 0 ? 'declined' : 'approved',
    riskTier: 'high',
    timestamp: '2026-01-10T00:00:00.000Z',
    traceId: `trace-${index}`,
  }
  return { kind: 'decision', record }
}

/** Milliseconds of one check in a fresh page: the first, without trust, and the second, with it. */
async function measure(browser: Browser, address: string): Promise<{ first: number; trusted: number }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const checkedMs = (): Promise<number> =>
    page.evaluate(() => Number(document.documentElement.dataset['checkedMs']))
  await page.goto(address)
  await page.locator('[data-verdict=incomplete]').waitFor()
  const first = await checkedMs()
  await page.locator('#trust').fill(JSON.stringify(trustFile()))
  await page.locator('[data-verdict=valid]').waitFor()
  const trusted = await checkedMs()
  await context.close()
  return { first, trusted }
}

const ledger = ledgerOfBundles(SIZE, decision)
const step = SIZE / ENTRIES
const indices = Array.from({ length: ENTRIES }, (_, i) => i * step)
const template = readFileSync(TEMPLATE, 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'deponent-bench-'))
const browser = await openBrowser()
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Chromium ${browser.version()}; ${ENTRIES} of ${SIZE} entries, median of ${ROUNDS}`,
)
for (const [name, choice] of CHOICES) {
  const bundle = bundleOf(ledger, {
    size: SIZE,
    indices,
    payloadOf: (index) => disclosed(ledger, index, choice),
  })
  const text = formatBundle(bundle)
  const path = join(directory, 'evidence.html')
  writeFileSync(path, fillEvidencePage(template, text))
  const runs = []
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await measure(browser, pathToFileURL(path).href))
  const [first, trusted] = [median(runs.map((run) => run.first)), median(runs.map((run) => run.trusted))]
  console.log(
    `${name}: ${(text.length / 1e6).toFixed(1)} MB, first check ${first} ms, with trust ${trusted} ms`,
  )
}
await browser.close()
