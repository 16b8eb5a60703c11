/** The list of choices: which parts make a running server, in which order they start and stop. */
import { fileURLToPath } from 'node:url'
import { parseCheckpoint, parseNote, type Policy, utf8 } from '@deponent/format'
import { Keys } from './access/keys.ts'
import { Metrics } from './api/metrics.ts'
import { createHandler } from './api/server.ts'
import { Scrub } from './check/scrub.ts'
import { type OpenDirectory, openDirectory } from './directory.ts'
import { EvidencePage } from './evidence/evidence-page.ts'
import type { OutsideStatus } from './ledger/anchoring.ts'
import { ledgerIdOf } from './ledger/wal-frame.ts'
import { type Clock, realClock } from './platform/clock.ts'
import { deflateApart } from './platform/deflate.ts'
import { type Disk, realDisk } from './platform/disk.ts'
import { realHttpClient } from './platform/http-client.ts'
import { type Random, realRandom } from './platform/random.ts'
import { temporaryDirectory } from './platform/places.ts'
import { SqliteStateStore, type StateStore } from './platform/state-store.ts'
import { startWebServer } from './platform/web-server.ts'
import {
  DEFAULT_SETTINGS,
  Projection,
  type ProjectionSettings,
  type ProjectionSource,
} from './projection/index.ts'
import { EngineStopped } from './projection/engine/engine.ts'
import { StoredPositions } from './projection/positions.ts'
import { WorkerIntake } from './recording/worker-intake.ts'
import { resumeRotations } from './rotate-key.ts'
import { resumeSuccession } from './succeed-ledger.ts'
import { connectSigner } from './signer-connection.ts'
import { openTenant, type Tenant } from './tenant.ts'
import { VERSION } from './version.ts'

export const DEFAULT_LEDGER = 'default'
/** Days within which everything stored is read again. */
export const SCRUB_DAYS = 7

/** Who outside is asked about checkpoints. */
export interface OutsideSettings {
  policy?: Policy
  timestampUrls: readonly string[]
  timestampEveryMs: number
}

export interface AppOptions {
  directory: string
  host: string
  port: number
  signerDirectory: string
  /** Socket of the signer's own process; without it the signer is part of this one. */
  signerSocket?: string
  acceptHead?: boolean
  /** Nobody is asked when absent. */
  outside?: OutsideSettings
  /** Days within which everything stored is read again; SCRUB_DAYS when absent. */
  scrubDays?: number
  /** A ClickHouse server to use instead of the embedded one. */
  clickhouseUrl?: string
  /** Diagnostics: one line a call, never with a value from a record. */
  diagnose(message: string, details?: Record<string, unknown>): void
}

export interface App {
  url: string
  adminToken: string
  tenant: Tenant
  projection: Projection
  close(): Promise<void>
}

/** Starts everything; rejects, leaving nothing running, when a part cannot start. */
export async function startApp(options: AppOptions): Promise<App> {
  const disk: Disk = realDisk
  const clock: Clock = realClock
  const random: Random = realRandom
  const directory = await openDirectory(disk, random, options.directory)
  const undo = new Undo(() => directory.release())
  try {
    const remoteSigner = await connectSigner(options.signerSocket, clock)
    const { signerDirectory } = options
    const change = { disk, clock, random, directory, ledger: DEFAULT_LEDGER, signerDirectory, remoteSigner }
    await resumeSuccession(change)
    await resumeRotations(change)
    const tenant = await openTenant({
      disk,
      clock,
      random,
      directory,
      ledgerName: DEFAULT_LEDGER,
      signerDirectory,
      remoteSigner,
      acceptHead: options.acceptHead ?? false,
      ...(options.outside && {
        outside: { ...options.outside, http: realHttpClient, random, diagnose: options.diagnose },
      }),
      intake: (start) => new WorkerIntake(start),
      deflate: deflateApart,
      onStop: ({ code, message }) => options.diagnose('the ledger takes no entries', { code, message }),
      onSignerTrouble: (trouble) =>
        trouble === undefined
          ? options.diagnose('the signer answers again')
          : options.diagnose('the signer does not answer; checkpoints wait, recording goes on', { trouble }),
    })
    undo.add(() => tenant.close())
    const projection = await startProjection(directory, tenant, options, undo)
    undo.add(() => projection.stop())
    const scrub = scrubOf(directory, tenant, options, disk, clock)
    undo.add(() => scrub.stop())
    scrub.start()
    const web = await startWebServer({
      host: options.host,
      port: options.port,
      handle: createHandler({
        tenant,
        projection,
        scrub,
        metrics: metricsOf(tenant, projection, scrub),
        evidence: new EvidencePage(disk),
        clock,
        disk,
        keys: new Keys({ disk, clock, directory: options.directory, adminToken: directory.adminToken }),
        dashboardDirectory: fileURLToPath(new URL('./dashboard', import.meta.url)),
        version: VERSION,
        onUnexpected: (error) =>
          options.diagnose('a request failed unexpectedly', {
            stack: error instanceof Error ? error.stack : '',
          }),
      }),
    })
    undo.add(() => web.close())
    if (isWritable(directory, tenant)) await announce(disk, directory, web.url)
    return { url: web.url, adminToken: directory.adminToken, tenant, projection, close: () => undo.run() }
  } catch (error) {
    await undo.run()
    throw error
  }
}

/**
 * Starts the index where it lies in the directory. Where it cannot be written or opened it is filled anew somewhere else, for
 * the length of this process: what is recorded can still be found, and an index that broke keeps nobody from recording.
 */
async function startProjection(
  directory: OpenDirectory,
  tenant: Tenant,
  options: AppOptions,
  undo: Undo,
): Promise<Projection> {
  const start = (path: string, store: StateStore): Promise<Projection> =>
    Projection.start({
      directory: path,
      positions: new StoredPositions(store, DEFAULT_LEDGER),
      source: sourceOf(tenant),
      settings: settingsOf(options.clickhouseUrl),
      resolveSubject: (subject) => tenant.reader.handlesOf(subject),
      onFieldSealed: (system, field) => tenant.fieldSealed(system, field),
    })
  if (isWritable(directory, tenant)) {
    try {
      return await start(`${directory.path}/index`, directory.store)
    } catch (error) {
      if (!(error instanceof EngineStopped)) throw error
      options.diagnose('the index does not open; another is filled for as long as this server runs', {
        reason: error.message,
        remedy: `stop the server and remove ${directory.path}/index: it is built again from the ledger`,
      })
    }
  }
  const { path, remove } = await temporaryDirectory()
  undo.add(remove)
  const store = new SqliteStateStore(':memory:')
  undo.add(() => store.close())
  return start(path, store)
}

/** Whether files can be made in the directory, as far as its opening showed; a ledger may be refused for another reason first. */
function isWritable({ unwritable }: OpenDirectory, { ledger }: Tenant): boolean {
  return unwritable === undefined && ledger.refusal?.code !== 'write_failed'
}

/** Leaves the address where commands on the same machine look for a running server. */
async function announce(disk: Disk, directory: OpenDirectory, url: string): Promise<void> {
  await disk.writeDurably(`${directory.path}/state/server.json`, utf8(`${JSON.stringify({ url })}\n`), 0o600)
}

/** The re-reading of everything the ledger keeps in this directory. */
function scrubOf(
  { path, store }: OpenDirectory,
  tenant: Tenant,
  options: AppOptions,
  disk: Disk,
  clock: Clock,
): Scrub {
  const { name, ledger } = tenant
  return new Scrub({
    places: {
      disk,
      ledger: `${path}/ledgers/${name}`,
      vault: `${path}/vault/${name}`,
      keyring: `${path}/keyring`,
      name,
      ledgerId: ledgerIdOf(ledger.origin),
    },
    clock,
    store,
    days: options.scrubDays ?? SCRUB_DAYS,
    head: () => ledger.checkpoint && parseCheckpoint(parseNote(ledger.checkpoint.note).text),
    onDamage: (damage) => {
      options.diagnose('stored bytes are damaged', { ...damage })
      tenant.damageFound(damage)
    },
    onTrouble: (reason) => options.diagnose('stored bytes could not be read again', { reason }),
  })
}

/** What the projection reads; records it has asked past are in the index and need not stay in memory. */
function sourceOf({ reader, recent }: Tenant): ProjectionSource {
  return {
    size: () => reader.size(),
    read: (from, to) => {
      recent.forgetBelow(from)
      return reader.read(from, to)
    },
  }
}

function settingsOf(clickhouseUrl: string | undefined): ProjectionSettings {
  if (clickhouseUrl === undefined) return DEFAULT_SETTINGS
  const url = new URL(clickhouseUrl)
  const server = {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
  }
  return { ...DEFAULT_SETTINGS, server }
}

function metricsOf(tenant: Tenant, projection: Projection, scrub: Scrub): Metrics {
  const metrics = new Metrics()
  metrics.gauge('deponent_ledger_entries', 'Durable entries of the ledger.', () => tenant.ledger.size)
  metrics.gauge(
    'deponent_ledger_checkpoint_entries',
    'Entries under the latest checkpoint.',
    () => tenant.ledger.checkpoint?.size ?? 0,
  )
  metrics.gauge('deponent_ledger_writable', '1 when the ledger takes entries.', () =>
    tenant.ledger.refusal ? 0 : 1,
  )
  metrics.gauge('deponent_signer_answers', '1 when the signer answered the last time it was asked.', () =>
    tenant.ledger.signerTrouble ? 0 : 1,
  )
  addOutside(metrics, tenant)
  metrics.gauge(
    'deponent_scrub_age_seconds',
    'Since when everything stored is known to have been read again.',
    () => scrub.status().ageMs / 1_000,
  )
  metrics.gauge(
    'deponent_scrub_findings',
    'Damage found in stored bytes, and 1 more when they were not read again in time.',
    () => scrub.status().findings.length,
  )
  metrics.gauge('deponent_index_lag_entries', 'Entries the index is behind the ledger.', () =>
    projection.lag(),
  )
  return metrics
}

/** How far those outside are behind, each by its name. */
function addOutside(metrics: Metrics, { ledger }: Tenant): void {
  const outside = ledger.outside()
  if (!outside) return
  const witnesses = (): OutsideStatus['witnesses'] => ledger.outside()?.witnesses ?? []
  const authorities = (): OutsideStatus['timestamps'] => ledger.outside()?.timestamps ?? []
  if (outside.witnesses.length > 0) {
    metrics.gauges(
      'deponent_witness_lag_entries',
      'Published entries a witness has not cosigned.',
      'witness',
      () => witnesses().map(({ name, lagEntries }) => [name, lagEntries]),
    )
    metrics.gauges(
      'deponent_witness_lag_seconds',
      'Age of the first published checkpoint a witness has not cosigned.',
      'witness',
      () => witnesses().map(({ name, lagMs }) => [name, lagMs / 1_000]),
    )
    metrics.gauges('deponent_witness_failing', '1 when a witness does not cosign.', 'witness', () =>
      witnesses().map(({ name, error }) => [name, error ? 1 : 0]),
    )
  }
  if (outside.quorum) {
    metrics.gauge('deponent_checkpoint_quorum', '1 when the latest checkpoint is cosigned by a quorum.', () =>
      ledger.outside()?.quorum?.met ? 1 : 0,
    )
  }
  if (outside.timestamps.length > 0) {
    metrics.gauges('deponent_timestamp_entries', 'Entries under the last timestamp.', 'authority', () =>
      authorities().map(({ authority, size }) => [authority, size]),
    )
    metrics.gauges('deponent_timestamp_failing', '1 when an authority gives no timestamp.', 'authority', () =>
      authorities().map(({ authority, error }) => [authority, error ? 1 : 0]),
    )
  }
}

/** What to take down, newest first. */
class Undo {
  readonly #steps: (() => void | Promise<void>)[] = []

  constructor(first: () => void | Promise<void>) {
    this.#steps.push(first)
  }

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step)
  }

  /** Takes every step, whatever becomes of those before it; rejects with the first failure when all are taken. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.splice(0).toReversed()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
