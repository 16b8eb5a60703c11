/** One ledger of a server, with everything that serves it: what is recorded, where it is found, what reads it again, its numbers. */
import type { AccessControl } from '../access/access-control.ts'
import type { AccessLog } from '../access/access-log.ts'
import type { Reveals } from '../access/reveals.ts'
import type { Scrub } from '../check/scrub.ts'
import type { Erasures } from '../erasure/erasures.ts'
import type { Expiry } from '../expiry/expiry.ts'
import type { OpenDirectory } from '../directory.ts'
import type { Outside } from '../ledger/anchoring.ts'
import type { RemoteSigner } from '../ledger/signer-remote.ts'
import type { Clock } from '../platform/clock.ts'
import type { Deflate } from '../platform/deflate.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { notesIn, type RecoveryTold, toldOf } from '../recovery/notes.ts'
import { PrivacyControl } from '../privacy/privacy-control.ts'
import type { Offsite } from '../offsite/offsite.ts'
import type { Projection } from '../projection/index.ts'
import type { Intake, IntakeStart } from '../recording/intake.ts'
import { RetentionControl } from '../retention/retention-control.ts'
import { resumeRotations } from '../rotate-key.ts'
import { resumeSuccession } from '../succeed-ledger.ts'
import { openTenant, type Tenant } from '../tenant.ts'
import type { Traces } from '../traces/traces.ts'
import { orUndo, type Undo } from '../undo.ts'
import { erasuresOf } from './erasing.ts'
import type { ClassificationPolicy } from '../vault/classify/policy.ts'
import type { StartsProjections } from './indexes.ts'
import { metricsOf } from './ledger-gauges.ts'
import { openLedgerAccess } from './ledger-access.ts'
import type { LedgerMetrics } from './metrics.ts'
import { outsideFor } from './outside.ts'
import { expiryOf } from './expiring.ts'
import { bearPrivacy } from './ledger-privacy.ts'
import { bearRetention } from './ledger-retention.ts'
import { type OffsitePlace, offsiteOf } from './offsite.ts'
import { scrubOf } from './scrubbing.ts'
import type { StorageWatch } from '../sizes/storage-watch.ts'
import { Tiering } from './tiering.ts'
import { tracesOf } from './telemetry.ts'

/** What the routes need of the ledger a request is about. */
export interface LedgerServices {
  readonly tenant: Tenant
  readonly projection: Projection
  readonly scrub: Pick<Scrub, 'status'>
  readonly metrics: LedgerMetrics
  /** Who may do what here. */
  readonly control: AccessControl
  /** The record of every look. */
  readonly accessLog: AccessLog
  /** What is revealed right now. */
  readonly reveals: Reveals
  readonly erasures: Erasures
  /** What is kept of records, and what becomes of their fields. */
  readonly privacy: PrivacyControl
  /** How long content is kept. */
  readonly retention: RetentionControl
  /** What goes when its time is over. */
  readonly expiry: Expiry
  /** What the ledgers of this server take. */
  readonly storage: StorageWatch
  /** When the last backup and the last drill were, as far as that is noted in the directory. */
  recovery(): Promise<RecoveryTold>
  /** The copy in a store of objects; undefined where none is configured. */
  readonly offsite: Pick<Offsite, 'status'> | undefined
  /** The turns in which months of the index move to files. */
  readonly tiering: Pick<Tiering, 'soon' | 'trouble'>
  /** Spans on their way to becoming decisions. */
  readonly traces: Traces
}

export interface HostedLedger extends LedgerServices {
  readonly name: string
  /** Whether it takes nothing from outside any more. */
  readonly isArchived: boolean
}

/** What every ledger of a server is made of. */
export interface LedgerParts {
  disk: Disk
  clock: Clock
  random: Random
  directory: OpenDirectory
  indexes: StartsProjections
  /** Where a signer in this process keeps its state. */
  signerDirectory: string
  acceptHead: boolean
  /** Witnesses and timestamp authorities; nobody is asked when absent. */
  outside?: Outside | undefined
  /** Where ledgers are copied to, see `OffsiteParts`. */
  offsite?: OffsitePlace | null | undefined
  /** Days within which everything stored is read again. */
  scrubDays: number
  /** How many ledgers of this process are read again side by side. */
  sharers(): number
  storage: StorageWatch
  /** Compresses what ledgers store; in this thread when absent. */
  deflate?: Deflate
  /** Seconds that a trace which seems whole waits for more. */
  traceWaitSeconds?: number
  intake(start: IntakeStart): Intake
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** The parts of a ledger that runs, and how to end it. */
export interface RunningLedger extends HostedLedger {
  /** Ends the scrub, the index, the record of looks and the ledger, in this order. */
  close(): Promise<void>
}

/** Opens a ledger, new or old, and starts what serves it; leaves nothing running when a part does not start. */
export function openLedger(
  parts: LedgerParts,
  name: string,
  remoteSigner: RemoteSigner | undefined,
): Promise<RunningLedger> {
  return orUndo(async (undo) => {
    const { disk, clock, random, directory } = parts
    const settings = { disk, data: directory.path, ledger: name }
    const privacy = await PrivacyControl.open(settings)
    const retention = await RetentionControl.open(settings)
    const tenant = await openItsTenant(parts, name, { remoteSigner, classification: privacy.settings }, undo)
    await bearPrivacy(privacy, tenant, directory.store)
    await bearRetention(retention, tenant, directory.store)
    const access = await openLedgerAccess({
      disk,
      clock,
      random,
      data: directory.path,
      store: directory.store,
      tenant,
    })
    undo.add(() => access.accessLog.close())
    const projection = await parts.indexes.start(tenant, undo, () => privacy.sealed)
    const { copies, offsite } = await offsiteOf(tenant, parts)
    const traces = await tracesOf(tenant, parts)
    undo.add(() => traces.close())
    const erasures = erasuresOf(tenant, projection, {
      ...parts,
      copies,
      traces,
      privacy,
      control: access.control,
      store: directory.store,
    })
    offsite?.begin()
    const tiering = new Tiering(projection, clock, (message, details) =>
      parts.diagnose(message, { ledger: name, ...details }),
    )
    undo.add(async () => {
      const closed = [erasures.close(), tiering.close()]
      // An erasure may wait for an index that is away: it goes on at the next start. So does a month that moves.
      await projection.stop()
      await Promise.all(closed)
    })
    tiering.begin()
    await erasures.begin()
    traces.begin()
    const expiry = expiryOf(tenant, projection, {
      ...parts,
      control: retention,
      erasures,
      store: directory.store,
    })
    undo.add(() => expiry.close())
    expiry.begin()
    const scrub = scrubOf(tenant, parts)
    undo.add(() => scrub.stop())
    scrub.start()
    const metrics = metricsOf(tenant, projection, { scrub, storage: parts.storage, offsite, tiering, traces })
    return {
      name,
      tenant,
      projection,
      scrub,
      metrics,
      erasures,
      privacy,
      retention,
      expiry,
      storage: parts.storage,
      recovery: async () => toldOf(await notesIn(parts.disk, directory.path), name),
      offsite,
      tiering,
      traces,
      ...access,
      get isArchived() {
        return access.control.archivedAt !== null
      },
      close: () => undo.run(),
    }
  })
}

async function openItsTenant(
  parts: LedgerParts,
  name: string,
  {
    remoteSigner,
    classification,
  }: { remoteSigner: RemoteSigner | undefined; classification: ClassificationPolicy },
  undo: Undo,
): Promise<Tenant> {
  const { disk, clock, random, directory, signerDirectory, acceptHead, outside, diagnose } = parts
  const change = { disk, clock, random, directory, ledger: name, signerDirectory, remoteSigner }
  await resumeSuccession(change)
  await resumeRotations(change)
  const tenant = await openTenant({
    ...change,
    ledgerName: name,
    acceptHead,
    classification,
    ...(outside && { outside: (origin) => outsideFor(outside, name, origin) }),
    ...(parts.deflate && { deflate: parts.deflate }),
    intake: (start) => parts.intake(start),
    onStop: ({ code, message }) => diagnose('the ledger takes no entries', { ledger: name, code, message }),
    onSignerTrouble: (trouble) =>
      trouble === undefined
        ? diagnose('the signer answers again', { ledger: name })
        : diagnose('the signer does not answer; checkpoints wait, recording goes on', {
            ledger: name,
            trouble,
          }),
  })
  undo.add(() => tenant.close())
  return tenant
}
