/**
 * The journal of erasures that each ledger keeps outside its directory, beside what a signer in this process signed last: read, carried over
 * to another machine, and asked how far it reaches.
 */
import { concatBytes, parseCheckpoint, parseNote, fromUtf8, toHex } from '@deponent/format'
import { createHash } from 'node:crypto'
import type { Erasure } from '../erasure/erasure.ts'
import { begunIn, type BegunOutside, type ReachOutside } from '../erasure/register.ts'
import { currentKey, type LedgerIdentity } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { deriveKey } from '../vault/root-key.ts'
import { notesIn, openNote, SealedJournal } from '../vault/sealed-journal.ts'

/** What opens the journal of a ledger. */
export interface JournalOpening {
  readonly identity: Pick<LedgerIdentity, 'origin'>
  readonly master: Uint8Array
}

/** Where it lies besides. */
export interface JournalPlace extends JournalOpening {
  readonly disk: Disk
  readonly signerDirectory: string
  readonly identity: LedgerIdentity
}

export const journalName = ({ origin }: Pick<LedgerIdentity, 'origin'>): string =>
  `${toHex(ledgerIdOf(origin))}.erasures`

/** The key of the journal outside and of the register inside. */
export const journalKey = ({ identity, master }: JournalOpening): Uint8Array =>
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
export function notesOf(opening: JournalOpening, journal: Uint8Array | undefined): string[] {
  return notesWithin(opening, journal).map(({ text }) => text)
}

interface JournalNote {
  readonly id: string
  /** Of the keys that it says are destroyed. */
  readonly numbers: readonly number[]
  readonly text: string
  /** The note as it lies there. */
  readonly sealed: Uint8Array
}

function notesWithin(opening: JournalOpening, journal: Uint8Array | undefined): JournalNote[] {
  if (!journal) return []
  const key = journalKey(opening)
  return notesIn(journal).sealed.map((sealed) => {
    const text = openNote(key, sealed)
    return { id: (JSON.parse(text) as BegunOutside).id, numbers: begunIn(text)?.numbers ?? [], text, sealed }
  })
}

/** The notes of another copy of a journal that are about what the journal does not tell of. FormatError `keyring_damaged`. */
function missingIn(
  opening: JournalOpening,
  journal: Uint8Array | undefined,
  other: Uint8Array | undefined,
): JournalNote[] {
  // Where a journal was lost, the one begun anew may know of an erasure and not of its keys.
  const told = new Map<string, number[]>()
  for (const { id, numbers } of notesWithin(opening, journal))
    told.set(id, [...(told.get(id) ?? []), ...numbers])
  return notesWithin(opening, other).filter(({ id, numbers }) => {
    const known = told.get(id)
    return !known || numbers.some((number) => !known.includes(number))
  })
}

/** A journal that tells what another copy of it tells besides. FormatError `keyring_damaged`. */
export function joinedJournal(
  opening: JournalOpening,
  journal: Uint8Array,
  other: Uint8Array | undefined,
): Uint8Array {
  const missing = missingIn(opening, journal, other)
  return concatBytes(journal.subarray(0, notesIn(journal).end), ...missing.map(({ sealed }) => sealed))
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
  const missing = missingIn(place, before, other).map(({ text }) => text)
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
