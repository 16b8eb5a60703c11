/**
 * What objects of a copy are called, below `<ledger>/<first 16 hex digits of the ledger's id>/`:
 *
 *   identity.json                              who the ledger is: origin and verification keys
 *   tile/…                                     tiles as C2SP tlog-tiles names them, partial ones too; entry tiles as they lie on disk
 *   checkpoint/<size>                          signed checkpoints, with the cosignatures they had
 *   anchors/<file>                             as in the directory
 *   vault/<first>-<end>.seg                    sealed segments
 *   vault/<first>-<end>.tail                   what the log carries beside entries whose segment is not sealed yet
 *   vault/dictionary-<number>.dict             as in the directory
 *
 * Numbers have twelve digits. A ledger that succeeds another has another id, and so a prefix of its own.
 */
import { toHex } from '@deponent/format'
import { ledgerIdOf } from '../ledger/wal-frame.ts'

/** A run of entries, `end` being past the last. */
export interface Run {
  readonly first: number
  readonly end: number
}

export type VaultPart = 'seg' | 'tail'

/** What an object of the vault holds content of. */
export interface VaultRun extends Run {
  readonly part: VaultPart
}

const DIGITS = 12
const VAULT_KEY = /^vault\/(\d{12})-(\d{12})\.(seg|tail)$/
const CHECKPOINT_KEY = /^checkpoint\/(\d{12})$/

/** What every key of a ledger's copy begins with. */
export function prefixOf(ledger: string, origin: string): string {
  return `${ledger}/${toHex(ledgerIdOf(origin)).slice(0, 16)}/`
}

export const IDENTITY_KEY = 'identity.json'

export function checkpointKey(size: number): string {
  return `checkpoint/${padded(size)}`
}

export function vaultKey({ first, end }: Run, part: VaultPart): string {
  return `vault/${padded(first)}-${padded(end)}.${part}`
}

/** The entries a key of the vault is about; undefined for every other key. */
export function parseVaultKey(key: string): VaultRun | undefined {
  const [, first, end, part] = VAULT_KEY.exec(key) ?? []
  return part === undefined ? undefined : { first: Number(first), end: Number(end), part: part as VaultPart }
}

/** The size a key of a checkpoint names; undefined for every other key. */
export function parseCheckpointKey(key: string): number | undefined {
  const size = CHECKPOINT_KEY.exec(key)?.[1]
  return size === undefined ? undefined : Number(size)
}

function padded(number: number): string {
  return String(number).padStart(DIGITS, '0')
}
