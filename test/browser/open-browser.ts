import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import chromium, { inflate } from '@sparticuz/chromium'
import { type Browser, chromium as playwright, type Page } from 'playwright-core'
import type { ServerProcess } from '../e2e/server-process.ts'

/** Flags the packaged Chromium brings for other places: they would switch off what these tests are about. */
const UNWANTED = new Set(['--single-process', '--disable-web-security', '--no-zygote'])

/** So long a page may take for anything; a test has longer. */
const WAIT_MS = 120_000

/** Shared libraries of Chromium that a bare machine may lack; the package brings them along. */
const LIBRARIES = 'al2023.tar.br'

/** The Chromium that comes inside an npm package, so that no machine needs one of its own. */
export async function openBrowser(): Promise<Browser> {
  const unpacked = await unpackedOnce()
  const executablePath = join(unpacked, 'chromium')
  const fonts = { FONTCONFIG_FILE: await fontsFrom(join(unpacked, 'fonts')) }
  try {
    return await launch(executablePath, fonts)
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('shared libraries'))) throw error
    return launch(executablePath, {
      ...fonts,
      LD_LIBRARY_PATH: join(await inflate(packed(LIBRARIES)), 'lib'),
    })
  }
}

/** What the package says of its fonts names folders of another place, and a browser that finds no font at all does not start. */
async function fontsFrom(folder: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'fonts-'))
  const file = join(scratch, 'fonts.conf')
  await writeFile(
    file,
    `<?xml version="1.0"?><fontconfig><dir>${folder}</dir><cachedir>${scratch}</cachedir></fontconfig>`,
  )
  return file
}

/** A file the package brings. */
function packed(name: string): string {
  return fileURLToPath(new URL(`../bin/${name}`, import.meta.resolve('@sparticuz/chromium')))
}

/**
 * The folder the package was unpacked to. It takes its temporary folder for that and calls a file unpacked once it is there, so two
 * test files at once would start half a browser: each unpacks for itself, and the first to be done gives it its name.
 */
async function unpackedOnce(): Promise<string> {
  const cache = fileURLToPath(new URL('../../.cache/', import.meta.url))
  // Its size stands for its version, which the package does not let one import.
  const kept = join(cache, `chromium-${statSync(packed('chromium.br')).size}`)
  if (existsSync(kept)) return kept
  await mkdir(cache, { recursive: true })
  const own = await mkdtemp(join(cache, 'unpacking-'))
  const before = process.env.TMPDIR
  process.env.TMPDIR = own
  try {
    await chromium.executablePath()
  } finally {
    process.env.TMPDIR = before
  }
  try {
    await rename(own, kept)
  } catch {
    await rm(own, { recursive: true })
  }
  return kept
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
  // A machine that does other things besides is slow, not wrong.
  context.setDefaultTimeout(WAIT_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
  })
  await page.goto(`${server.url}${path}#key=${server.key}`)
  return { page, complaints }
}
