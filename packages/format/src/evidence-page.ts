/**
 * A bundle inside the page that verifies it (format, section 10.3). The page is data and a verifier; whoever
 * distrusts the verifier takes the data out and uses another.
 */
import { toHex, utf8 } from './bytes.ts'
import { FormatError } from './error.ts'
import { sha256 } from './hash/sha256.ts'

const BUNDLE_OPEN = '<script type="application/json" id="bundle">'
const VERIFIER_OPEN = '<script id="verifier">'
const CLOSE = '</script>'

/** Whether a text is meant to be such a page. */
export function isEvidencePage(text: string): boolean {
  return /^\s*<!doctype html>/i.test(text) && text.includes(BUNDLE_OPEN)
}

/** The page with the text of a bundle in its place. FormatError 'bad_page' when the page has none. */
export function fillEvidencePage(page: string, bundle: string): string {
  const { start, end } = placeOf(page)
  // No text of a bundle can then end the script it stands in, and JSON reads the same.
  const safe = bundle.trim().replaceAll('<', String.raw`\u003c`)
  return page.slice(0, start) + safe + page.slice(end)
}

/** The text of the bundle in a page. FormatError 'bad_page' when there is none. */
export function bundleOfPage(page: string): string {
  const { start, end } = placeOf(page)
  return page.slice(start, end)
}

function placeOf(page: string): { start: number; end: number } {
  const at = page.indexOf(BUNDLE_OPEN)
  const start = at + BUNDLE_OPEN.length
  const end = page.indexOf(CLOSE, start)
  if (at < 0 || end < 0) throw new FormatError('bad_page', 'the page holds no bundle')
  if (page.includes(BUNDLE_OPEN, end)) throw new FormatError('bad_page', 'the page holds two bundles')
  return { start, end }
}

/** Hex SHA-256 of the verifier in a page; undefined when it has none. */
export function verifierDigest(page: string): string | undefined {
  const at = page.indexOf(VERIFIER_OPEN)
  const start = at + VERIFIER_OPEN.length
  const end = page.indexOf(CLOSE, start)
  return at < 0 || end < 0 ? undefined : toHex(sha256(utf8(page.slice(start, end))))
}
