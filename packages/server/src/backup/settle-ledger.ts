/** What becomes of a ledger that is put back, by what is known to have happened since its snapshot was made. */
import { type KeyUse, toHex, utf8 } from '@deponent/format'
import { begunIn, ErasureRegister, reachOf, repeated, unknownErasuresPath } from '../erasure/register.ts'
import type { DirectoryFormat } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { Keyring } from '../vault/keyring.ts'
import {
  joinJournal,
  journalKey,
  journalName,
  type JournalPlace,
  notesOf,
  readJournal,
  signedHere,
} from './erasure-journal.ts'
import { JOURNALS, type KeyringCopy } from './keyring-copy.ts'
import { removeLaterKeys } from './signing-keys.ts'
import type { Snapshot, SnapshotLedger } from './snapshot.ts'

export interface SettleOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly signerDirectory: string
  /** The directory that is being filled. */
  readonly scratch: string
  readonly format: DirectoryFormat
  readonly master: Uint8Array
  readonly keyring: Omit<KeyringCopy, 'opening'>
  /** The newest snapshot there is. */
  readonly newest: Snapshot
}

export interface RestoredLedger {
  readonly name: string
  readonly size: number
  /** Keys destroyed because what they open was erased after the copy of the keyring was made. */
  readonly keysDestroyed: number
  /** The size that is known to have been signed, when it is larger. */
  readonly knownSize?: number
  /** Whether the signer's state here knows of more, so that the ledger is read and not written. */
  readonly isBehind: boolean
  /** Uses of keys that were changed since: the older are gone, and the ledger signs nothing more. */
  readonly keysChanged: readonly KeyUse[]
  /** Whether erasures may have been that nobody knows of here: no content is shown until that is accepted. */
  readonly isErasureUnknown: boolean
}

/** Makes a ledger what it must be by what happened since: whoever was erased has no key, and no key signs that came later. */
export async function settleLedger(options: SettleOptions, ledger: SnapshotLedger): Promise<RestoredLedger> {
  const { disk, format, keyring, master, newest, random, scratch, signerDirectory } = options
  const { name, origin, size } = ledger
  const identity = format.ledgers[name]!
  const keysChanged = await removeLaterKeys(disk, `${scratch}/keyring`, name, identity)
  const place = { disk, signerDirectory, identity, master }
  const here = await readJournal(place)
  const copied = keyring.files.get(JOURNALS + journalName({ origin }))
  const signed = await signedHere(place)
  const known = Math.max(
    size,
    signed ?? 0,
    newest.ledgers.find((other) => other.origin === origin)?.size ?? 0,
  )
  // The journal beside what was signed is as new as that; the copy is as new as the keyring it came with.
  const reachHere = here ? (reachOf(notesOf(place, here)) ?? signed ?? 0) : 0
  const reach = Math.max(keyring.about.ledgers[origin]?.size ?? 0, reachHere)
  await joinJournal(place, copied, { random, reach: known > reach ? reach : undefined })
  const numbers = await repeatErasures(options, place, `${scratch}/keyring/${name}.erasures`)
  const keysDestroyed = await destroyKeys(options, ledger, numbers)
  const isErasureUnknown = known > reach
  if (isErasureUnknown) {
    const text = `the journal of erasures reaches ${reach} entries, a checkpoint of ${known} is known\n`
    await disk.writeDurably(unknownErasuresPath(`${scratch}/keyring`, name), utf8(text), 0o600)
  }
  const isBehind = (signed ?? 0) > size
  const what = { name, size, keysDestroyed, keysChanged, isErasureUnknown, isBehind }
  return { ...what, ...(known > size && { knownSize: known }) }
}

/** Writes what the journal outside tells into the register, so that it is gone on with; gives the numbers of all keys that are gone by it. */
async function repeatErasures(
  { clock, disk, random }: SettleOptions,
  place: JournalPlace,
  path: string,
): Promise<number[]> {
  const outsidePath = `${place.signerDirectory}/${journalName(place.identity)}`
  const register = await ErasureRegister.open({ disk, random, path, outsidePath, key: journalKey(place) })
  try {
    // What expired is found, and goes, when a server opens the ledger.
    const forgotten = register.forgotten(() => undefined).filter(({ expired }) => !expired)
    const now = clock.now()
    await register.put(forgotten.map((begun) => repeated(begun, { now, seed: toHex(random.bytes(32)) })))
  } finally {
    await register.close()
  }
  const notes = notesOf(place, await readJournal(place))
  return [...new Set(notes.flatMap((note) => begunIn(note)?.numbers ?? []))]
}

/** How many of these keys were there until now. */
async function destroyKeys(
  { disk, master, random, scratch }: SettleOptions,
  { name, origin }: SnapshotLedger,
  numbers: readonly number[],
): Promise<number> {
  const keyring = await Keyring.open({
    disk,
    random,
    directory: `${scratch}/keyring`,
    ledger: name,
    ledgerId: ledgerIdOf(origin),
    root: master,
  })
  const living = numbers.filter((number) => keyring.key(number) !== undefined)
  if (living.length === 0) return 0
  try {
    await keyring.begin()
    await keyring.destroy(living)
  } finally {
    await keyring.close()
  }
  return living.length
}
