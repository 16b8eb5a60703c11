import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'
import { openBrowser, openPage } from './open-browser.ts'

const DAY_MS = 86_400_000
const SYSTEM = 'credit-scoring'
/** What the page asks for and the server refuses stands in the console; it is no fault of the page. */
const REFUSED = /Failed to load resource/
/** The narrowest telephone that is looked after. */
const NARROW = { width: 360, height: 740 }

interface Erasure {
  readonly erasureId: string
  readonly status: string
  readonly waitingFor: string | null
}

const SOON_MS = 3_000

describe('the screens of privacy, in a real browser', () => {
  let server: ServerProcess
  let browser: Browser
  const keys = new Map<string, string>()
  /** Entry ids of decisions, one for each person. */
  const decisions = new Map<string, string>()

  function openAs(name: string, path: string): Promise<{ page: Page; complaints: string[] }> {
    return openPage(browser, { url: server.url, key: keys.get(name)! }, path)
  }

  async function as<T>(name: string, method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${keys.get(name)}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true)
    return (await response.json()) as T
  }

  async function handleOf(person: string): Promise<string> {
    return (await as<{ handle: string }>('admin', 'POST', '/v1/subjects:lookup', { subject: person })).handle
  }

  async function setTwoPersons(twoPersons: boolean): Promise<void> {
    const { indexFollows: _, ...settings } = await as<Record<string, unknown>>('admin', 'GET', '/v1/privacy')
    const change = { ...settings, erasure: { twoPersons }, reason: 'a test' }
    const { twoPersons: needsTwo } = settings['erasure'] as { twoPersons: boolean }
    const asker = { Authorization: `Bearer ${keys.get('officer')}`, 'Content-Type': 'application/json' }
    // One person alone does not end it: the officer asks, the admin makes the change.
    if (needsTwo && !twoPersons)
      await fetch(`${server.url}/v1/privacy`, { method: 'PUT', headers: asker, body: JSON.stringify(change) })
    await as('admin', 'PUT', '/v1/privacy', change)
  }

  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace())
    keys.set('admin', server.key)
    const people = ['found', 'restricted', 'asking', 'erased', 'second', 'held']
    const sent = people.map((person, i) =>
      loan(i, {
        timestamp: new Date().toISOString(),
        system: SYSTEM,
        affectedUserId: `person-${person}`,
        inputFeatures: { income: 40_000 + i, zip: `101${i}`, contact: `someone${i}@example.com` },
      }),
    )
    const response = await server.post('/v1/decisions?wait=checkpoint', sent)
    expect(response.status).toBe(201)
    const { receipts } = (await response.json()) as { receipts: { id: string }[] }
    for (const [i, person] of people.entries()) decisions.set(person, receipts[i]!.id)
    for (const [name, role] of [
      ['officer', 'privacy_officer'],
      ['other', 'privacy_officer'],
      ['auditor', 'auditor'],
      ['operator', 'operator'],
    ] as const)
      keys.set(name, (await as<{ key: string }>('admin', 'POST', '/v1/keys', { name, roles: [role] })).key)
    await as('admin', 'POST', '/v1/ledgers', { name: 'empty' })
    await server.indexed()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  describe('a person', () => {
    test('is found by their id, from the keyboard alone, and the id stays out of the address', async () => {
      const { page, complaints } = await openAs('officer', '/verify')
      await page.getByRole('heading', { name: 'Verify a receipt' }).waitFor()
      await page.keyboard.press('g')
      await page.keyboard.press('p')
      await page.getByLabel('Person', { exact: true }).focus()
      await page.keyboard.type('person-found')
      await page.keyboard.press('Enter')
      await page
        .getByRole('heading', { name: `Person ${(await handleOf('person-found')).slice(0, 8)}` })
        .waitFor()
      expect(page.url()).toBe(`${server.url}/person/${await handleOf('person-found')}`)
      await page.getByText('1 record,').waitFor()
      await page.getByTestId('person-decision').waitFor()
      expect(await page.getByRole('region', { name: 'Records by system' }).innerText()).toContain(SYSTEM)
      await page.reload()
      await page.getByTestId('person-decision').getByRole('link').focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/decisions\//)
      await page.getByRole('link', { name: 'page of this person' }).click()
      await page.waitForURL(/\/person\//)
      await page.getByTestId('person-decision').waitFor()
      await page.keyboard.press('u')
      await page.getByText('Nobody has asked for anything').waitFor()
      expect(complaints).toEqual([])
    })

    test('who is restricted has their decisions shown for a stated purpose', async () => {
      const handle = await handleOf('person-restricted')
      const { page, complaints } = await openAs('officer', `/person/${handle}`)
      await page.getByRole('button', { name: 'Restrict…' }).click()
      await page.getByLabel('Why?').fill('accuracy is contested')
      await page.getByRole('button', { name: 'Restrict', exact: true }).click()
      await page.getByTestId('restricted').getByText('a restriction was recorded').waitFor()
      await page.getByRole('button', { name: 'Lift the restriction…' }).waitFor()
      expect(await page.getByTestId('person-decision').count()).toBe(0)
      await page.getByLabel('What for?').fill('complaint nº 7')
      await page.getByRole('button', { name: 'Read for this purpose' }).click()
      await page.getByTestId('person-decision').getByRole('link').click()
      await page.getByText('restricted', { exact: true }).waitFor()
      expect(complaints).toEqual([])
    })

    test('asks, and is answered with a file after it was checked who asks', async () => {
      const handle = await handleOf('person-asking')
      const { page, complaints } = await openAs('officer', `/person/${handle}`)
      await page.getByRole('button', { name: 'Record a request…' }).click()
      await page
        .getByLabel('When did it come?')
        .fill(new Date(Date.now() - 25 * DAY_MS).toISOString().slice(0, 10))
      await page.getByLabel('In their words').fill('What do you have on me?')
      await page.getByRole('button', { name: 'Record the request' }).click()
      await page.waitForURL(/request=r-/)
      const drawer = page.getByRole('dialog', { name: 'Request' })
      await drawer.getByText('What do you have on me?').waitFor()
      expect(await drawer.innerText()).toMatch(/\d days left/)
      expect(await drawer.getByRole('button', { name: 'Answer…' }).isDisabled()).toBe(true)
      await page.reload()
      await drawer.getByRole('button', { name: 'Identity check…' }).click()
      await page.getByLabel('Method').fill('passport')
      await page.keyboard.press('Enter')
      await drawer.getByText('open, identity confirmed').waitFor()
      await drawer.getByRole('button', { name: 'Export…' }).click()
      expect(await page.getByLabel('What for?').inputValue()).toContain('access request r-')
      await page.getByLabel('Format').selectOption('json')
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export', exact: true }).click(),
      ])
      const { subject, records } = JSON.parse(await readFile(await file.path(), 'utf8')) as {
        subject: { handle: string }
        records: number
      }
      expect(subject.handle).toBe(handle)
      expect(records).toBeGreaterThan(1)
      await drawer.getByRole('button', { name: 'Answer…' }).click()
      await page.getByRole('button', { name: 'Record it' }).click()
      await drawer.getByText('answered after 25 days').waitFor()
      expect(complaints).toEqual([])
    })

    test('nobody knows is told apart from a fault', async () => {
      const { page, complaints } = await openAs('officer', `/person/${'ab'.repeat(16)}`)
      await page.getByText('Nobody of this handle is known').waitFor()
      expect(complaints.filter((complaint) => !REFUSED.test(complaint))).toEqual([])
    })

    test('is not shown to a key that may not see people', async () => {
      const { page } = await openAs('auditor', `/person/${await handleOf('person-found')}`)
      await page.getByText('Your key may not see what is kept of a person').waitFor()
      const parts = page.getByRole('navigation', { name: 'Parts of privacy' })
      expect(await parts.innerText()).toBe('Erasures\nHolds\nFields')
    })
  })

  describe('an erasure', () => {
    test('asks for the handle, runs, and has a receipt this browser checks', async () => {
      const handle = await handleOf('person-erased')
      const { page, complaints } = await openAs('officer', `/person/${handle}`)
      await page.getByRole('button', { name: 'Erase…' }).click()
      const erase = page.getByRole('button', { name: 'Erase for good' })
      expect(await erase.isDisabled()).toBe(true)
      await page.getByText('It cannot be undone').waitFor()
      await page.getByLabel('Type the first 8 digits of the handle').fill(handle.slice(0, 8))
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/erasure\//)
      await page.locator('[data-testid=badge][data-outcome=own-key]').waitFor({ timeout: 60_000 })
      expect(await page.getByTestId('badge').innerText()).toContain("operator's own key")
      await page
        .getByRole('region', { name: 'What this does not show' })
        .getByText('no copy exists')
        .waitFor()
      await page.keyboard.press('p')
      const drawer = page.getByRole('dialog', { name: 'How this receipt was checked' })
      await drawer.getByText('commits to the set root on the receipt').waitFor()
      await drawer.getByText('Nothing can show that no copy exists').waitFor()
      expect(complaints).toEqual([])
      await page.goto(`${server.url}/decisions/${decisions.get('erased')}`)
      await page.getByText('Its tombstone opens to the set').waitFor()
      await page.getByRole('link', { name: 'its receipt' }).click()
      await page.getByTestId('erasure').getByText('1 record erased').waitFor()
    })

    test('whose receipt names another set of records is not believed', async () => {
      const { items } = await as<{ items: Erasure[] }>('admin', 'GET', '/v1/erasures')
      const { erasureId } = items.find(({ status }) => status === 'completed')!
      const { page } = await openAs('officer', '/erasures')
      await page.route(`**/v1/erasures/${erasureId}`, async (route) => {
        const told = (await (await route.fetch()).json()) as { receipt: object }
        await route.fulfill({ json: { ...told, receipt: { ...told.receipt, setRoot: 'ef'.repeat(32) } } })
      })
      await page.getByTestId('erasure').getByRole('link').click()
      await page.locator('[data-testid=badge][data-outcome=failed]').waitFor()
      expect(await page.getByTestId('badge').innerText()).toContain('Does not check out')
    })

    test('waits for a second person, who is somebody else', async () => {
      await setTwoPersons(true)
      const asked = await as<Erasure>('officer', 'DELETE', '/v1/subjects/person-second', {})
      const { page } = await openAs('officer', `/erasure/${asked.erasureId}`)
      await page.getByRole('heading', { name: 'waits for a second person' }).waitFor()
      await page.getByRole('button', { name: 'Agree to it…' }).click()
      await page.getByRole('button', { name: 'Agree, erase for good' }).click()
      await page.getByRole('alert').getByText('cannot be the one who agrees').waitFor()
      const second = await openAs('other', `/erasure/${asked.erasureId}`)
      await second.page.getByRole('button', { name: 'Agree to it…' }).click()
      await second.page.getByRole('button', { name: 'Agree, erase for good' }).click()
      await second.page.getByRole('heading', { name: '1 record erased' }).waitFor({ timeout: 60_000 })
      expect(second.complaints).toEqual([])
      await setTwoPersons(false)
    })

    test('waits for a hold, and runs by itself when two people let go of it', async () => {
      const handle = await handleOf('person-held')
      const { page, complaints } = await openAs('officer', `/person/${handle}`)
      await page.getByRole('button', { name: 'Place a hold…' }).click()
      await page.getByLabel('Why?').fill('case 12/26')
      await page.getByLabel('Who answers for it?').fill('legal')
      await page
        .getByLabel('Looked at again on')
        .fill(new Date(Date.now() + 90 * DAY_MS).toISOString().slice(0, 10))
      await page.getByRole('button', { name: 'Place the hold' }).click()
      await page.getByText('A hold keeps them from being erased').waitFor()
      const asked = await as<Erasure>('officer', 'DELETE', '/v1/subjects/person-held', {})
      await page.goto(`${server.url}/erasure/${asked.erasureId}`)
      await page.getByRole('heading', { name: 'waits for 1 hold' }).waitFor()
      await page.getByRole('link', { name: /^h-/ }).click()
      await page.getByRole('button', { name: 'Ask for its release…' }).click()
      await page.getByLabel('Why?').fill('the case is closed')
      await page.getByRole('button', { name: 'Ask for it', exact: true }).click()
      await page.getByText('another identity has to confirm it').waitFor()
      expect(complaints).toEqual([])
      const second = await openAs('other', '/holds?state=release_asked')
      await second.page.getByTestId('hold').getByRole('button').click()
      await second.page.getByRole('button', { name: 'Confirm the release…' }).click()
      await second.page.getByLabel('Why?').fill('so it is')
      await second.page.getByRole('button', { name: 'Release', exact: true }).click()
      await second.page
        .getByRole('dialog', { name: 'Hold' })
        .getByText('released', { exact: true })
        .first()
        .waitFor()
      await second.page.goto(`${server.url}/erasure/${asked.erasureId}`)
      await second.page.getByRole('heading', { name: 'erased' }).waitFor({ timeout: 60_000 })
      expect(second.complaints).toEqual([])
    })
  })

  describe('what becomes of fields', () => {
    test('is changed with its effect shown before, and a reason', async () => {
      const { page, complaints } = await openAs('officer', '/systems')
      await page.getByTestId('system').filter({ hasText: SYSTEM }).getByRole('link').click()
      const row = page.getByTestId('field').filter({ hasText: '/inputFeatures/zip' })
      await row.locator('[data-class=queryable]').waitFor()
      const contact = page.getByTestId('field').filter({ hasText: '/inputFeatures/contact' })
      expect(await contact.innerText()).toContain('mail 6')
      await page.getByText('Names of people and postal addresses').waitFor()
      await page.getByLabel('What is declared for /inputFeatures/zip').selectOption('drop')
      await page.getByText('1 field would change its class.').waitFor()
      expect(await row.innerText()).toContain('dropped')
      await page
        .getByLabel('A decision as it would be sent')
        .fill('{"modelId":"m","prediction":"low","inputFeatures":{"zip":"10115","income":1}}')
      await page.getByRole('button', { name: 'Try', exact: true }).click()
      const sample = page.getByRole('region', { name: 'Try it on a record' })
      await sample.getByText('"dropped"').waitFor()
      expect(await sample.getByRole('status').innerText()).not.toContain('10115')
      await page.getByRole('button', { name: 'Save…' }).click()
      expect(await page.getByRole('button', { name: 'Put in force' }).isDisabled()).toBe(true)
      await page.getByLabel('Why?').fill('the zip code is not needed')
      await page.getByRole('button', { name: 'Put in force' }).click()
      // Exactly: what would be says «then it is declared», while nothing is saved yet.
      const declared = row.getByText('it is declared', { exact: true })
      await declared.waitFor()
      await page.reload()
      await declared.waitFor()
      expect(await page.getByText('Not saved.').count()).toBe(0)
      expect(complaints).toEqual([])
    })

    test('overwrites nobody else’s change', async () => {
      const { page } = await openAs('officer', `/systems/${SYSTEM}`)
      await page.getByLabel('What is declared for /inputFeatures/income').selectOption('seal')
      await setTwoPersons(false)
      await page.getByRole('button', { name: 'Save…' }).click()
      await page.getByLabel('Why?').fill('income')
      await page.getByRole('button', { name: 'Put in force' }).click()
      await page.getByRole('alert').waitFor()
      const declared = page
        .getByTestId('field')
        .filter({ hasText: '/inputFeatures/income' })
        .getByText('it is declared', { exact: true })
      // The page goes by the new settings a moment after it has read them: whoever is quicker is told again.
      while (!(await declared.isVisible())) {
        const again = page.getByRole('button', { name: 'Put in force' })
        await again.click({ timeout: SOON_MS }).catch(() => undefined)
        await declared.waitFor({ timeout: SOON_MS }).catch(() => undefined)
      }
    })

    test('keeps its filter in the address, and changes nothing for a key that may not', async () => {
      const { page, complaints } = await openAs('operator', `/systems/${SYSTEM}?q=zip`)
      await page.getByTestId('field').waitFor()
      expect(await page.getByTestId('field').count()).toBe(1)
      expect(await page.getByRole('combobox', { name: /What is declared for/ }).count()).toBe(0)
      await page.getByLabel('Class').selectOption('queryable')
      await page.getByText('No field is like this').waitFor()
      expect(page.url()).toContain('class=queryable')
      expect(complaints).toEqual([])
    })
  })

  test.each([
    ['/person', 'Nobody has asked for anything'],
    ['/erasures', 'Nobody was erased so far'],
    ['/holds', 'No hold was ever placed'],
    ['/systems', 'No system has recorded a decision yet'],
  ])('%s of a ledger with nothing in it says so', async (path, words) => {
    const { page, complaints } = await openAs('admin', `${path}?ledger=empty`)
    await page.getByText(words).waitFor()
    expect(complaints).toEqual([])
  })

  test('fits a telephone: no view is wider than the screen', async () => {
    const { page, complaints } = await openAs('officer', '/person')
    await page.setViewportSize(NARROW)
    const { items } = await as<{ items: Erasure[] }>('admin', 'GET', '/v1/erasures')
    const paths = [
      '/person',
      `/person/${await handleOf('person-asking')}`,
      '/erasures',
      `/erasure/${items[0]!.erasureId}`,
      '/holds',
      '/systems',
      `/systems/${SYSTEM}`,
    ]
    for (const path of paths) {
      await page.goto(server.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      const [content, screen] = await page.evaluate(() => {
        const main = document.querySelector('main')!
        return [main.scrollWidth, main.clientWidth]
      })
      expect(content, path).toBeLessThanOrEqual(screen)
    }
    expect(complaints).toEqual([])
  })
})
