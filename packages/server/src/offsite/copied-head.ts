/** Who a copied ledger is and how far it goes, by the keys of a keyring: nobody else can say either. */
import {
  fromUtf8,
  parseTrust,
  promiseName,
  toHex,
  type Trust,
  trustedLedger,
  verifyCheckpointNote,
} from '@deponent/format'
import { currentKey, type LedgerIdentity } from '../ledger/identity.ts'
import { KeyFile } from '../ledger/key-file.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { IDENTITY_KEY, parseCheckpointKey } from './object-keys.ts'
import { CopyIncomplete, orNothing, type StoredCopy } from './stored-copy.ts'

export interface CopiedIdentity {
  /** The version of the format of the directory it came from. */
  readonly format: number
  readonly identity: LedgerIdentity
  /** By which of its keys checkpoints are believed. */
  readonly trust: Trust
}

export interface CopiedHead {
  readonly size: number
  readonly root: Uint8Array
  readonly note: Uint8Array
}

/** What the keyring and a trust file hold of keys: by these alone a copy is believed. */
export interface HeldKeys {
  readonly disk: Disk
  readonly keyring: string
  /** Names checkpoint keys that are not in the keyring: with a signer of its own, or from before a change. */
  readonly trust: Trust | undefined
}

/**
 * The identity in a copy whose present keys are held; undefined when there is none. Of several it is the oldest: whoever has no key can only put
 * another behind it.
 */
export async function identityIn(copy: StoredCopy, held: HeldKeys): Promise<CopiedIdentity | undefined> {
  const read = new Map<string, { identity: CopiedIdentity; keys: ReadonlySet<string> }>()
  for await (const bytes of copy.candidates(IDENTITY_KEY)) {
    const found = orNothing(() => identityOf(copy, bytes))
    if (found) read.set(fromUtf8(bytes), { identity: found, keys: await keysHeld(copy, found, held) })
  }
  const all = [...read.values()].toReversed()
  const isHeld = (use: 'checkpoint' | 'promise', { identity, keys }: (typeof all)[number]): boolean =>
    keys.has(currentKey(identity.identity, use) ?? '')
  const ours = all.filter((each) => isHeld('promise', each))
  const found = ours.find((each) => isHeld('checkpoint', each))
  if (!found && ours.length > 0)
    throw new CopyIncomplete(
      `the checkpoint key of ledger ${copy.ledger} is not in the keyring: name a trust file that has it (--trust)`,
    )
  // A checkpoint counts by keys that are held; what else the object lists, anybody may have written.
  return found && { ...found.identity, trust: trustIn(found.identity.identity, found.keys) }
}

function identityOf(copy: StoredCopy, bytes: Uint8Array): CopiedIdentity | undefined {
  const { format, ledger, identity } = JSON.parse(fromUtf8(bytes)) as CopiedIdentity & { ledger: string }
  const trust = trustIn(identity)
  const isOfCopy = ledger === copy.ledger && toHex(ledgerIdOf(identity.origin)).startsWith(copy.id)
  return isOfCopy ? { format, identity, trust } : undefined
}

/** Verification keys of the ledger that are held. */
async function keysHeld(
  { ledger }: StoredCopy,
  { identity: { origin } }: CopiedIdentity,
  { disk, keyring, trust }: HeldKeys,
): Promise<ReadonlySet<string>> {
  const checkpoint = await KeyFile.open(disk, `${keyring}/${ledger}.checkpoint.key`, origin)
  const promise = await KeyFile.open(disk, `${keyring}/${ledger}.promise.key`, promiseName(origin))
  const own = [checkpoint, promise].flatMap(({ current, next }) => [current?.vkey, next?.vkey])
  const trusted = trustedLedger(trust, origin)?.keys.map(({ vkey }) => vkey) ?? []
  return new Set([...own.filter((vkey) => vkey !== undefined), ...trusted])
}

function trustIn({ origin, keys }: LedgerIdentity, held?: ReadonlySet<string>): Trust {
  const believed = keys.filter(({ vkey }) => held?.has(vkey) ?? true)
  return parseTrust({ ledgers: [{ origin, keys: believed, witnesses: [], quorum: 0, timestampRoots: [] }] })
}

/** The largest checkpoint that the ledger's keys signed, in whatever version of whatever object; of one size that with most signatures. */
export async function largestCheckpoint(
  copy: StoredCopy,
  { identity, trust }: CopiedIdentity,
): Promise<CopiedHead | undefined> {
  const keys = copy.keys('checkpoint/').filter((key) => parseCheckpointKey(key) !== undefined)
  for (const key of keys.toSorted().toReversed()) {
    let largest: CopiedHead | undefined
    for await (const note of copy.candidates(key)) {
      const { signed, stated } = verifyCheckpointNote(note, trust, nativeVerify)
      if (!signed || stated?.origin !== identity.origin || stated.size !== parseCheckpointKey(key)) continue
      if (note.length > (largest?.note.length ?? 0)) largest = { size: stated.size, root: stated.root, note }
    }
    if (largest) return largest
  }
  return undefined
}
