import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'
import { openBrowser, openPage } from './open-browser.ts'

const DAY_MS = 86_400_000
const DECISIONS = 300
/** The narrowest telephone that is looked after. */
const NARROW = { width: 360, height: 740 }
/** Copies and moves run by themselves. */
const SOON = { timeout: 60_000, interval: 200 }

describe('the page of what is stored, in a real browser', () => {
  let server: ServerProcess
  let browser: Browser
  let operator: string

  const open = (path: string, key = server.key): Promise<{ page: Page; complaints: string[] }> =>
    openPage(browser, { url: server.url, key }, path)

  async function asked(method: string, path: string, body: object): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' }
    const response = await server.fetch(path, { method, headers, body: JSON.stringify(body) })
    expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true)
    return response
  }

  beforeAll(async () => {
    const place = await newPlace()
    const elsewhere = [
      '--offsite',
      `${place.data}-copy`,
      '--offsite-lock-days',
      '400',
      '--warm',
      `${place.data}-warm`,
    ]
    server = await ServerProcess.start(place, [
      'serve',
      ...elsewhere,
      '--hot-days',
      '30',
      '--warm-days',
      '200',
    ])
    const decisions = Array.from({ length: DECISIONS }, (_, i) =>
      loan(i, { system: 'credit', timestamp: new Date(Date.now() - (i % 4) * 100 * DAY_MS).toISOString() }),
    )
    await asked('POST', '/v1/decisions?wait=checkpoint', decisions)
    await asked('POST', '/v1/ledgers', { name: 'empty' })
    const claims = { bound: 'period', period: 'P6M', basis: 'limitation', justification: 'customers may sue' }
    const retention = { policies: { claims }, systems: { credit: { policies: ['claims'] } } }
    await asked('PUT', '/v1/retention', { version: 1, ...retention, reason: 'a test' })
    const review = { owner: 'legal', reviewAt: new Date(Date.now() + 90 * DAY_MS).toISOString() }
    await asked('POST', '/v1/holds', {
      ground: 'litigation',
      scope: { systems: ['credit'] },
      reason: 'case',
      ...review,
    })
    const made = await asked('POST', '/v1/keys', { name: 'the operator', roles: ['operator'] })
    operator = ((await made.json()) as { key: string }).key
    await server.indexed()
    // Nothing was brought back: this only has months looked at now.
    await asked('POST', '/v1/tiers/releases', { from: '2020-01', to: '2020-01' })
    await vi.waitFor(async () => {
      const { months } = await server.get<{ months: object[] }>('/v1/tiers')
      expect(months).toContainEqual(expect.objectContaining({ tier: 'cold' }))
      const { offsite } = await server.get<{ offsite: { isWorm: boolean | null } }>('/ledgers/default/status')
      expect(offsite.isWorm).toBe(false)
    }, SOON)
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('is reached from the keyboard, and says what each layer takes and where the rest lies', async () => {
    const { page, complaints } = await open('/verify')
    await page.getByRole('heading', { name: 'Verify a receipt' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('b')
    await page.getByRole('heading', { level: 1, name: `for ${DECISIONS} decisions` }).waitFor()
    const layers = page.getByRole('region', { name: 'Size by layer' })
    await layers.getByRole('img', { name: /Ledger/ }).waitFor()
    for (const name of ['Ledger', 'Index', 'Warm', 'Cold', 'Log and state'])
      expect(await layers.getByTestId('layer').filter({ hasText: name }).innerText()).toMatch(
        /\d (?:B|kB|MB)/,
      )
    const tiers = page.getByRole('region', { name: 'Tiers' })
    expect(await tiers.getByTestId('month').count()).toBeGreaterThan(1)
    await tiers.getByText('deponent restore').waitFor()
    const copy = page.getByRole('region', { name: 'Copy under locks' })
    await copy.getByText('a directory of files: not WORM').waitFor()
    await copy.getByText('whoever has its credentials can remove the copy').waitFor()
    await page.getByRole('region', { name: 'Retention in force' }).getByText('period of 6 months').waitFor()
    const next = page.getByRole('region', { name: 'What goes next' }).getByTestId('planned')
    expect(await next.innerText()).toMatch(/credit[^]*claims[^]*\d/)
    await page.getByRole('region', { name: 'Holds' }).getByRole('link', { name: 'a case in court' }).waitFor()
    await page.getByText('nobody has noted a drill').waitFor()
    expect(complaints).toEqual([])
  })

  test('keeps its projection in the address', async () => {
    const { page, complaints } = await open('/storage?perDay=1000000&years=3')
    const cost = page.getByRole('region', { name: 'Cost' })
    await cost.getByText('365,000,000').waitFor()
    expect(await cost.getByRole('row').count()).toBe(4)
    await cost.getByLabel('Years').fill('2')
    await page.keyboard.press('Enter')
    await page.waitForURL(/years=2/)
    await expect.poll(() => cost.getByRole('row').count(), SOON).toBe(3)
    expect(await cost.innerText()).toContain('prices of an example')
    expect(complaints).toEqual([])
  })

  test('says of a list which months it leaves out', async () => {
    const { page, complaints } = await open('/decisions')
    expect(await page.getByTestId('archived').innerText()).toMatch(
      /Not searched: \d+ decisions of 20\d\d-\d\d/,
    )
    expect(complaints).toEqual([])
  })

  test('shows an operator what they may see, and says what they may not', async () => {
    const { page, complaints } = await open('/storage', operator)
    await page.getByRole('region', { name: 'Size by layer' }).getByTestId('layer').first().waitFor()
    await page.getByText('Your key does not see the plan').waitFor()
    expect(await page.getByRole('region', { name: 'Holds' }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('of a ledger with nothing in it says so', async () => {
    const { page, complaints } = await open('/storage?ledger=empty')
    for (const words of [
      'No history yet',
      'No month has moved yet',
      'Nothing is configured, so nothing is ever deleted',
      'Nothing is held',
    ])
      await page.getByText(words).waitFor()
    expect(complaints).toEqual([])
  })

  test('fits a telephone, and draws a history when there is one', async () => {
    const { page, complaints } = await open('/verify')
    await page.setViewportSize(NARROW)
    // A server of yesterday cannot be had in a test: the days before today are added to its answer.
    await page.route('**/v1/storage', async (route) => {
      const told = (await (await route.fetch()).json()) as { history: { layers: object; entries: number }[] }
      const [today] = told.history
      const before = ['2026-01-01', '2026-01-02'].map((day) => ({ ...today, day, entries: 10 }))
      await route.fulfill({ json: { ...told, history: [...before, ...told.history] } })
    })
    await page.goto(`${server.url}/storage`)
    await page.getByRole('img', { name: /^From .* on 1 Jan 2026/ }).waitFor()
    await page.getByRole('region', { name: 'Cost' }).getByRole('row').first().waitFor()
    const [content, screen] = await page.evaluate(() => {
      const main = document.querySelector('main')!
      return [main.scrollWidth, main.clientWidth]
    })
    expect(content).toBeLessThanOrEqual(screen)
    expect(complaints).toEqual([])
  })
})
