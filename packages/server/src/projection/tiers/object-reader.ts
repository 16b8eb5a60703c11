// Lets the engine read objects it could not read by itself: on 127.0.0.1, under a path that is a secret of this start. The engine never
// sees credentials of the store, and what it reads again and again is kept in memory for a while.

import { createHash, timingSafeEqual } from 'node:crypto'
import { type HttpListener, type HttpRequest, type HttpResponse, listen } from '../../platform/http-server.ts'
import type { ObjectStore } from '../../platform/object-store.ts'
import type { Random } from '../../platform/random.ts'

/** Objects are fetched in blocks, aligned. */
const BLOCK_BYTES = 1_048_576
const BLOCKS_MAX = 64
const SIZES_MAX = 10_000

/**
 * When the store does not give an object. Not Implemented, because the engine does not ask again after that: after other failures it does so
 * for longer than a question may take, and ends itself.
 */
const UNANSWERED = 501

export interface ObjectReader {
  /** What is put before a key. */
  readonly url: string
  /** Has objects read anew that were removed or replaced. */
  forget(keys: readonly string[]): void
  close(): Promise<void>
}

export async function readObjects(store: ObjectStore, random: Random): Promise<ObjectReader> {
  const token = Buffer.from(random.bytes(24)).toString('base64url')
  const objects = new CachedObjects(store)
  const listener: HttpListener = await listen({ host: '127.0.0.1', port: 0, bodyBytesMax: 0 }, (request) =>
    answer(objects, token, request).catch(() => ({ status: UNANSWERED, body: '' })),
  )
  return {
    url: `http://127.0.0.1:${listener.port}/${token}`,
    forget: (keys) => objects.forget(keys),
    close: () => listener.close(),
  }
}

async function answer(
  objects: CachedObjects,
  token: string,
  { headers, method, target }: HttpRequest,
): Promise<HttpResponse> {
  const [, given = '', ...segments] = target.split('?')[0]!.split('/')
  if (!timingSafeEqual(digest(given), digest(token))) return { status: 403, body: '' }
  const key = decodeURIComponent(segments.join('/'))
  const size = await objects.size(key)
  if (size === undefined) return { status: 404, body: '' }
  if (method === 'HEAD')
    return { status: 200, headers: { 'Accept-Ranges': 'bytes', 'Content-Length': `${size}` }, body: '' }
  const range = rangeOf(headers['range'], size)
  const body = await objects.read(key, range?.from ?? 0, range?.end ?? size)
  if (!range) return { status: 200, headers: { 'Accept-Ranges': 'bytes' }, body }
  const told = { 'Content-Range': `bytes ${range.from}-${range.end - 1}/${size}`, 'Accept-Ranges': 'bytes' }
  return { status: 206, headers: told, body }
}

function rangeOf(header: string | undefined, size: number): { from: number; end: number } | undefined {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined || Number(from) >= size) return undefined
  return { from: Number(from), end: last ? Math.min(Number(last) + 1, size) : size }
}

/** An object that was there a moment ago is gone. */
class ObjectGone extends Error {}

class CachedObjects {
  readonly #store: ObjectStore
  readonly #sizes = new Map<string, number>()
  /** By key and number, the one asked longest ago first. */
  readonly #blocks = new Map<string, Promise<Uint8Array>>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  forget(keys: readonly string[]): void {
    const gone = new Set(keys)
    for (const key of gone) this.#sizes.delete(key)
    for (const name of this.#blocks.keys())
      if (gone.has(name.slice(0, name.indexOf(' ')))) this.#blocks.delete(name)
  }

  async size(key: string): Promise<number | undefined> {
    const known = this.#sizes.get(key)
    if (known !== undefined) return known
    for await (const object of this.#store.list(key)) {
      if (object.key !== key) continue
      keepNewest(this.#sizes, key, object.bytes, SIZES_MAX)
      return object.bytes
    }
    return undefined
  }

  async read(key: string, from: number, end: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for (let at = from; at < end;) {
      const number = Math.floor(at / BLOCK_BYTES)
      const start = number * BLOCK_BYTES
      const block = await this.#block(key, number)
      const part = block.subarray(at - start, Math.min(end - start, BLOCK_BYTES))
      if (part.length === 0) throw new ObjectGone()
      parts.push(part)
      at += part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  #block(key: string, number: number): Promise<Uint8Array> {
    const name = `${key} ${number}`
    const known = this.#blocks.get(name)
    const block = known ?? this.#load(key, number)
    keepNewest(this.#blocks, name, block, BLOCKS_MAX)
    block.catch(() => {
      if (this.#blocks.get(name) === block) this.#blocks.delete(name)
    })
    return block
  }

  async #load(key: string, number: number): Promise<Uint8Array> {
    const range = { from: number * BLOCK_BYTES, end: (number + 1) * BLOCK_BYTES }
    const bytes = await this.#store.get(key, { range })
    if (!bytes) throw new ObjectGone()
    return bytes
  }
}

function keepNewest<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= max) return
    map.delete(oldest)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
