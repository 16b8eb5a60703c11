/**
 * One snapshot: which objects, put under which paths, are the data directory as of one checkpoint of each of its ledgers. It is an object
 * itself, `snapshots/<id>`, sealed as every other, and the last that is put: without it no snapshot was made.
 */
import { FormatError, fromUtf8, toHex, utf8 } from '@deponent/format'
import type { Random } from '../platform/random.ts'

/** A file of the directory and the object that holds it. */
export interface SnapshotFile {
  /** Relative to the data directory. */
  readonly path: string
  /** Name of the object. */
  readonly object: string
  /** Bytes of the file; the object has a few more, or fewer where it is compressed. */
  readonly bytes: number
  /** Hex SHA-256 of the file. */
  readonly digest: string
  /** Of a vault segment the digest in its footer: while that stays, so does the file. */
  readonly mark?: string
}

/** One ledger as of its checkpoint. */
export interface SnapshotLedger {
  readonly name: string
  readonly origin: string
  /** Entries; what came after the checkpoint is left out. */
  readonly size: number
  /** Hex. */
  readonly root: string
  /** So many keys must be in the keyring that this is put back with. */
  readonly keysNeeded: number
  /** How many erasures and expiries had ever been begun, by the journal outside the directory. */
  readonly begun: number
}

export interface Snapshot {
  readonly v: 1
  readonly id: string
  /** Unix milliseconds. */
  readonly madeAt: number
  /** Version of the product that made it. */
  readonly product: string
  /** 32 hex digits that belong to one data directory alone. */
  readonly directory: string
  readonly ledgers: readonly SnapshotLedger[]
  readonly files: readonly SnapshotFile[]
}

const ID = /^(\d{8})T(\d{6})(\d{3})Z-[0-9a-f]{8}$/
const ID_MS = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/

/** Whether a text names a snapshot. */
export function isSnapshotId(text: string): boolean {
  return ID.test(text)
}

/** The time in the id of a snapshot, Unix milliseconds. */
export function timeOfSnapshot(id: string): number {
  const [, ...parts] = ID_MS.exec(id) ?? []
  const [year, month, day, hour, minute, second, ms] = parts.map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second, ms)
}

/** An id that sorts behind all of `earlier`, whatever the clock says: its time, and enough to tell two of one moment apart. */
export function nextSnapshotId(now: number, earlier: readonly string[], random: Random): string {
  const newest = earlier.at(-1)
  const at = Math.max(now, newest === undefined ? 0 : timeOfSnapshot(newest) + 1)
  const time = new Date(at).toISOString().replaceAll(/[-:.]/g, '')
  return `${time}-${toHex(random.bytes(4))}`
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return utf8(JSON.stringify(snapshot))
}

/** FormatError `snapshot_unknown` when a newer release made it. */
export function decodeSnapshot(content: Uint8Array): Snapshot {
  const snapshot = JSON.parse(fromUtf8(content)) as Snapshot
  if (snapshot.v !== 1)
    throw new FormatError('snapshot_unknown', `the snapshot is of version ${String(snapshot.v)}, expected 1`)
  return snapshot
}
