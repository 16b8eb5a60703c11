/** Payloads opened and sealed again, by somebody who holds the keyring. */
import { type CanonicalRecord, preparePayload } from '@deponent/format'
import type { Random } from '../platform/random.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import { frameHead, open, seal, sealPublic } from '../vault/seal.ts'
import { recommit } from '../vault/opened.ts'
import type { Item } from './contents.ts'

/** What opens payloads. */
export interface ContentSecrets {
  /** The keys of the keyring, by number; none where the root key is kept elsewhere. */
  contentKeys: readonly (Uint8Array | undefined)[]
  /** The vault's learned dictionaries, by number. */
  dictionaries: readonly SystemDictionary[]
}

export interface Sealing extends ContentSecrets {
  random: Random
}

/** Thrown by an attack that this ledger offers no place for. */
export class NoPlaceForAttack extends Error {}

/** The record of an item, opened. */
export function recordOf(
  { contentKeys, dictionaries }: ContentSecrets,
  { entry, frame }: Item,
): CanonicalRecord {
  const opened = open(
    entry,
    frame,
    (number) => contentKeys[number],
    (number) => dictionaries[number]?.bytes,
  )
  if (!opened) throw new NoPlaceForAttack('payloads cannot be opened: the root key is not in this directory')
  return recommit(entry, opened)
}

/** Seals another record in an item's place, under the keys it had, so that it opens and commits as a true one would. */
export function reseal(
  { contentKeys, random }: Sealing,
  item: Item,
  record: CanonicalRecord,
  changes: Partial<Item['entry']> = {},
): void {
  const entry = { ...item.entry, ...changes }
  const { isPublic, keepers } = frameHead(item.frame)
  const prepared = preparePayload(record, entry.id)
  const sealed = isPublic
    ? sealPublic(prepared, random.bytes(32))
    : seal(entry.id, prepared, { number: keepers[0]!, key: contentKeys[keepers[0]!]! }, random.bytes(16))
  item.entry = { ...entry, payload: sealed.payload }
  item.frame = sealed.frame
}
