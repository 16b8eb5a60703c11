import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright, type Page } from 'playwright-core'
import type { ServerProcess } from '../e2e/server-process.ts'

/** Flags the packaged Chromium brings for other places: they would switch off what these tests are about. */
const UNWANTED = new Set(['--single-process', '--disable-web-security', '--no-zygote'])

/** The Chromium that comes inside an npm package, so that no machine needs one of its own. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((flag) => !UNWANTED.has(flag)),
    headless: true,
  })
}

/** A page on the server's dashboard, opened with the link the server prints; what it complains about is collected. */
export async function openPage(
  browser: Browser,
  server: ServerProcess,
  path: string,
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(`${server.url}${path}#key=${server.key}`)
  return { page, complaints }
}
