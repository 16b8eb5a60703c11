/**
 * A data directory, brought back from the copy of its ledgers in a store of objects and from its keyring: keys say which copies are meant, and
 * everything sealed opens with them. It is made beside its place, checked as `verify` checks one, and gets its name last.
 */
import { dirname } from 'node:path'
import type { Finding, Trust } from '@deponent/format'
import { checkDirectory } from './check/directory.ts'
import { readSuppliedMaster } from './check/payloads.ts'
import { threadsFor } from './check/stretch-threads.ts'
import { type DirectoryFormat, writeDirectoryFormat } from './ledger/identity.ts'
import { ledgerIdOf } from './ledger/wal-frame.ts'
import { identityIn } from './offsite/copied-head.ts'
import { restoreLedger } from './offsite/restore.ts'
import { copiesIn, CopyIncomplete, type StoredCopy } from './offsite/stored-copy.ts'
import { realDisk as disk } from './platform/disk.ts'
import { ExplainedError } from './platform/explained-error.ts'
import type { ObjectStore } from './platform/object-store.ts'
import { copyOne, filesBelow, removeScratch } from './platform/scratch.ts'
import { threadsAvailable } from './platform/worker.ts'
import type { RootSource } from './vault/root-source.ts'

export interface RestoreOffsiteOptions {
  readonly store: ObjectStore
  /** The keyring of the directory that was copied; it is copied from here. */
  readonly keyring: string
  /** The data directory to make; nothing may be there. */
  readonly data: string
  /** Only this ledger; all whose keys are in the keyring when absent. */
  readonly ledger?: string
  /** Checkpoint keys that are not in the keyring. */
  readonly trust?: Trust
  /** Where the root key of a directory is. */
  rootOf(data: string): RootSource
  onProgress?(message: string): void
}

export interface RestoredDirectory {
  readonly ledger: string
  readonly origin: string
  readonly size: number
}

/** What was brought back does not verify, and was not kept. */
export class RestoredInvalid extends ExplainedError {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    super('what the store holds does not verify, and was not kept')
    this.findings = findings
  }
}

/** Makes the directory; leaves nothing when it cannot. @throws CopyIncomplete, RestoredInvalid */
export async function restoreOffsite(options: RestoreOffsiteOptions): Promise<RestoredDirectory[]> {
  const { data, keyring } = options
  if ((await disk.list(data)).length > 0)
    throw new CopyIncomplete(`${data} is not empty: name a new directory`)
  const unnamed = `${data}.restoring`
  await removeScratch(unnamed)
  try {
    await takeKeyring(keyring, unnamed)
    const restored = await restoreAll(options, unnamed)
    await mustVerify(options, unnamed)
    await disk.rename(unnamed, data)
    await disk.syncDirectory(dirname(data))
    return restored
  } finally {
    await removeScratch(unnamed)
  }
}

/** Copies, never links: keys are destroyed by writing over their files. */
async function takeKeyring(keyring: string, data: string): Promise<void> {
  const files = await filesBelow(keyring)
  if (files.length === 0) throw new CopyIncomplete(`${keyring} is no keyring: it holds no file`)
  await disk.makeDirectory(`${data}/keyring`, 0o700)
  for (const file of files) {
    await copyOne(`${keyring}/${file}`, `${data}/keyring/${file}`)
    await disk.sync(`${data}/keyring/${file}`)
  }
}

/** Restores every ledger whose keys the keyring holds, and names them in the directory last. */
async function restoreAll(options: RestoreOffsiteOptions, data: string): Promise<RestoredDirectory[]> {
  const { ledger: wanted, onProgress, store, trust } = options
  const restored: RestoredDirectory[] = []
  const format: DirectoryFormat = { format: 0, ledgers: {} }
  for (const copy of await copiesIn(store)) {
    const { ledger } = copy
    if (ledger !== (wanted ?? ledger)) continue
    const identity = await identityIn(copy, { disk, keyring: `${data}/keyring`, trust })
    if (!identity) continue
    const { origin } = identity.identity
    const { size } = await restoreLedger({
      disk,
      copy,
      identity,
      data,
      master: await masterFor(options, copy, origin, data),
      onProgress: (done, total) => onProgress?.(`ledger ${ledger}: ${done} of ${total} entries brought back`),
    })
    format.format = identity.format
    format.ledgers[ledger] = identity.identity
    restored.push({ ledger, origin, size })
  }
  if (restored.length === 0)
    throw new CopyIncomplete('the store holds no copy of a ledger whose keys are in this keyring')
  await writeDirectoryFormat(disk, data, format)
  return restored
}

async function masterFor(
  { rootOf }: RestoreOffsiteOptions,
  { ledger }: StoredCopy,
  origin: string,
  data: string,
): Promise<Uint8Array | undefined> {
  const place = {
    disk,
    keyringDirectory: `${data}/keyring`,
    vaultDirectory: `${data}/vault/${ledger}`,
    ledger,
    ledgerId: ledgerIdOf(origin),
    root: rootOf(data),
  }
  return readSuppliedMaster(place, [])
}

/** Everything that was written is read again. */
async function mustVerify({ onProgress, rootOf }: RestoreOffsiteOptions, data: string): Promise<void> {
  const { findings } = await checkDirectory(disk, data, {
    root: rootOf(data),
    threads: (entries) => threadsFor(entries, threadsAvailable()),
    onProgress: (done, total) => onProgress?.(`${done} of ${total} entries checked`),
  })
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new RestoredInvalid(errors)
}
