/** Who a copied ledger is and how far it goes, by the keys of a keyring: nobody else can say either. */
import { fromUtf8, parseTrust, promiseName, type Trust, toHex, verifyCheckpointNote } from '@deponent/format'
import { currentKey, type LedgerIdentity } from '../ledger/identity.ts'
import { KeyFile } from '../ledger/key-file.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { IDENTITY_KEY, parseCheckpointKey } from './object-keys.ts'
import type { StoredCopy } from './stored-copy.ts'

export interface CopiedIdentity {
  /** The version of the format of the directory it came from. */
  readonly format: number
  readonly identity: LedgerIdentity
}

export interface CopiedHead {
  readonly size: number
  readonly root: Uint8Array
  readonly note: Uint8Array
}

/** The identity in a copy whose present keys are those of the keyring; undefined when there is none. */
export async function identityIn(
  copy: StoredCopy,
  disk: Disk,
  keyring: string,
): Promise<CopiedIdentity | undefined> {
  for await (const bytes of copy.candidates(IDENTITY_KEY)) {
    const read = identityOf(copy, bytes)
    if (read && (await isHeld(read.identity, disk, keyring, copy.ledger))) return read
  }
  return undefined
}

function identityOf(copy: StoredCopy, bytes: Uint8Array): CopiedIdentity | undefined {
  try {
    const { format, ledger, identity } = JSON.parse(fromUtf8(bytes)) as CopiedIdentity & { ledger: string }
    trustIn(identity)
    const isOfCopy = ledger === copy.ledger && toHex(ledgerIdOf(identity.origin)).startsWith(copy.id)
    return isOfCopy ? { format, identity } : undefined
  } catch {
    return undefined
  }
}

/** Whether the keyring holds the keys an identity names; that of checkpoints may be with a signer of its own. */
async function isHeld(
  identity: LedgerIdentity,
  disk: Disk,
  keyring: string,
  ledger: string,
): Promise<boolean> {
  const { origin } = identity
  const checkpoint = await KeyFile.open(disk, `${keyring}/${ledger}.checkpoint.key`, origin)
  const promise = await KeyFile.open(disk, `${keyring}/${ledger}.promise.key`, promiseName(origin))
  const isIts = ({ current, next }: KeyFile, use: 'checkpoint' | 'promise'): boolean =>
    [current?.vkey, next?.vkey].includes(currentKey(identity, use) ?? '')
  return isIts(promise, 'promise') && (!checkpoint.current || isIts(checkpoint, 'checkpoint'))
}

export function trustIn(identity: LedgerIdentity): Trust {
  return parseTrust({ ledgers: [{ ...identity, witnesses: [], quorum: 0, timestampRoots: [] }] })
}

/** The largest checkpoint that the ledger's keys signed, in whatever version of whatever object; of one size that with most signatures. */
export async function largestCheckpoint(
  copy: StoredCopy,
  identity: LedgerIdentity,
): Promise<CopiedHead | undefined> {
  const trust = trustIn(identity)
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
