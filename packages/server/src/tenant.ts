/** One ledger with all that belongs to it: vault, recording state, reader and projection, opened and closed in the right order. */
import { type Finding, toHex } from '@deponent/format'
import { ErasureRegister, unknownErasuresPath } from './erasure/register.ts'
import { type LedgerKeys, type OpenDirectory, openLedgerKeys } from './directory.ts'
import type { Outside } from './ledger/anchoring.ts'
import { NotSequencing } from './ledger/errors.ts'
import { keyChangesOf } from './ledger/identity.ts'
import { Ledger } from './ledger/ledger.ts'
import { SeenHeads } from './ledger/seen-heads.ts'
import type { RemoteSigner } from './ledger/signer-remote.ts'
import { type FrameContent, ledgerIdOf } from './ledger/wal-frame.ts'
import type { Clock } from './platform/clock.ts'
import type { Deflate } from './platform/deflate.ts'
import type { Disk } from './platform/disk.ts'
import type { Random } from './platform/random.ts'
import { reasonOf } from './platform/failure.ts'
import { Announcements } from './recording/announcements.ts'
import { decodeAttachment } from './recording/attachment.ts'
import { Counters } from './recording/counters.ts'
import { Dedupe } from './recording/dedupe.ts'
import type { Intake, IntakeStart } from './recording/intake.ts'
import { Emitters } from './recording/emitters.ts'
import { ErasureEntries } from './recording/erasure-entries.ts'
import { factFromFrame, factFromRecord } from './recording/frame-facts.ts'
import { Marker } from './recording/marker.ts'
import { MetFields } from './recording/met-fields.ts'
import { RecordReader } from './recording/reader.ts'
import { Recent } from './recording/recent.ts'
import { RecordedSegments } from './recording/recorded-segments.ts'
import { Recorder } from './recording/recorder.ts'
import { RecordingState, type StateFact } from './recording/state.ts'
import { Retentions } from './recording/retentions.ts'
import { Systems } from './recording/systems.ts'
import { RightsRegister } from './rights/rights-register.ts'
import { Rights } from './rights/rights.ts'
import { SealedBodies } from './ingest/sealed-body.ts'
import type { MetField } from './vault/classify/fields-met.ts'
import { type ClassificationPolicy, DEFAULT_CLASSIFICATION } from './vault/classify/policy.ts'
import type { SegmentLimits } from './vault/segments.ts'
import { orUndo, type Undo } from './undo.ts'
import { Vault } from './vault/vault.ts'

const REBUILD_BLOCK = 1_024

export interface TenantOptions {
  disk: Disk
  clock: Clock
  random: Random
  directory: OpenDirectory
  ledgerName: string
  signerDirectory: string
  /** The signer in a process of its own, when there is one. */
  remoteSigner?: RemoteSigner | undefined
  acceptHead: boolean
  /** Records nothing about itself, so that whoever opens it decides what the next entry is. */
  isQuiet?: boolean
  /** Witnesses and timestamp authorities asked about the ledger of this origin; throws when that is not as configured. */
  outside?(origin: string): Outside | undefined
  /** Compresses what the ledger stores; in this thread when absent. */
  deflate?: Deflate
  /** What becomes of the fields of records; the default when absent. */
  classification?: ClassificationPolicy
  /** Makes the intake: in this thread or in one of its own. */
  intake(start: IntakeStart): Intake
  onStop(reason: NotSequencing): void
  /** Smaller files than usual, for a ledger that is to show all of its forms with few entries. */
  fileSizes?: { log: number; segment: SegmentLimits }
  onSignerTrouble?(trouble: string | undefined): void
}

export interface Tenant {
  name: string
  ledger: Ledger
  vault: Vault
  recorder: Recorder
  reader: RecordReader
  systems: Systems
  /** What entries name as the retention of their system. */
  retentions: Retentions
  emitters: Emitters
  counters: Counters
  /** The rights of the people recorded, and holds. */
  rights: Rights
  recent: Recent
  /** What was recorded, by name. */
  dedupe: Dedupe
  marker: Marker
  /** Which entries erased what. */
  erasureEntries: ErasureEntries
  /** The erasures that were asked for, and how far they have come. */
  register: ErasureRegister
  keys: LedgerKeys
  /** Whether checkpoints are signed in a process of their own. */
  hasOwnSigner: boolean
  /** What senders remember of this ledger. */
  seen: SeenHeads
  /** Opens what senders sealed to this ledger while it was away. */
  sealedBodies: SealedBodies
  /** Indices of the entries in which one checkpoint key replaced another, as `format.json` tells. */
  keyChanges: readonly number[]
  /** Records opened after it resolves are classified by this policy. */
  classifyBy(policy: ClassificationPolicy): Promise<void>
  /** What fields the records of a system had so far, and what became of them. */
  fieldsMet(system: string): Promise<MetField[]>
  /** Records that a field's values no longer enter the index. */
  fieldSealed(system: string, field: string): void
  /** Records that stored bytes were found damaged. */
  damageFound(damage: Finding): void
  close(): Promise<void>
}

/** Opens a ledger with all that belongs to it; leaves nothing running when a part does not open. */
export function openTenant(options: TenantOptions): Promise<Tenant> {
  return orUndo((undo) => openParts(options, undo))
}

async function openParts(options: TenantOptions, undo: Undo): Promise<Tenant> {
  const { disk, clock, random, directory, ledgerName: name } = options
  const keys = await openLedgerKeys({
    disk,
    random,
    directory,
    ledger: name,
    signerDirectory: options.signerDirectory,
    remote: options.remoteSigner,
  })
  const { origin, signer } = keys
  const outside = options.outside?.(origin)
  const announce = new Announcements()
  const vault = await Vault.open({
    disk,
    random,
    store: directory.store,
    directory: `${directory.path}/vault/${name}`,
    keyringDirectory: `${directory.path}/keyring`,
    master: directory.master.key,
    ledger: name,
    ledgerId: ledgerIdOf(origin),
    onSegmentSealed: (segment) => announce.segmentSealed(segment),
    ...(options.fileSizes && { segmentLimits: options.fileSizes.segment }),
  })
  undo.add(() => vault.close())
  const register = await ErasureRegister.open({
    disk,
    random,
    path: `${directory.path}/keyring/${name}.erasures`,
    outsidePath: `${options.signerDirectory}/${toHex(ledgerIdOf(origin))}.erasures`,
    key: vault.deriveOwn('erasures'),
  })
  const systems = new Systems(directory.store, name)
  const retentions = new Retentions(directory.store, name)
  const emitters = new Emitters(directory.store, name)
  const counters = new Counters(directory.store, name)
  const erasureEntries = new ErasureEntries(directory.store, name)
  const handleOf = (subject: string): string => toHex(vault.subjectId(subject).subarray(0, 16))
  const rightsRegister = new RightsRegister(directory.store, name, handleOf)
  const segments = new RecordedSegments(directory.store, name)
  const dedupe = new Dedupe(directory.store)
  const metFields = new MetFields(directory.store, name)
  const secrets = {
    tenant: vault.derive('subject'),
    dedupe: vault.deriveOwn('dedupe'),
    content: vault.deriveOwn('content'),
    pseudonym: vault.derive('pseudonym'),
  }
  const marker = new Marker(secrets.dedupe, secrets.content)
  const factOf = (entry: Uint8Array, attachment: Uint8Array): StateFact =>
    factFromFrame(vault, entry, attachment)
  const running: { ledger?: Ledger } = {}
  const state = new RecordingState({
    store: directory.store,
    clock,
    ledger: name,
    dedupe,
    systems,
    retentions,
    emitters,
    counters,
    erasureEntries,
    registers: [rightsRegister],
    segments,
    factOf,
    onFailed: (error) => running.ledger?.refuse(writeFailed(error)),
  })
  const isForgotten = signer.head() === undefined
  const unknownErasures = await unknownErasuresOf(options, register)
  const ledger = await Ledger.open({
    disk,
    clock,
    directory: `${directory.path}/ledgers/${name}`,
    origin,
    promiseKey: keys.promise,
    signer,
    acceptHead: options.acceptHead,
    ...(outside && { outside }),
    ...(options.deflate && { deflate: options.deflate }),
    followers: [state, vaultFollower(vault)],
    prepare: async (contents) => {
      if (directory.unwritable !== undefined) return new NotSequencing('write_failed', directory.unwritable)
      if (unknownErasures !== undefined && !options.acceptHead)
        return new NotSequencing('erasures_unknown', unknownErasures)
      return prepareVault(vault, contents)
    },
    onClockStep: (from, to) => announce.clockStepped(from, to),
    onStop: options.onStop,
    ...(options.fileSizes && { walFileBytes: options.fileSizes.log }),
    onSignerTrouble: (trouble) => options.onSignerTrouble?.(trouble),
  })
  undo.add(() => ledger.close())
  running.ledger = ledger
  const seen = new SeenHeads(ledger, () => directory.format.ledgers[name]!, directory.store, name)
  await seen.recall(options.acceptHead)
  const recent = new Recent()
  const reader = new RecordReader({
    ledger,
    vault,
    systems,
    recent,
    sameAs: (handle) => rightsRegister.view().persons.sameAs(handle),
  })
  await rebuildState(state, reader, marker)
  await rightsRegister.load((index) => reader.one(index))
  if (!ledger.refusal) await register.begin(ledger.size, (setRoot) => erasureEntries.entryOf(setRoot))
  const { classification = DEFAULT_CLASSIFICATION } = options
  const intake = options.intake({ ...secrets, dictionaries: vault.dictionaries.newest(), classification })
  undo.add(() => intake.close())
  const recorder = new Recorder({
    ledger,
    ledgerName: name,
    vault,
    intake,
    dedupe,
    marker,
    systems,
    retentions,
    emitters,
    clock,
    random,
    recent,
    pseudonymKey: secrets.pseudonym,
    onFieldsMet: (met) => metFields.add(met),
  })
  const rights = new Rights({
    ledger,
    ledgerName: name,
    vault,
    recorder,
    reader,
    systems,
    register: rightsRegister,
    clock,
    random,
    store: directory.store,
  })
  if (!ledger.refusal && isForgotten && ledger.size > 0) announce.headAccepted(ledger.size)
  if (!ledger.refusal && unknownErasures !== undefined) {
    announce.unknownErasuresAccepted(ledger.size)
    await acceptUnknownErasures(options, register)
  }
  if (!options.isQuiet) announce.begin(recorder)
  for (const segment of await vault.segments.sealed()) {
    if (!segments.has(segment)) announce.segmentSealed(segment)
  }
  return {
    name,
    ledger,
    vault,
    recorder,
    reader,
    systems,
    retentions,
    emitters,
    counters,
    rights,
    recent,
    dedupe,
    marker,
    erasureEntries,
    register,
    keys,
    hasOwnSigner: options.remoteSigner !== undefined,
    seen,
    sealedBodies: new SealedBodies(vault.derive('sealed-batch')),
    keyChanges: keyChangesOf(directory.format.ledgers[name]),
    classifyBy: (policy) => intake.classifyBy(policy),
    fieldsMet: async (system) => {
      metFields.add(await intake.met())
      return metFields.of(system)
    },
    fieldSealed: (system, field) => announce.fieldSealed(system, field),
    damageFound: (damage) => announce.damageFound(damage),
    close: async () => {
      // What cannot be kept now is still in the log, and the next start finds it there.
      const failed = (error: unknown): void => ledger.refuse(writeFailed(error))
      await vault.flush().catch(failed)
      await announce.settled()
      // A ledger that stopped takes no heads either; their emitters state them again.
      await recorder.flushHeads().catch(() => undefined)
      await intake.met().then(
        (met) => metFields.add(met),
        () => undefined,
      )
      await intake.close()
      await ledger.close()
      await state.flush().catch(failed)
      await vault.close()
    },
  }
}

function writeFailed(error: unknown): NotSequencing {
  return new NotSequencing('write_failed', reasonOf(error))
}

const framesOf = (attachments: readonly Uint8Array[]): Uint8Array[] =>
  attachments.map((attachment) => decodeAttachment(attachment).frame)

/** Opens the vault for writing, unless its keyring lacks keys that were used already: their numbers would be given out again. */
async function prepareVault(
  vault: Vault,
  contents: readonly FrameContent[],
): Promise<NotSequencing | undefined> {
  const missing = await vault.keysMissing(contents.flatMap(({ attachments }) => framesOf(attachments)))
  if (missing > 0) {
    const message = `the keyring lacks the last ${missing} keys that sealed payloads were sealed with: it is an older copy, or its end is damaged`
    return new NotSequencing('keyring_older', message)
  }
  await vault.begin()
  return undefined
}

/**
 * Why content must not be shown: erasures may have been that nobody knows of here, so that they cannot be repeated. Undefined when there is
 * no reason.
 */
async function unknownErasuresOf(
  { directory, disk, ledgerName }: TenantOptions,
  register: ErasureRegister,
): Promise<string | undefined> {
  const isMarked =
    (await disk.size(unknownErasuresPath(`${directory.path}/keyring`, ledgerName))) !== undefined
  if (!isMarked && !register.isOutsideOlder()) return undefined
  return "the journal of erasures beside the signer's state was lost or is an older copy: content may be here that was erased; see --accept-head"
}

/** The operator has accepted that they are not known: from here on the journal tells of those that are. */
async function acceptUnknownErasures(
  { directory, disk, ledgerName }: TenantOptions,
  register: ErasureRegister,
): Promise<void> {
  await register.completeOutside()
  const keyring = `${directory.path}/keyring`
  const path = unknownErasuresPath(keyring, ledgerName)
  if ((await disk.size(path)) === undefined) return
  await disk.remove(path)
  await disk.syncDirectory(keyring)
}

function vaultFollower(vault: Vault): {
  name: string
  durable(): number
  apply(frame: { first: number; attachments: readonly Uint8Array[] }): void
  flush(): Promise<void>
  overloaded(): boolean
} {
  return {
    name: 'vault',
    durable: () => vault.segments.durable(),
    apply: ({ first, attachments }) => vault.apply(first, framesOf(attachments)),
    flush: () => vault.flush(),
    overloaded: () => vault.segments.overloaded(),
  }
}

/** Fills the recording state up from ledger and vault when its store is behind what the log still holds, or was lost. */
async function rebuildState(state: RecordingState, reader: RecordReader, marker: Marker): Promise<void> {
  while (state.applied < reader.size()) {
    const from = state.applied
    for (const read of await reader.read(from, Math.min(from + REBUILD_BLOCK, reader.size()))) {
      state.take(read.index, factFromRecord(marker, read))
    }
    await state.flush()
  }
}
