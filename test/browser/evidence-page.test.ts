import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bundle, fillEvidencePage, formatBundle, verifierDigest } from '@deponent/format'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bundleOf,
  disclosed,
  ERASED,
  ERASURE_INDEX,
  ledgerOfBundles,
  tombstoneOf,
} from '../../tools/vectors/bundle-ledger.ts'
import { anchorAt, sampleBundle } from '../../tools/vectors/bundles.ts'
import { LEDGER_SIGNER, STRANGER, trustFile, WITNESSES } from '../../tools/vectors/ledger.ts'
import { openBrowser } from './open-browser.ts'

const PAGE = new URL('../../packages/server/dist/evidence-page/index.html', import.meta.url)
const TRUST = JSON.stringify(trustFile(WITNESSES))
const MANY = 1_000

interface Opened {
  page: Page
  /** Addresses asked for besides the file itself. */
  requests: string[]
  complaints: string[]
}

describe('a page that verifies itself', () => {
  let browser: Browser
  let template: string
  let directory: string

  beforeAll(async () => {
    template = await readFile(PAGE, 'utf8')
    directory = await mkdtemp(join(tmpdir(), 'deponent-page-'))
    browser = await openBrowser()
  }, 120_000)
  afterAll(() => browser.close())

  /** Opens a page from a file, in a browser without a network unless one is asked for. */
  async function open(text: string, offline = true): Promise<Opened> {
    const path = join(directory, 'evidence.html')
    await writeFile(path, text)
    const file = pathToFileURL(path).href
    const context = await browser.newContext({ offline, viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => {
      if (request.url() !== file) requests.push(request.url())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(file)
    return { page, requests, complaints }
  }

  const openBundle = (bundle: Bundle, offline = true): Promise<Opened> =>
    open(fillEvidencePage(template, formatBundle(bundle)), offline)
  const verdict = async (page: Page, expected: string): Promise<string> => {
    const banner = page.getByTestId('verdict')
    await banner.and(page.locator(`[data-verdict=${expected}]`)).waitFor()
    return banner.innerText()
  }

  test('asks for nothing from anywhere, and says that nobody the reader trusts has vouched', async () => {
    const { page, requests, complaints } = await openBundle(sampleBundle())
    expect(await verdict(page, 'incomplete')).toContain('nobody you trust has vouched')
    expect(await page.getByTestId('record').count()).toBe(4)
    expect(requests).toEqual([])
    expect(complaints).toEqual([])
  })

  test('is held by its policy: with a network at hand nothing in it can reach out', async () => {
    let reached = 0
    const listening = createServer((_, response) => {
      reached += 1
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end()
    })
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`
    const { page } = await openBundle(sampleBundle(), false)
    await verdict(page, 'incomplete')
    const outcome = await page.evaluate(async (url) => {
      const image = new Promise<string>((resolve) => {
        const element = new Image()
        element.addEventListener('error', () => resolve('refused'))
        element.addEventListener('load', () => resolve('loaded'))
        element.src = url
      })
      const fetched = await fetch(url).then(
        () => 'reached',
        () => 'refused',
      )
      const script = document.createElement('script')
      script.textContent = 'document.title = "taken over"'
      document.body.append(script)
      return { image: await image, fetched, title: document.title }
    }, address)
    listening.close()
    expect(outcome).toEqual({ image: 'refused', fetched: 'refused', title: 'Evidence' })
    expect(reached).toBe(0)
  })

  test('is valid with a trust file, and with the key alone', async () => {
    for (const trust of [TRUST, LEDGER_SIGNER.vkey, `${LEDGER_SIGNER.vkey}\n`]) {
      const { page, complaints } = await openBundle(sampleBundle())
      await page.locator('#trust').fill(trust)
      expect(await verdict(page, 'valid')).toContain('4 entries')
      expect(complaints).toEqual([])
    }
  })

  test('takes a trust file that is chosen', async () => {
    const { page } = await openBundle(sampleBundle())
    await verdict(page, 'incomplete')
    await page
      .locator('#trust-file')
      .setInputFiles({ name: 'trust.json', mimeType: 'application/json', buffer: Buffer.from(TRUST) })
    await verdict(page, 'valid')
  })

  test.each([
    ['the key of somebody else', STRANGER.vkey, 'invalid', ''],
    ['a witness alone', WITNESSES[0]!.vkey, 'incomplete', 'cannot be used'],
    ['a trust file that is none', '{"ledgers":1}', 'incomplete', 'cannot be used'],
    ['words', 'trust me', 'incomplete', 'cannot be used'],
  ])('with %s is not valid', async (_, trust, expected, trouble) => {
    const { page } = await openBundle(sampleBundle())
    await verdict(page, 'incomplete')
    await page.locator('#trust').fill(trust)
    if (trouble !== '') await page.getByText(trouble).waitFor()
    await verdict(page, expected)
  })

  test('in which one value was changed is invalid, and says which entry', async () => {
    const text = formatBundle(sampleBundle()).replace(
      String.raw`[\"/prediction\",\"approved\"]`,
      String.raw`[\"/prediction\",\"declined\"]`,
    )
    const { page } = await open(fillEvidencePage(template, text))
    await page.locator('#trust').fill(TRUST)
    await verdict(page, 'invalid')
    expect(await page.locator('.findings').innerText()).toContain('(entry #4)')
    expect(await page.getByTestId('record').first().innerText()).toContain('does not hold')
  })

  test('whose data was destroyed is invalid and still a page', async () => {
    const { page, complaints } = await open(fillEvidencePage(template, '{"bundle":1'))
    expect(await verdict(page, 'invalid')).toContain('cannot be read')
    expect(complaints).toEqual([])
  })

  test('says what is proven, when, what is withheld, and what it does not show', async () => {
    const anchors = await Promise.all([5, 12].map((size) => anchorAt(size, LEDGER_SIGNER, WITNESSES[0]!)))
    const { page } = await openBundle(sampleBundle({ anchors, statement: { note: '<b>all of them</b>' } }))
    await page.locator('#trust').fill(TRUST)
    await verdict(page, 'valid')
    const body = await page.locator('body').innerText()
    for (const words of [
      'credit-risk → declined',
      'Withheld: affectedUserId',
      'content withheld',
      'the ledger shown to witness witness.example/4 then did not hold it',
      'nobody you trust saw the ledger with it',
      'That a recorded statement was true',
      'That these are all the records',
      'Nothing vouches for it',
      '<b>all of them</b>',
    ]) {
      expect(body).toContain(words)
    }
  })

  test('tells erased from withheld and from missing', async () => {
    const ledger = ledgerOfBundles(30)
    const { page } = await openBundle(
      bundleOf(ledger, {
        size: 30,
        indices: [ERASED[0]!, ERASURE_INDEX, 20],
        payloadOf: (index) => {
          if (index === 20) return { state: 'absent' }
          return index === ERASURE_INDEX ? disclosed(ledger, index, ['/setRoot']) : tombstoneOf(index)
        },
      }),
    )
    await page.locator('#trust').fill(TRUST)
    await verdict(page, 'incomplete')
    const states = await page.locator('.state').allInnerTexts()
    expect(states).toEqual(['content erased', '3 fields withheld', 'content missing'])
    expect(await page.locator('body').innerText()).toContain('That no copy of erased content exists')
  })

  test('shows the digest that the file has', async () => {
    const { page } = await openBundle(sampleBundle())
    await verdict(page, 'incomplete')
    expect(await page.getByTestId('digest').innerText()).toBe(verifierDigest(template))
  })

  test('shows a thousand entries closed, finds one among them, and opens all to be printed', async () => {
    const ledger = ledgerOfBundles(MANY)
    const { page } = await openBundle(
      bundleOf(ledger, {
        size: MANY,
        indices: ledger.entries.map((_, index) => index),
        payloadOf: (index) => disclosed(ledger, index, ['/prediction', '/decisionId', '/setRoot']),
      }),
    )
    await page.locator('#trust').fill(TRUST)
    expect(await verdict(page, 'valid')).toContain('1,000 entries')
    expect(await page.locator('details[open]').count()).toBe(0)
    await page.locator('input[type=search]').fill('loan-777')
    expect(await page.locator('[data-testid=record]:not([hidden])').count()).toBe(1)
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
    expect(await page.locator('.records details[open]').count()).toBe(MANY)
  })
})
