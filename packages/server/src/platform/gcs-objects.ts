/** Buckets and objects as the JSON protocol of Google Cloud Storage states them. */
import type { Lock } from './object-store.ts'

/** What is read of one generation of an object. Numbers of 64 bits come as text. */
export interface StatedObject {
  readonly name: string
  readonly generation: string
  readonly size?: string
  readonly timeCreated?: string
  /** Since when it is not the live one. */
  readonly timeDeleted?: string
  readonly retention?: { readonly mode?: string; readonly retainUntilTime?: string }
}

export interface StatedPage {
  readonly items?: readonly StatedObject[]
  readonly nextPageToken?: string
}

export interface StatedBucket {
  readonly versioning?: { readonly enabled?: boolean }
  readonly objectRetention?: { readonly mode?: string }
  readonly softDeletePolicy?: { readonly retentionDurationSeconds?: string }
}

/** The object in a text; undefined when it is none. */
export function stated<T extends object>(bytes: Uint8Array): T | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null ? (value as T) : undefined
  } catch {
    return undefined
  }
}

/** Retention as it is sent; whole milliseconds are its grain. */
export function retentionOf({ mode, until }: Lock): { mode: string; retainUntilTime: string } {
  return {
    mode: mode === 'compliance' ? 'Locked' : 'Unlocked',
    retainUntilTime: new Date(Math.ceil(until)).toISOString(),
  }
}

export function lockStated({ retention }: StatedObject, now: number): Lock | undefined {
  const until = Date.parse(retention?.retainUntilTime ?? '')
  if (!(until > now)) return undefined
  return { mode: retention?.mode === 'Locked' ? 'compliance' : 'governance', until }
}

/** The body of an upload that carries an object with what is stated of it (multipart/related). */
export function uploadBody(statement: object, bytes: Uint8Array, boundary: string): Uint8Array {
  const head =
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(statement)}\r\n` +
    `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
}
