import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { loan } from '../recording/open-tenant.ts'
import { openBrowser, openPage } from './open-browser.ts'

const DECISIONS = 30
const PERSON = 'person-of-the-key'
/** Looks are on record within a second and found in the index soon after. */
const SOON = { timeout: 60_000, interval: 500 }
const WORDS = 'I would like to contest this.'

interface Made {
  readonly key: string
  readonly identity: { readonly id: string }
}

describe('who may do what in the dashboard, in a real browser', () => {
  let server: ServerProcess
  let browser: Browser
  /** Entry id of a decision with sealed messages, about the person of the key. */
  let id: string
  const keys = new Map<string, string>()

  async function makeKey(name: string, roles: readonly string[], more: object = {}): Promise<Made> {
    const response = await server.post('/v1/keys', { name, roles, ...more })
    expect(response.status).toBe(201)
    return (await response.json()) as Made
  }

  /** A page of somebody with a key of their own. */
  function openAs(name: string, path: string): Promise<{ page: Page; complaints: string[] }> {
    return openPage(browser, { url: server.url, key: keys.get(name)! }, path)
  }

  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace())
    const timestamp = new Date().toISOString()
    const decisions = Array.from({ length: DECISIONS }, (_, i) => loan(i, { timestamp }))
    const own = {
      modelId: 'm',
      prediction: 'declined',
      system: 'small-system',
      timestamp,
      affectedUserId: PERSON,
      messages: [{ role: 'user', content: WORDS }],
      inputFeatures: { income: 41_000, age: 44 },
    }
    const response = await server.post('/v1/decisions?wait=checkpoint', [...decisions, own])
    expect(response.status).toBe(201)
    const { receipts } = (await response.json()) as { receipts: { id: string }[] }
    id = receipts[DECISIONS]!.id
    for (const role of ['operator', 'reviewer', 'auditor', 'authority'])
      keys.set(role, (await makeKey(`the ${role}`, [role])).key)
    keys.set('subject', (await makeKey('Robin', ['subject'], { subject: PERSON })).key)
    keys.set('admin', server.key)
    await server.indexed()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  describe('a session', () => {
    test('outlives a reload, with the key in no place a script can read', async () => {
      const { page, complaints } = await openAs('auditor', '/settings')
      await page.getByText('not configured').waitFor()
      await page.reload()
      await page.getByText('not configured').waitFor()
      const readable = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
      )
      expect(readable).not.toContain(keys.get('auditor'))
      expect(readable).not.toContain('session=')
      const [cookie] = await page.context().cookies()
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
      expect(cookie!.value).not.toContain(keys.get('auditor'))
      expect(complaints).toEqual([])
    })

    test('changes nothing for a request that does not come from its page', async () => {
      const { page } = await openAs('auditor', '/settings')
      await page.getByText('not configured').waitFor()
      const status = await page.evaluate(
        async () => (await fetch('/v1/session', { method: 'DELETE' })).status,
      )
      expect(status).toBe(403)
      await page.reload()
      await page.getByText('not configured').waitFor()
    })

    test('that is locked in one tab is over in the other', async () => {
      const { page } = await openAs('auditor', '/settings')
      const other = await page.context().newPage()
      await other.goto(`${server.url}/settings`)
      await other.getByText('not configured').waitFor()
      await page.getByRole('button', { name: 'Signed in: the auditor' }).click()
      await page.getByRole('button', { name: 'Lock' }).click()
      await page.getByLabel('Access key').waitFor()
      await other.bringToFront()
      await other.keyboard.press('g')
      await other.keyboard.press('c')
      await other.getByLabel('Access key').waitFor()
      expect(await page.context().cookies()).toEqual([])
    })

    test('that ended otherwise asks for a key and says why', async () => {
      const { page } = await openAs('auditor', '/coverage')
      await page.getByRole('heading', { name: 'Coverage' }).waitFor()
      await page.context().clearCookies()
      await page.keyboard.press('g')
      await page.keyboard.press('s')
      await page.getByRole('alert').getByText('Your session has ended').waitFor()
    })

    test('does not begin with a wrong key, and says how long nobody is let in after too many', async () => {
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(server.url)
      await page.getByLabel('Access key').fill('dpk_wrong')
      await page.getByRole('button', { name: 'Open' }).click()
      await page.getByRole('alert').getByText('does not take this key').waitFor()
      await page.route('**/v1/session', (route) =>
        route.fulfill({
          status: 429,
          headers: { 'Retry-After': '600', 'Content-Type': 'application/problem+json' },
          body: JSON.stringify({ status: 429, code: 'locked_out' }),
        }),
      )
      await page.getByLabel('Access key').fill('dpk_wrong')
      await page.getByRole('button', { name: 'Open' }).click()
      await page
        .getByRole('alert')
        .getByText(/Try again in (10:00|9:\d\d)/)
        .waitFor()
    })
  })

  describe('rights', () => {
    test('leave an operator numbers without small groups, and no way to single decisions', async () => {
      const { page, complaints } = await openAs('operator', '/')
      await page.getByText('not shown').first().waitFor()
      const views = await page.getByRole('navigation', { name: 'Views' }).innerText()
      expect(views).not.toContain('Decisions')
      const models = page.getByRole('region', { name: 'Systems and models' }).first()
      expect(await models.innerText()).not.toContain('small-system')
      expect(complaints).toEqual([])
      await page.goto(`${server.url}/decisions`)
      await page
        .getByText('do not let you see numbers')
        .or(page.getByText('find decisions one by one'))
        .waitFor()
      await page.getByText('(right “list”)').waitFor()
    })

    test('show a reviewer which fields are covered for good and which a purpose would open', async () => {
      const { page, complaints } = await openAs('reviewer', `/decisions/${id}`)
      await page.getByText('not for your role').first().waitFor()
      await page.getByRole('button', { name: 'Open the sealed field messages' }).waitFor()
      await page.getByText('Not checked in this browser').waitFor()
      expect(await page.getByText('Who saw this').count()).toBe(0)
      expect(complaints).toEqual([])
    })

    test('ask an authority what for before anything is read', async () => {
      const { page, complaints } = await openAs('authority', '/decisions')
      await page.getByLabel('Purpose').fill('inspection nº 3')
      await page.getByRole('button', { name: 'Read for this purpose' }).click()
      await page.getByTestId('decision-row').first().waitFor()
      await page.goto(`${server.url}/decisions/${id}`)
      await page.getByLabel('Purpose').fill('inspection nº 3')
      await page.getByRole('button', { name: 'Read for this purpose' }).click()
      await page.getByRole('button', { name: 'Open the sealed field messages' }).waitFor()
      expect(await page.locator('body').innerText()).not.toContain(WORDS)
      expect(complaints).toEqual([])
    })
  })

  describe('revealing', () => {
    test('opens one field for a purpose, counts down, and covers it again by itself', async () => {
      const { page, complaints } = await openAs('auditor', '/verify')
      await page.clock.install()
      await page.goto(`${server.url}/decisions/${id}`)
      await page.getByRole('button', { name: 'Open the sealed field messages' }).click()
      await page.getByLabel('What for?').fill('Beschwerde Müller')
      await page.getByRole('button', { name: 'Open for this purpose' }).click()
      await page.getByText(WORDS).first().waitFor()
      await page
        .getByTestId('reveal-left')
        .getByText(/1[45]:\d\d/)
        .waitFor()
      expect(await page.getByText(PERSON).count()).toBe(0)
      await page.clock.fastForward('15:01')
      await page.getByRole('button', { name: 'Open the sealed field messages' }).waitFor()
      expect(await page.getByText(WORDS).count()).toBe(0)
      expect(complaints).toEqual([])
    })

    test('is on record: who saw the decision, which fields, and what for', async () => {
      const { page } = await openAs('auditor', `/decisions/${id}`)
      const panel = page.getByRole('region', { name: 'Who saw this' })
      await expect
        .poll(async () => {
          await panel.getByRole('button', { name: 'Ask again' }).click()
          return panel.innerText()
        }, SOON)
        .toContain('revealed /messages for “Beschwerde Müller”')
    })
  })

  describe('the page of access', () => {
    test('tells of a denial, with who, what and why, and keeps the filter in the address', async () => {
      expect((await fetchAs('operator', '/v1/keys')).status).toBe(403)
      const { page, complaints } = await openAs('auditor', '/access?result=denied&action=keys')
      const row = page.getByTestId('look').filter({ hasText: 'the operator' }).first()
      await expect
        .poll(async () => {
          await page.keyboard.press('.')
          return row.count()
        }, SOON)
        .toBe(1)
      expect(await row.innerText()).toContain('was not allowed to see the list of keys')
      await row.getByRole('button').click()
      const drawer = page.getByRole('dialog')
      await drawer.getByText('no role of the key allows it').waitFor()
      await drawer.getByRole('button', { name: 'only this person' }).click()
      await page.waitForURL(/identity=i-/)
      expect(complaints).toEqual([])
    })

    test('makes a key that is shown this once, and revokes it', async () => {
      const { page, complaints } = await openAs('admin', '/access/keys')
      await page.getByRole('button', { name: 'Make a key…' }).click()
      await page.getByLabel('Whose key is it?').fill('Grace')
      await page.getByLabel('reviewer').check()
      await page.getByRole('button', { name: 'Make the key' }).click()
      const key = await page.getByTestId('new-key').innerText()
      expect(key).toMatch(/^dpk_/)
      keys.set('Grace', key)
      expect((await fetchAs('Grace', '/v1/session')).status).toBe(200)
      await page.keyboard.press('Escape')
      expect(await page.getByTestId('new-key').innerText()).toBe(key)
      await page.getByRole('button', { name: 'It is kept, close' }).click()
      const row = page.getByTestId('identity').filter({ hasText: 'Grace' })
      await row.waitFor()
      expect(await page.content()).not.toContain(key)
      await row.getByRole('button', { name: 'Rotate…' }).click()
      await page.getByRole('button', { name: 'Make the new key' }).click()
      expect(await page.getByTestId('new-key').innerText()).not.toBe(key)
      await page.getByRole('button', { name: 'It is kept, close' }).click()
      await row.getByRole('button', { name: 'Revoke…' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
      await page.locator('[data-testid=identity][data-state=revoked]').filter({ hasText: 'Grace' }).waitFor()
      expect((await fetchAs('Grace', '/v1/session')).status).toBe(401)
      expect(complaints).toEqual([])
    })

    test('changes the policy with a reason, and overwrites nobody else’s change', async () => {
      const { page } = await openAs('admin', '/access/policy')
      await page.getByText('These are the rules the ledger began with').waitFor()
      await page.getByRole('button', { name: 'Change…' }).click()
      await page.getByLabel('Minutes a reveal stays open').fill('5')
      await page.getByLabel('Why is it changed?').fill('shorter is enough')
      const policy = await server.get<{ rules: unknown[] }>('/v1/policy')
      const meanwhile = { ...policy, smallCells: 20, reason: 'stricter' }
      const put = await server.fetch('/v1/policy', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(withoutHistory(meanwhile)),
      })
      expect(put.status).toBe(200)
      await page.getByRole('button', { name: 'Put in force' }).click()
      await page.getByText('Somebody changed the policy since you opened it').waitFor()
      await page.getByRole('button', { name: 'load the policy of now' }).click()
      await page.getByText('made from version 2').waitFor()
      const rules = page.getByLabel('Rules, as JSON')
      await rules.fill('[{"role":"reviewer"}]')
      await page.getByText('Rule 1 needs a role').waitFor()
      await rules.fill(JSON.stringify([...policy.rules, { ...unruly, actions: ['sql'] }]))
      await page.getByLabel('Why is it changed?').fill('a trial')
      await page.getByRole('button', { name: 'Put in force' }).click()
      await page.getByRole('region', { name: 'What differs' }).getByText('operator').waitFor()
      expect(await page.locator('[data-changed=true]').count()).toBeGreaterThan(0)
    })

    test('shows what the server says of rules it does not take', async () => {
      const { page } = await openAs('admin', '/access/policy')
      await page.getByRole('button', { name: 'Change…' }).click()
      await page.getByLabel('Rules, as JSON').fill(JSON.stringify([{ ...unruly, actions: ['fly'] }]))
      await page.getByText('No role could change the policy any more').waitFor()
      await page.getByLabel('Why is it changed?').fill('a mistake')
      await page.getByRole('button', { name: 'Put in force' }).click()
      await page.getByText('Not put in force').waitFor()
    })
  })

  describe('several ledgers', () => {
    test('are kept apart: what one holds is not shown in the other, and the address says which it is', async () => {
      const { page, complaints } = await openAs('admin', '/settings')
      await page.getByLabel('New ledger').fill('acme')
      await page.getByRole('button', { name: 'Make it' }).click()
      await page.waitForURL(/ledger=acme/)
      const sent = await server.post(
        '/v1/decisions',
        { modelId: 'claims', prediction: 'approved-by-acme', timestamp: new Date().toISOString() },
        { 'Deponent-Ledger': 'acme' },
      )
      expect(sent.status).toBe(201)
      await page.getByRole('link', { name: 'Decisions' }).click()
      await page.getByText('approved-by-acme').waitFor()
      expect(await page.getByTestId('decision-row').count()).toBe(1)
      expect(page.url()).toContain('ledger=acme')
      await page.reload()
      await page.getByText('approved-by-acme').waitFor()
      await page.getByRole('button', { name: 'Ledger acme' }).click()
      await page.getByRole('dialog').getByRole('link', { name: 'default' }).click()
      await page.getByRole('link', { name: 'Decisions' }).click()
      await page.getByText(`${DECISIONS + 1} decisions`).waitFor()
      expect(await page.getByText('approved-by-acme').count()).toBe(0)
      expect(complaints).toEqual([])
    })

    test('that are not one’s own are answered as if there were none', async () => {
      const { page } = await openAs('auditor', '/decisions?ledger=acme')
      await page.getByText('There is no ledger').waitFor()
      await page.getByRole('link', { name: 'Open default' }).click()
      await page.getByRole('link', { name: 'Decisions' }).waitFor()
      expect(page.url()).not.toContain('acme')
    })

    test('are archived when their name is typed and a reason is given', async () => {
      const { page } = await openAs('admin', '/settings?ledger=acme')
      await page.getByRole('button', { name: 'Archive…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Why?').fill('the contract ended')
      const archive = dialog.getByRole('button', { name: 'Archive for good' })
      expect(await archive.isDisabled()).toBe(true)
      await dialog.getByLabel('Type its name to confirm').fill('acme')
      await archive.click()
      await page.getByTestId('ledger').filter({ hasText: 'acme' }).getByText('archived').waitFor()
    })
  })

  test('tells a reader of the settings what is not set up', async () => {
    const { page, complaints } = await openAs('auditor', '/')
    await page
      .getByText(`${DECISIONS + 1} decisions`)
      .first()
      .waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.getByText('Nothing is ever deleted').waitFor()
    await page.getByText('Nobody outside vouches').waitFor()
    expect(complaints).toEqual([])
  })

  test('shows a person their own decisions and in which role others looked, and nothing else', async () => {
    const { page, complaints } = await openAs('subject', '/')
    await page.getByText('decided by small-system').waitFor()
    expect(await page.getByRole('navigation', { name: 'Views' }).innerText()).toBe('My decisions\nVerify')
    const looks = page.getByRole('region', { name: 'Who looked, and why' })
    await looks.getByText('An auditor opened sealed fields of it for “Beschwerde Müller”.').first().waitFor()
    expect(await looks.innerText()).not.toContain('the auditor')
    await page.getByText('decided by small-system').click()
    await page.getByRole('heading', { name: 'declined' }).waitFor()
    expect(await page.getByText('Who saw this').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  function fetchAs(name: string, path: string): Promise<Response> {
    return fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${keys.get(name)}` } })
  }
})

const unruly = { role: 'operator', fields: ['plain'], systems: null, purpose: false }

/** A policy as it is sent. */
function withoutHistory(policy: object): object {
  const { changedAt: _, changedBy: __, ...sent } = policy as Record<string, unknown>
  return sent
}
