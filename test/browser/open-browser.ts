import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import chromium, { inflate } from '@sparticuz/chromium'
import { type Browser, chromium as playwright, type Page } from 'playwright-core'
import type { ServerProcess } from '../e2e/server-process.ts'

/** Flags the packaged Chromium brings for other places: they would switch off what these tests are about. */
const UNWANTED = new Set(['--single-process', '--disable-web-security', '--no-zygote'])

/** Shared libraries of Chromium that a bare machine may lack; the package brings them along. */
const LIBRARIES = 'al2023.tar.br'

/** The Chromium that comes inside an npm package, so that no machine needs one of its own. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await chromium.executablePath()
  try {
    return await launch(executablePath, {})
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('shared libraries'))) throw error
    const packaged = fileURLToPath(new URL(`../bin/${LIBRARIES}`, import.meta.resolve('@sparticuz/chromium')))
    return launch(executablePath, { LD_LIBRARY_PATH: join(await inflate(packaged), 'lib') })
  }
}

function launch(executablePath: string, environment: Record<string, string>): Promise<Browser> {
  return playwright.launch({
    executablePath,
    args: chromium.args.filter((flag) => !UNWANTED.has(flag)),
    env: { ...process.env, ...environment },
    headless: true,
  })
}

/** A page on the server's dashboard, opened with the link the server prints; what it complains about is collected. */
export async function openPage(
  browser: Browser,
  server: Pick<ServerProcess, 'url' | 'key'>,
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
