/**
 * What this browser remembers of each ledger, by origin: whose key it believes and the largest head it has checked.
 *
 * - A key is pinned when it is first seen and never replaced except by the reader's own hand.
 * - A head is only remembered after its signature was verified under the pinned key, and never shrinks.
 *
 * Without such a memory a server could show another history, under another key, to each visit.
 */

/** A believed key. `first-seen` is the operator's own word; `pasted` came to the reader some other way. */
export interface Pin {
  readonly checkpointVkey: string
  readonly promiseVkey?: string
  /** Witnesses the reader named. */
  readonly witnessVkeys?: readonly string[]
  /** Unix milliseconds. */
  readonly since: number
  readonly source: 'first-seen' | 'pasted'
}

/** A signed checkpoint that was checked here. */
export interface Head {
  readonly size: number
  /** 64 hex digits. */
  readonly root: string
  /** When it was checked, Unix milliseconds. */
  readonly at: number
}

/** Where texts are kept; `localStorage` is one. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem'>

const PINS = 'deponent.pins'
const HEADS = 'deponent.heads'

/** The pinned key of an origin. */
export function pinOf(store: TextStore, origin: string): Pin | undefined {
  return read(store, PINS, isPin)[origin]
}

/** Pins a key, replacing an earlier one: only ever called for a first sight or on the reader's word. */
export function rememberPin(store: TextStore, origin: string, pin: Pin): void {
  write(store, PINS, { ...read(store, PINS, isPin), [origin]: pin })
}

/** The largest head checked so far. */
export function headOf(store: TextStore, origin: string): Head | undefined {
  return read(store, HEADS, isHead)[origin]
}

/** Remembers a head unless a larger one is known. */
export function rememberHead(store: TextStore, origin: string, head: Head): void {
  const heads = read(store, HEADS, isHead)
  if ((heads[origin]?.size ?? -1) > head.size) return
  write(store, HEADS, { ...heads, [origin]: head })
}

/** Forgets the head of an origin: it was signed by a key that is no longer believed. */
export function forgetHead(store: TextStore, origin: string): void {
  const { [origin]: _, ...others } = read(store, HEADS, isHead)
  write(store, HEADS, others)
}

function read<T>(store: TextStore, name: string, isOne: (value: unknown) => value is T): Record<string, T> {
  const kept = parsed(store.getItem(name))
  if (typeof kept !== 'object' || kept === null) return {}
  return Object.fromEntries(Object.entries(kept).filter((pair): pair is [string, T] => isOne(pair[1])))
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function write(store: TextStore, name: string, value: object): void {
  store.setItem(name, JSON.stringify(value))
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) return false
  const { checkpointVkey, promiseVkey, witnessVkeys, since, source } = value as Partial<Pin>
  return (
    typeof checkpointVkey === 'string' &&
    (promiseVkey === undefined || typeof promiseVkey === 'string') &&
    (witnessVkeys === undefined ||
      (Array.isArray(witnessVkeys) && witnessVkeys.every((vkey) => typeof vkey === 'string'))) &&
    typeof since === 'number' &&
    (source === 'first-seen' || source === 'pasted')
  )
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false
  const { size, root, at } = value as Partial<Head>
  return Number.isSafeInteger(size) && /^[0-9a-f]{64}$/.test(root ?? '') && typeof at === 'number'
}
