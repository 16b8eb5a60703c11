/**
 * What a file system keeps, and what of it a power cut leaves. A file has its bytes twice: as the system shows them, and as
 * they lie on the medium.
 *
 *   write ─▶ shown, page dirty ─▶ sync ─▶ medium
 *                    └─ power cut: the page is lost, kept, or torn between two sectors
 *
 * Invariants:
 * - pages are replaced, never changed, so that the shown and the stored content may hold the same one;
 * - a page that differs from the medium is dirty, or a failed sync made the system forget that it was: then only writing it
 *   again brings it there (as on Linux; Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020);
 * - each change of a name that was not synced is lost or kept on its own, in any combination. A journalling file system is
 *   kinder than that, and no promise of POSIX.
 */
const PAGE_BYTES = 4_096
const SECTOR_BYTES = 512
const ZERO_PAGE = new Uint8Array(PAGE_BYTES)

/** The seeded choices of a medium. */
export interface Chance {
  /** A whole number from 0 to `n` − 1. */
  below(n: number): number
}

/** Bytes of the medium that a file of `size` bytes takes: whole pages, whatever is in them. */
export function allocatedBytes(size: number): number {
  return Math.ceil(size / PAGE_BYTES) * PAGE_BYTES
}

/** Bytes in pages; a page of zeros is not held. */
class Content {
  size: number
  readonly pages: Map<number, Uint8Array>

  constructor(size = 0, pages: Iterable<[number, Uint8Array]> = []) {
    this.size = size
    this.pages = new Map(pages)
  }

  page(n: number): Uint8Array {
    return this.pages.get(n) ?? ZERO_PAGE
  }

  put(n: number, page: Uint8Array): void {
    if (Buffer.compare(page, ZERO_PAGE) === 0) this.pages.delete(n)
    else this.pages.set(n, page)
  }

  /** Ends the content at `size`: what lay beyond reads as zeros should it ever grow again. */
  cut(size: number): void {
    this.size = size
    const last = Math.floor(size / PAGE_BYTES)
    for (const n of this.pages.keys()) if (n > last) this.pages.delete(n)
    const page = this.page(last).slice()
    page.fill(0, size % PAGE_BYTES)
    this.put(last, page)
  }

  read(position: number, length: number): Uint8Array {
    const end = Math.min(this.size, position + length)
    const bytes = new Uint8Array(Math.max(0, end - position))
    for (let at = position; at < end;) {
      const within = at % PAGE_BYTES
      const piece = this.page(Math.floor(at / PAGE_BYTES)).subarray(within, within + end - at)
      bytes.set(piece, at - position)
      at += piece.length
    }
    return bytes
  }
}

/** The first or the last sectors of one page, the rest of the other. */
function torn(before: Uint8Array, after: Uint8Array, chance: Chance): Uint8Array {
  const at = SECTOR_BYTES * (1 + chance.below(PAGE_BYTES / SECTOR_BYTES - 1))
  const [head, tail] = chance.below(2) === 0 ? [after, before] : [before, after]
  const page = tail.slice()
  page.set(head.subarray(0, at))
  return page
}

export class FileNode {
  readonly #shown: Content
  readonly #medium: Content
  readonly #dirty = new Set<number>()

  constructor(shown = new Content(), medium = new Content()) {
    this.#shown = shown
    this.#medium = medium
  }

  get size(): number {
    return this.#shown.size
  }

  allocated(): number {
    return allocatedBytes(this.size)
  }

  read(position: number, length: number): Uint8Array {
    return this.#shown.read(position, length)
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const n = Math.floor((position + done) / PAGE_BYTES)
      const within = (position + done) % PAGE_BYTES
      const piece = bytes.subarray(done, done + PAGE_BYTES - within)
      const page = this.#shown.page(n).slice()
      page.set(piece, within)
      this.#shown.put(n, page)
      this.#dirty.add(n)
      done += piece.length
    }
    if (bytes.length > 0) this.#shown.size = Math.max(this.#shown.size, position + bytes.length)
  }

  truncate(size: number): void {
    const first = Math.floor(Math.min(size, this.#shown.size) / PAGE_BYTES)
    for (let n = first; n * PAGE_BYTES < this.#shown.size; n += 1) this.#dirty.add(n)
    this.#shown.cut(size)
  }

  /** Brings every dirty page to the medium. */
  sync(): void {
    this.failSync(() => true)
  }

  /** A sync that fails: each dirty page reached the medium or did not, and the system takes all of them for clean. */
  failSync(reached: () => boolean): void {
    let isComplete = true
    for (const n of this.#dirty) {
      if (reached()) this.#medium.put(n, this.#shown.page(n))
      else isComplete = false
    }
    this.#dirty.clear()
    if (isComplete) this.#medium.size = this.#shown.size
  }

  /** The file after a power cut. `isKept` decides for each page; `chance` where the rest is torn. */
  surviving(isKept: () => boolean, chance: Chance): FileNode {
    const content = new Content(this.#medium.size, this.#medium.pages)
    for (const n of this.#dirty) {
      if (isKept()) content.put(n, this.#shown.page(n))
      else if (chance.below(4) === 0) content.put(n, torn(content.page(n), this.#shown.page(n), chance))
    }
    content.cut(this.#survivingSize(isKept, chance))
    return new FileNode(content, new Content(content.size, content.pages))
  }

  #survivingSize(isKept: () => boolean, chance: Chance): number {
    if (isKept()) return this.#shown.size
    const gained = this.#shown.size - this.#medium.size
    return gained > 0 && chance.below(4) === 0 ? this.#medium.size + chance.below(gained) : this.#medium.size
  }
}

export type Node = FileNode | DirectoryNode

/** Names that change together: a rename within one directory is one change of two names. */
type Change = readonly (readonly [name: string, node: Node | undefined])[]

function applyChange(names: Map<string, Node>, change: Change): void {
  for (const [name, node] of change) {
    if (node) names.set(name, node)
    else names.delete(name)
  }
}

export class DirectoryNode {
  /** Of the directory itself, as stat(2) would have it; says nothing about what is in it. */
  readonly size = PAGE_BYTES
  readonly #shown: Map<string, Node>
  readonly #medium: Map<string, Node>
  #unsynced: Change[] = []

  constructor(names: Iterable<[string, Node]> = []) {
    this.#shown = new Map(names)
    this.#medium = new Map(this.#shown)
  }

  get(name: string): Node | undefined {
    return this.#shown.get(name)
  }

  names(): string[] {
    return [...this.#shown.keys()].toSorted()
  }

  /** Bytes of the medium that the files below take. */
  allocated(): number {
    return [...this.#shown.values()].reduce((sum, node) => sum + node.allocated(), 0)
  }

  change(...change: Change): void {
    applyChange(this.#shown, change)
    this.#unsynced.push(change)
  }

  sync(): void {
    this.failSync(() => true)
  }

  /** A sync that fails: the first changes reached the medium, the others wait for the next sync. */
  failSync(reached: () => boolean): void {
    while (this.#unsynced.length > 0 && reached()) applyChange(this.#medium, this.#unsynced.shift()!)
  }

  /** The directory, and all below it, after a power cut. */
  surviving(isKept: () => boolean, chance: Chance): DirectoryNode {
    const names = new Map(this.#medium)
    for (const change of this.#unsynced) if (isKept()) applyChange(names, change)
    return new DirectoryNode([...names].map(([name, node]) => [name, node.surviving(isKept, chance)]))
  }
}
