/**
 * The copy of the keyring: one object, `keyring`, in a place of its own, replaced as a whole. There is never a second: an older copy would
 * keep the keys of people who were erased. It is an archive of
 *
 *   master.key, and root.key where that lies in the keyring      as they are
 *   sealed                                                       everything else, sealed under the master key: the keys of people, what signs,
 *                                                                access, settings, the admin token, the journals of erasures
 */
import { FormatError, fromUtf8, utf8 } from '@deponent/format'
import { isRootChanging } from '../vault/master-key.ts'
import { deriveKey } from '../vault/root-key.ts'
import type { Disk } from '../platform/disk.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import type { Random } from '../platform/random.ts'
import { filesBelow } from '../platform/scratch.ts'
import { decodeArchive, encodeArchive, type Files } from './archive.ts'
import { BackupRefused } from './refusal.ts'
import { openObject, sealObject } from './sealed-object.ts'

const OBJECT = 'keyring'
const SEALED = 'sealed'
const ABOUT = 'about.json'
/** Within the sealed part. */
export const KEYRING = 'keyring/'
export const JOURNALS = 'journals/'
export const ADMIN_TOKEN = 'admin-token'

/** What wraps and is wrapped: it opens everything else, and so lies beside it. */
const OPENING = ['master.key', 'root.key'] as const

export interface AboutKeyring {
  readonly v: 1
  readonly madeAt: number
  /** Of each ledger by origin: its size then, and how many keys its keyring held. */
  readonly ledgers: Readonly<Record<string, { readonly size: number; readonly keys: number }>>
}

export interface KeyringCopy {
  /** `master.key`, and `root.key` where the copy has it. */
  readonly opening: Files
  readonly about: AboutKeyring
  readonly files: Files
}

/** Files of a keyring directory, by paths within it; not those that belong to a snapshot of the vault. */
export async function keyringFiles(disk: Disk, data: string): Promise<Map<string, Uint8Array>> {
  if (await isRootChanging(disk, `${data}/keyring`))
    throw new BackupRefused(
      'keeps_changing',
      'a change of the root key was begun and is not finished: end it with deponent keys rotate-root first',
    )
  const files = new Map<string, Uint8Array>()
  for (const path of await filesBelow(`${data}/keyring`)) {
    if (path.endsWith('.tmp') || isOfSnapshot(path)) continue
    const bytes = await disk.read(`${data}/keyring/${path}`)
    if (bytes) files.set(path, bytes)
  }
  return files
}

/** The register of erasures tells what became of the vault beside it, so that the two go together. */
export const isOfSnapshot = (path: string): boolean => path.endsWith('.erasures')

/** Puts the copy in the place of the one before, of which no version stays. */
export async function putKeyringCopy(
  store: ObjectStore,
  keyring: Files,
  others: Files,
  { about, master, random }: { about: AboutKeyring; master: Uint8Array; random: Random },
): Promise<number> {
  const sealed = new Map<string, Uint8Array>([[ABOUT, utf8(JSON.stringify(about))], ...others])
  const outer = new Map<string, Uint8Array>()
  for (const [path, bytes] of keyring) {
    if (OPENING.some((name) => name === path)) outer.set(path, bytes)
    else sealed.set(KEYRING + path, bytes)
  }
  outer.set(SEALED, sealObject(keyOf(master), OBJECT, encodeArchive(sealed), { random, isLoose: true }))
  const object = encodeArchive(outer)
  const before = await store.versions(OBJECT)
  await store.put(OBJECT, object)
  // A store without versions has replaced it by now.
  for (const { version } of before) if (version !== null) await store.remove(OBJECT, { version })
  return object.length
}

/** The part of the copy that needs no key; BackupRefused `keyring_missing` or `keyring_damaged`. */
export async function getOpening(store: ObjectStore): Promise<{ opening: Files; sealed: Uint8Array }> {
  const object = await store.get(OBJECT)
  if (!object) throw new BackupRefused('keyring_missing', `there is no copy of a keyring in ${store.place}`)
  const outer = decodeArchive(object)
  const sealed = outer?.get(SEALED)
  if (!outer || !sealed || !outer.has('master.key')) throw damaged(store)
  return { opening: new Map([...outer].filter(([name]) => OPENING.some((each) => each === name))), sealed }
}

/** The rest of it, with the master key. */
export function openCopy(
  store: ObjectStore,
  master: Uint8Array,
  sealed: Uint8Array,
): Omit<KeyringCopy, 'opening'> {
  const content = openObject(keyOf(master), OBJECT, sealed)
  const files = content && decodeArchive(content)
  const about = files?.get(ABOUT)
  if (!files || !about) throw damaged(store)
  return { about: aboutIn(about), files }
}

function aboutIn(bytes: Uint8Array): AboutKeyring {
  const about = JSON.parse(fromUtf8(bytes)) as AboutKeyring
  if (about.v !== 1)
    throw new FormatError(
      'keyring_unknown',
      `the copy of the keyring is of version ${String(about.v)}, expected 1`,
    )
  return about
}

const keyOf = (master: Uint8Array): Uint8Array => deriveKey(master, 'deponent/backup-keyring/v1')

function damaged(store: ObjectStore): BackupRefused {
  return new BackupRefused(
    'keyring_damaged',
    `the copy of the keyring in ${store.place} is damaged, or of another root key`,
  )
}
