/**
 * The journal of erasures that each ledger keeps outside its directory, beside what a signer in this process signed last: read, carried over
 * to another machine, and asked how far it reaches.
 */
import { parseCheckpoint, parseNote, fromUtf8, toHex } from '@deponent/format'
import { createHash } from 'node:crypto'
import type { Erasure } from '../erasure/erasure.ts'
import type { BegunOutside, ReachOutside } from '../erasure/register.ts'
import { currentKey, type LedgerIdentity } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { deriveKey } from '../vault/root-key.ts'
import { notesIn, openNote, SealedJournal } from '../vault/sealed-journal.ts'

/** Where the journal of a ledger lies, and what opens it. */
export interface JournalPlace {
  readonly disk: Disk
  readonly signerDirectory: string
  readonly identity: LedgerIdentity
  readonly master: Uint8Array
}

export const journalName = ({ origin }: Pick<LedgerIdentity, 'origin'>): string =>
  `${toHex(ledgerIdOf(origin))}.erasures`

/** The key of the journal outside and of the register inside. */
export const journalKey = ({ identity, master }: JournalPlace): Uint8Array =>
  deriveKey(master, `deponent/erasures/v1/${toHex(ledgerIdOf(identity.origin))}`)

/** The journal as it lies there; undefined when there is none. */
export function readJournal({
  disk,
  signerDirectory,
  identity,
}: JournalPlace): Promise<Uint8Array | undefined> {
  return disk.read(`${signerDirectory}/${journalName(identity)}`)
}

/** The notes of a journal, oldest first. FormatError `keyring_damaged`. */
export function notesOf(place: JournalPlace, journal: Uint8Array | undefined): string[] {
  if (!journal) return []
  const key = journalKey(place)
  return notesIn(journal).sealed.map((note) => openNote(key, note))
}

/** Behind the last entry that an erasure is about which was begun and is not completed, by the register inside; 0 when there is none. */
export function plannedEnd(place: JournalPlace, register: Uint8Array | undefined): number {
  const latest = new Map<string, Pick<Erasure, 'plan' | 'outcome'>>()
  for (const note of notesOf(place, register)) {
    const erasure = JSON.parse(note) as Erasure
    latest.set(erasure.id, erasure)
  }
  const open = [...latest.values()].filter(({ outcome }) => outcome === undefined)
  return Math.max(0, ...open.map(({ plan }) => (plan?.indices?.at(-1) ?? -1) + 1))
}

/**
 * Makes the journal that lies here tell what another copy of it tells besides; durable when this resolves. One that has to be made for that tells
 * of all erasures up to `reach` entries, and says so when more is known to have been.
 */
export async function joinJournal(
  place: JournalPlace,
  other: Uint8Array | undefined,
  { random, reach }: { random: Random; reach: number | undefined },
): Promise<void> {
  const { disk, signerDirectory, identity } = place
  const path = `${signerDirectory}/${journalName(identity)}`
  const before = await disk.read(path)
  const known = new Set(notesOf(place, before).map(idOf))
  const missing = notesOf(place, other).filter((note) => !known.has(idOf(note)))
  const limit: ReachOutside[] = before || reach === undefined ? [] : [{ id: 'reach', reach }]
  await disk.makeDirectory(signerDirectory, 0o700)
  if (!before) await disk.writeDurably(path, new Uint8Array(0), 0o600)
  const journal = await SealedJournal.open({ disk, random, path, key: journalKey(place) })
  try {
    await journal.append([...missing, ...limit.map((note) => JSON.stringify(note))])
  } finally {
    await journal.close()
  }
}

const idOf = (note: string): string => (JSON.parse(note) as BegunOutside).id

/**
 * The size that a signer in this process signed last by the state in the same directory; undefined when there is none, as where a process of
 * its own signs. The journal beside it is as new.
 */
export async function signedHere({
  disk,
  signerDirectory,
  identity,
}: JournalPlace): Promise<number | undefined> {
  const vkey = currentKey(identity, 'checkpoint')
  if (vkey === undefined) return undefined
  const state = await disk.read(`${signerDirectory}/${createHash('sha256').update(vkey).digest('hex')}`)
  return state && parseCheckpoint(parseNote(fromUtf8(state)).text).size
}
