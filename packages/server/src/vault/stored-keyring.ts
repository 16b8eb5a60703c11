/** What the files of a keyring hold, read without changing anything: its pages, each with the key that opens it. */
import { FormatError, toHex } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import {
  isDestroyed,
  type KeyFrame,
  keyFrameBytes,
  type KeyPair,
  openKeyFrame,
  readKeyFrames,
} from './key-frames.ts'
import { type PageKeyPlace, type PageKeys, readPageKeys } from './page-keys.ts'
import { deriveKey } from './root-key.ts'

/** Where the keyring of a ledger lies. */
export interface KeyringPlace {
  readonly disk: Disk
  /** The keyring directory, shared by all ledgers of the server. */
  readonly directory: string
  readonly ledger: string
  /** The first 16 bytes of SHA-256(origin): unlike the name it stays what it is when the ledger is succeeded by another. */
  readonly ledgerId: Uint8Array
}

/** The file of a page: the first has the plain name, later ones their number. */
export function pageFileName(ledger: string, page: number): string {
  return page === 0 ? `${ledger}.keys` : `${ledger}.${String(page).padStart(6, '0')}.keys`
}

export function pageKeysFileName(ledger: string): string {
  return `${ledger}.pages`
}

/** Whether a file of the keyring directory belongs to the pages of this ledger. */
export function isPageFile(ledger: string, name: string): boolean {
  return [`${ledger}.keys`, pageKeysFileName(ledger)].includes(name) || isLaterPage(ledger, name)
}

function isLaterPage(ledger: string, name: string): boolean {
  return name.startsWith(`${ledger}.`) && /^\d{6}\.keys$/.test(name.slice(ledger.length + 1))
}

/** A page as it was found. */
export interface StoredPage {
  /** Number of its first key. */
  readonly first: number
  readonly pairs: readonly KeyPair[]
  /** The key its file opens with; `next` is set while it was to be written again, and `isRewritten` says whether it was. */
  readonly keys: PageKeys
  readonly isRewritten: boolean
  readonly exists: boolean
  /** Bytes of whole frames. */
  readonly end: number
  readonly isTorn: boolean
  /** The bytes of the last whole frame, none in an empty page. */
  readonly last?: Uint8Array
}

/** Where the page keys of a keyring lie; their wrapping key is derived from `root`. */
export function pageKeyPlace(
  { disk, directory, ledger, ledgerId }: KeyringPlace,
  root: Uint8Array,
): PageKeyPlace {
  const wrappingKey = deriveKey(root, `deponent/keyring/v1/${toHex(ledgerId)}`)
  return { disk, path: `${directory}/${pageKeysFileName(ledger)}`, wrappingKey }
}

/** Every page of a keyring in order; none when there is no keyring. FormatError `keyring_damaged` unless every key can be read. */
export async function readPages(place: KeyringPlace, root: Uint8Array): Promise<StoredPage[]> {
  const { disk, directory, ledger } = place
  const keys = await readPageKeys(pageKeyPlace(place, root))
  if (!keys) {
    if ((await disk.size(`${directory}/${pageFileName(ledger, 0)}`)) !== undefined)
      throw new FormatError('keyring_damaged', 'the file of page keys is missing')
    return []
  }
  const pages: StoredPage[] = []
  let first = 0
  for (const [number, pageKeys] of keys.entries()) {
    const bytes = await disk.read(`${directory}/${pageFileName(ledger, number)}`)
    // A page is named before it is made: only the last one may be missing.
    if (!bytes && number < keys.length - 1)
      throw new FormatError('keyring_damaged', `page ${number} of the keyring is missing`)
    const page = readPage(bytes, first, pageKeys)
    if (page.isTorn && number < keys.length - 1)
      throw new FormatError('keyring_damaged', `page ${number} of the keyring is cut off`)
    pages.push(page)
    first += page.pairs.length
  }
  return pages
}

function readPage(bytes: Uint8Array | undefined, first: number, keys: PageKeys): StoredPage {
  const { frames, end, torn } = readKeyFrames(bytes ?? new Uint8Array(0), first)
  const [firstFrame] = frames
  const isRewritten = firstFrame && keys.next ? openKeyFrame(keys.next, firstFrame) !== undefined : false
  const key = (isRewritten ? keys.next : undefined) ?? keys.key
  const lastFrame = frames.at(-1)
  return {
    first,
    pairs: frames.flatMap((frame) => opened(key, frame)),
    keys,
    isRewritten,
    exists: bytes !== undefined,
    end,
    isTorn: torn,
    ...(lastFrame && { last: bytes!.slice(lastFrame.end - keyFrameBytes(lastFrame.count), lastFrame.end) }),
  }
}

function opened(key: Uint8Array, frame: KeyFrame): KeyPair[] {
  const pairs = openKeyFrame(key, frame)
  if (!pairs) throw new FormatError('keyring_damaged', 'a keyring frame does not open with its page key')
  return pairs
}

/**
 * Every key of a keyring by number, for reading only, undefined where one was destroyed; a torn last frame is left out. FormatError
 * `keyring_damaged`.
 */
export async function readKeys(place: KeyringPlace, root: Uint8Array): Promise<(Uint8Array | undefined)[]> {
  const pages = await readPages(place, root).catch((error: unknown) => {
    // A page may be written again between two reads, by a server that runs on the directory.
    if (error instanceof FormatError) return readPages(place, root)
    throw error
  })
  return pages.flatMap(({ pairs }) => pairs.map((pair) => (isDestroyed(pair) ? undefined : pair.key)))
}
