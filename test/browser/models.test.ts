import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lifecycle } from '../../packages/server/src/demo/lifecycle.ts'
import { storyUpTo } from '../../packages/server/src/demo/story.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'
import { openBrowser, openPage } from './open-browser.ts'

const DAY_MS = 86_400_000
/** The narrowest telephone that is looked after. */
const NARROW = { width: 360, height: 740 }
const story = storyUpTo(Date.now())
const { deployedAt, rolledBackAt } = story.broken

describe('the pages of models, in a real browser', () => {
  let server: ServerProcess
  let browser: Browser
  let operator: string

  const open = (path: string, key = server.key): Promise<{ page: Page; complaints: string[] }> =>
    openPage(browser, { url: server.url, key }, path)

  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace())
    const records = lifecycle(story).map(({ kind, record }) => ({ kind, ...record }))
    expect((await server.post('/v1/records', records)).status).toBe(201)
    const decided = (i: number, at: number, modelId: string, modelVersion: string): object =>
      loan(i, {
        system: modelId === 'aria-2' ? 'customer-assistant' : 'credit-scorer',
        modelId,
        modelVersion,
        environment: 'production',
        timestamp: new Date(at).toISOString(),
      })
    const decisions = [
      ...Array.from({ length: 40 }, (_, i) =>
        decided(i, deployedAt - 30 * DAY_MS, 'repayment-scorer', '4.1.0'),
      ),
      ...Array.from({ length: 20 }, (_, i) =>
        decided(100 + i, deployedAt + DAY_MS, 'repayment-scorer', '4.2.0'),
      ),
      ...Array.from({ length: 12 }, (_, i) => decided(200 + i, deployedAt, 'aria-2', '0402')),
    ]
    expect((await server.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
    const made = await server.post('/v1/keys', { name: 'the operator', roles: ['operator'] })
    operator = ((await made.json()) as { key: string }).key
    await server.indexed()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('are reached from the keyboard, and say what is not declared', async () => {
    const { page, complaints } = await open('/verify')
    await page.getByRole('heading', { name: 'Verify a receipt' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    const models = page.getByTestId('model')
    await models.first().waitFor()
    expect(await models.filter({ hasText: 'aria-2' }).innerText()).toContain('0402 not declared')
    await models.getByRole('link', { name: 'repayment-scorer' }).click()
    await page.getByRole('heading', { level: 1, name: /repayment-scorer 4 versions, 60 decisions/ }).waitFor()
    await page.keyboard.press('u')
    await models.first().waitFor()
    expect(complaints).toEqual([])
  })

  test('tell the life of a model, and walk through its versions with j and k', async () => {
    const { page, complaints } = await open('/models/repayment-scorer')
    const versions = page.getByTestId('version')
    await versions.first().waitFor()
    expect(await versions.count()).toBe(4)
    expect(await versions.filter({ hasText: '4.2.0' }).innerText()).toMatch(
      /recalled[^]*staff-haverkamp[^]*auc[^]*passed/,
    )
    expect(await page.getByTestId('event').first().innerText()).toContain('4.2.1')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.waitForURL(/version=4\.2\.0/)
    expect(await page.locator('tr[aria-current="true"]').innerText()).toContain('4.2.0')
    const gate = page.getByRole('region', { name: 'Gate of 4.2.0' })
    await gate.getByText('the version is recalled').waitFor()
    await page.keyboard.press('k')
    await page.waitForURL(/version=4\.1\.0/)
    expect(complaints).toEqual([])
  })

  test('say what was in force at a moment that is in the address, as known and as recorded', async () => {
    const at = new Date(rolledBackAt - DAY_MS).toISOString()
    const { page, complaints } = await open(`/models/repayment-scorer?at=${at}`)
    const inForce = page.getByRole('region', { name: 'In force' })
    await inForce.getByText('As recorded by then').waitFor()
    expect(await inForce.innerText()).toMatch(
      /4\.2\.0 in production of credit-scorer, authorised by staff-jansone/,
    )
    expect(await inForce.innerText()).toContain('no version is known to have been in force')
    await inForce.getByLabel('at (UTC)').fill(new Date(deployedAt - DAY_MS).toISOString().slice(0, 16))
    await page.keyboard.press('Enter')
    await inForce.getByText(/4\.1\.0 in production/).waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toContain('T')
    expect(complaints).toEqual([])
  })

  test('draw where a version comes from and what it decided, and lead on from each', async () => {
    const { page, complaints } = await open('/models/repayment-scorer?version=4.2.0')
    const drawing = page.getByRole('region', { name: 'Drawing of the lineage' })
    const node = (name: RegExp) => drawing.getByTestId('lineage-node').filter({ hasText: name })
    await node(/payroll-feed 1/).waitFor()
    expect(await node(/payroll-feed 1/).getAttribute('data-far')).toBe('false')
    expect(await node(/repaid-loans 6/).getAttribute('data-far')).toBe('true')
    const x = async (name: RegExp): Promise<number> => (await node(name).boundingBox())!.x
    expect(await x(/payroll-feed/)).toBeLessThan(await x(/repaid-loans 8/))
    expect(await x(/repaid-loans 8/)).toBeLessThan(await x(/repayment-scorer 4\.2\.0/))
    await node(/payroll-feed 1/)
      .getByRole('link')
      .focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/dataset=payroll-feed&version=1/)
    const decided = drawing.getByRole('link', { name: '20 decisions of repayment-scorer 4.2.0' })
    await decided.click()
    await page.waitForURL(/\/decisions\?modelId=repayment-scorer&modelVersion=4\.2\.0/)
    expect(complaints).toEqual([])
  })

  test('are one step from a decision, at its moment', async () => {
    const { items } = await server.get<{ items: { id: string }[] }>(
      '/v1/decisions?modelVersion=4.2.0&limit=1',
    )
    const { page, complaints } = await open(`/decisions/${items[0]!.id}`)
    await page.getByRole('link', { name: 'repayment-scorer 4.2.0' }).click()
    await page.waitForURL(/\/models\/repayment-scorer\?.*version=4\.2\.0/)
    await page.getByRole('region', { name: 'In force' }).getByText('As recorded by then').waitFor()
    expect(complaints).toEqual([])
  })

  test('show an operator the life of a model without leading to what they may not open', async () => {
    const { page, complaints } = await open('/models/repayment-scorer', operator)
    await page.getByTestId('event').first().waitFor()
    expect(await page.getByTestId('event').getByRole('link').count()).toBe(0)
    expect(
      await page
        .getByTestId('lineage-node')
        .getByRole('link', { name: /decisions/ })
        .count(),
    ).toBe(0)
    expect(complaints).toEqual([])
  })

  test('fit a telephone, with every view in reach below', async () => {
    const { page, complaints } = await open('/verify')
    await page.setViewportSize(NARROW)
    await page.goto(`${server.url}/models/repayment-scorer?version=4.2.0`)
    await page.getByTestId('lineage-node').first().waitFor()
    const sizes = await page.evaluate(() =>
      ['main', 'nav[aria-label="Views"]'].map((part) => {
        const element = document.querySelector(part)!
        return element.scrollWidth - element.clientWidth
      }),
    )
    expect(sizes).toEqual([0, 0])
    expect(complaints).toEqual([])
  })
})
