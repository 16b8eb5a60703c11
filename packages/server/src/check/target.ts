/** What a file that somebody wants verified is, told from its text. */
import { isEmitterProof, isEvidencePage } from '@deponent/format'

export type TargetKind = 'bundle' | 'page' | 'proof' | 'receipt' | 'emitter proof'

/** The kind of a text; undefined when it is none that can be verified. What is broken is told by what it set out to be. */
export function targetKind(text: string): TargetKind | undefined {
  if (text.startsWith('c2sp.org/tlog-proof@')) return 'proof'
  if (isEvidencePage(text)) return 'page'
  if (!text.trimStart().startsWith('{')) return undefined
  if (/^\s*\{\s*"bundle"\s*:/.test(text)) return 'bundle'
  if (isEmitterProof(text)) return 'emitter proof'
  const names = topLevelNames(text)
  if (names.includes('bundle')) return 'bundle'
  return names.some((name) => RECEIPT_NAMES.has(name)) ? 'receipt' : undefined
}

const RECEIPT_NAMES = new Set(['receipts', 'promise', 'leafHash', 'path'])

/** Of JSON that does not parse, every name in it: what it is broken from. */
function topLevelNames(text: string): string[] {
  try {
    return Object.keys(JSON.parse(text) as object)
  } catch {
    return [...text.slice(0, 65_536).matchAll(/"(\w+)"\s*:/g)].map((match) => match[1]!)
  }
}
