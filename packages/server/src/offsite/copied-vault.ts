/**
 * The sealed content of a copy. Whoever has no keys can make segments that are whole, and none that opens: so of what may hold the content of
 * an entry that is taken of which most opens, and what does not belong to its entries is passed over.
 */
import { type Entry, FormatError } from '@deponent/format'
import { decodeAttachment } from '../recording/attachment.ts'
import { open } from '../vault/seal.ts'
import { parseVaultKey, type Run, type VaultPart, type VaultRun } from './object-keys.ts'
import { CopyIncomplete, orNothing, type StoredCopy } from './stored-copy.ts'
import { wholeSegment } from './whole-segment.ts'

/** Frames of a segment that are opened to judge it. */
const JUDGED_BY = 64

/** What payloads are opened with. */
export interface VaultKeys {
  keyOf(number: number): Uint8Array | undefined
  dictionaryOf(number: number): Uint8Array | undefined
}

/** Content of consecutive entries as a copy holds it. */
export interface CopiedContent extends VaultRun {
  /** The object as it is. */
  readonly bytes: Uint8Array
  /** What is in it: vault frames in a segment, attachments of the log in a piece. */
  readonly parts: readonly Uint8Array[]
}

export interface CopiedVaultOptions {
  readonly copy: StoredCopy
  readonly ledgerId: Uint8Array
  readonly size: number
  /** Nothing is judged without. */
  readonly keys: VaultKeys | undefined
  entriesOf(run: Run): Promise<readonly Entry[]>
}

/** The content of all entries of a copy, in order: segments as far as they go, then pieces of the log. @throws CopyIncomplete */
export async function* contentsOf(options: CopiedVaultOptions): AsyncGenerator<CopiedContent> {
  const { copy, size } = options
  const runs = copy.keys('vault/').flatMap((key) => {
    const run = parseVaultKey(key)
    return run && run.first < run.end ? [{ ...run, key }] : []
  })
  for (let at = 0; at < size;) {
    const content = await contentAt(options, runs, at)
    if (!content)
      throw new CopyIncomplete(
        `the copy of ledger ${copy.ledger} holds no sealed content of entries from ${at} on`,
      )
    yield content
    at = content.end
  }
}

interface NamedRun extends VaultRun {
  readonly key: string
}

async function contentAt(
  options: CopiedVaultOptions,
  runs: readonly NamedRun[],
  at: number,
): Promise<CopiedContent | undefined> {
  const segments = runs.filter(
    ({ part, first, end }) => part === 'seg' && first === at && end <= options.size,
  )
  const pieces = runs.filter(({ part, first, end }) => part === 'tail' && first <= at && end > at)
  let closed: CopiedContent | undefined
  for (const run of [...furthestFirst(segments), ...furthestFirst(pieces)]) {
    const found = await contentOf(options, run)
    if (found && found.opened > 0) return found.content
    // All of it erased, or made by somebody who says so: taken when there is nothing else.
    closed ??= found?.content
  }
  return closed
}

function furthestFirst(runs: readonly NamedRun[]): NamedRun[] {
  return runs.toSorted((a, b) => b.end - a.end)
}

/** The best of the whole versions of an object; undefined when none belongs to its entries. */
async function contentOf(
  { copy, entriesOf, keys, ledgerId, size }: CopiedVaultOptions,
  { key, part, first, end }: NamedRun,
): Promise<{ content: CopiedContent; opened: number } | undefined> {
  const judged = { first, end: Math.min(end, size) }
  const entries = keys ? await entriesOf(judged) : []
  let best: { content: CopiedContent; opened: number } | undefined
  for await (const bytes of copy.candidates(key)) {
    const parts = orNothing(() => wholeSegment(ledgerId, first, bytes).frames)
    if (parts?.length !== end - first) continue
    const opened = keys ? orNothing(() => countOpened(entries, parts, part, keys)) : 0
    if (opened === undefined || opened <= (best?.opened ?? -1)) continue
    best = { content: { first, end, part, bytes, parts }, opened }
  }
  return best
}

/** How many of some of them open; FormatError when one was not sealed for its entry. */
function countOpened(
  entries: readonly Entry[],
  parts: readonly Uint8Array[],
  part: VaultPart,
  keys: VaultKeys,
): number {
  const step = Math.max(1, Math.floor(entries.length / JUDGED_BY))
  let opened = 0
  for (let i = 0; i < entries.length; i += step) {
    const frame = part === 'seg' ? parts[i]! : decodeAttachment(parts[i]!).frame
    if (isOpened(entries[i]!, frame, keys)) opened += 1
  }
  return opened
}

function isOpened(entry: Entry, frame: Uint8Array, { dictionaryOf, keyOf }: VaultKeys): boolean {
  try {
    return open(entry, frame, keyOf, dictionaryOf) !== undefined
  } catch (error) {
    // A learned dictionary that is not there says nothing of the frame.
    if (error instanceof FormatError && error.code === 'payload_mismatch') throw error
    return false
  }
}
