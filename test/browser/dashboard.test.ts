import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, type Place, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'
import { openBrowser, openPage } from './open-browser.ts'

const DECISIONS = 600

describe('the dashboard in a real browser', () => {
  let place: Place
  let server: ServerProcess
  let browser: Browser

  beforeAll(async () => {
    place = await newPlace()
    server = await ServerProcess.start(place)
    const decisions = Array.from({ length: DECISIONS }, (_, i) =>
      loan(i, { riskTier: 'high', timestamp: new Date().toISOString() }),
    )
    const response = await server.post('/v1/decisions?wait=checkpoint', decisions)
    expect(response.status).toBe(201)
    await server.indexed()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  test('takes the key from the printed link, out of sight at once, and shows what was recorded', async () => {
    const { page, complaints } = await openPage(browser, server, '/')
    await page.getByText(`${DECISIONS} decisions`).first().waitFor()
    expect(page.url()).not.toContain('key=')
    await page.getByText('undeclared').first().waitFor()
    expect(complaints).toEqual([])
  })

  test('opens in a browser whose language is no language tag', async () => {
    const context = await browser.newContext()
    await context.addInitScript(() => {
      Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })
    })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${server.url}/#key=${server.key}`)
    await page.getByText('undeclared').first().waitFor()
    expect(errors).toEqual([])
  })

  test('draws the numbers of an emitter and marks what never arrived', async () => {
    const sent = [1, 2, 5].map((seq) => ({
      modelId: 'm',
      prediction: 'low',
      emitter: { id: 'till-7', epoch: 1, seq, blind: 'ab'.repeat(32) },
    }))
    expect((await server.post('/v1/decisions', sent)).status).toBe(201)
    const { page, complaints } = await openPage(browser, server, '/coverage')
    const panel = page.getByRole('region', { name: 'till-7' })
    await panel.getByText('2 missing').waitFor()
    await panel.getByTitle('numbers 3 to 4 never arrived').waitFor()
    await page.getByText('emitter_gap').first().waitFor()
    expect(complaints).toEqual([])
  })

  test('asks for a key when it has none, and shows nothing else', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${server.url}/decisions`)
    await page.locator('input').first().waitFor()
    expect(await page.getByTestId('decision-row').count()).toBe(0)
  })

  test('draws a few rows of many, and keeps the filter in the address', async () => {
    const { page } = await openPage(browser, server, '/decisions?prediction=high')
    await page.getByTestId('decision-row').first().waitFor()
    const drawn = await page.getByTestId('decision-row').count()
    expect(drawn).toBeGreaterThan(5)
    expect(drawn).toBeLessThan(100)
    expect(await page.locator('body').innerText()).toContain('200 decisions')
    expect(new URL(page.url()).searchParams.get('prediction')).toBe('high')
  })

  test('opens a decision from the keyboard and computes its badge from proof and checkpoint', async () => {
    const { page, complaints } = await openPage(browser, server, '/decisions')
    await page.getByTestId('decision-row').first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    const badge = page.getByTestId('badge')
    await badge.waitFor()
    await badge.getByText("Consistent with the operator's own key").waitFor()
    expect(await badge.innerText()).toContain('no outside witness')
    expect(await page.locator('body').innerText()).toContain('sealed')
    expect(complaints).toEqual([])
  })

  test('shouts when the entry it is given is not the one the checkpoint covers', async () => {
    const { items } = await server.get<{ items: { id: string; index: number }[] }>(
      '/v1/decisions?order=at&limit=5',
    )
    const { id } = items[0]!
    const { page } = await openPage(browser, server, '/verify')
    // A server that lies: every tile of entries comes with one digit of each `receivedAt` changed.
    await page.route('**/tile/entries/**', async (route) => {
      const response = await route.fetch()
      const text = (await response.body()).toString('latin1')
      await route.fulfill({
        response,
        body: Buffer.from(text.replaceAll('"receivedAt":1', '"receivedAt":2'), 'latin1'),
      })
    })
    await page.goto(`${server.url}/decisions/${id}`)
    const badge = page.getByTestId('badge')
    await badge.waitFor()
    await page.locator('[data-outcome=failed]').first().waitFor()
    expect(await badge.innerText()).not.toContain('Consistent')
  })

  test('verifies a saved receipt in the browser, and says when a byte of it was changed', async () => {
    const saved = await (await server.post('/v1/decisions', loan(DECISIONS + 1))).text()
    const { page } = await openPage(browser, server, '/verify')
    const verdict = page.getByTestId('verdict')
    const { ledgers } = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
      ledgers: { default: object }
    }
    await page
      .locator('textarea')
      .nth(1)
      .fill(JSON.stringify({ ledgers: [ledgers.default] }))
    await page.locator('#receipt').fill(saved)
    await verdict.and(page.locator('[data-verdict=valid]')).waitFor()
    const { leafHash } = (JSON.parse(saved) as { receipts: { leafHash: string }[] }).receipts[0]!
    const other = leafHash.startsWith('0') ? `1${leafHash.slice(1)}` : `0${leafHash.slice(1)}`
    await page.locator('#receipt').fill(saved.replace(leafHash, other))
    await verdict.and(page.locator('[data-verdict=invalid]')).waitFor()
  })
})
