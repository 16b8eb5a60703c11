/** The list of choices: which parts make a running server, in which order they start and stop. */
import { fileURLToPath } from 'node:url'
import type { Policy } from '@deponent/format'
import { Lockout } from './access/lockout.ts'
import { RateLimit } from './access/rate-limit.ts'
import { Sessions } from './access/sessions.ts'
import { createHandler } from './api/server.ts'
import type { Settings } from './api/settings.ts'
import type { Prices } from './cost/prices.ts'
import { announceServer, openDirectory } from './directory.ts'
import { EvidencePage } from './evidence/evidence-page.ts'
import { HostedLedgers } from './hosting/hosted-ledgers.ts'
import type { OffsitePlace } from './hosting/offsite.ts'
import { Indexes } from './hosting/indexes.ts'
import { Signers, type SignerSockets } from './hosting/signers.ts'
import type { WarmSettings } from './hosting/tiering.ts'
import { isWritable } from './hosting/writable.ts'
import { realClock as clock } from './platform/clock.ts'
import { deflateApart } from './platform/deflate.ts'
import { realDisk as disk } from './platform/disk.ts'
import { failureOf } from './platform/failure.ts'
import { realHttpClient } from './platform/http-client.ts'
import { realRandom as random } from './platform/random.ts'
import type { TlsFiles } from './platform/tls-files.ts'
import { startWebServer } from './platform/web-server.ts'
import { WorkerIntake } from './recording/worker-intake.ts'
import { orUndo } from './undo.ts'
import type { RootSource } from './vault/root-source.ts'
import { VERSION } from './version.ts'

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
  /** Where the root key is; in the keyring when absent. */
  root?: RootSource
  /** Sockets of signers in processes of their own, by ledger; a ledger without one is signed for in this process. */
  signerSockets?: SignerSockets
  /** New ledgers may be signed for in this process although the first one is not. */
  localSignerForOthers?: boolean
  acceptHead?: boolean
  /** HTTPS with this certificate; plain HTTP when absent. */
  tls?: TlsFiles
  /** A proxy in front says who is connected. */
  isBehindProxy?: boolean
  /** The raw ledger, or metrics, for whoever asks, without a key. */
  publicLedger?: boolean
  publicMetrics?: boolean
  /** Nobody is asked when absent. */
  outside?: OutsideSettings
  /** Days within which everything stored is read again; SCRUB_DAYS when absent. */
  scrubDays?: number
  /** Where ledgers are copied to, closed with everything else; `null` when nowhere from here on, absent when that is not said. */
  offsite?: OffsitePlace | null
  /** A second port of the same address, where exporters of OpenTelemetry look for one; none when absent. */
  otlpPort?: number
  /** Seconds that a trace which seems whole waits for more of it. */
  traceWaitSeconds?: number
  /** A ClickHouse server to use instead of the embedded one. */
  clickhouseUrl?: string
  /** What storing and asking is charged with; those of an example when absent. */
  prices?: Prices
  /** Where months of the index go when they are over; to where they went before, and no further ones, when absent. */
  warm?: WarmSettings
  /** Diagnostics: one line a call, never with a value from a record. */
  diagnose(message: string, details?: Record<string, unknown>): void
}

export interface App {
  url: string
  adminToken: string
  ledgers: HostedLedgers
  close(): Promise<void>
}

/** Starts everything; rejects, leaving nothing running, when a part cannot start. */
export function startApp(options: AppOptions): Promise<App> {
  const { signerDirectory, clickhouseUrl, diagnose } = options
  return orUndo(async (undo) => {
    const directory = await openDirectory(disk, random, options.directory, options.root)
    undo.add(() => directory.release())
    const indexes = new Indexes({ directory, clickhouseUrl, warm: options.warm, diagnose })
    undo.add(() => indexes.close())
    const { offsite } = options
    if (offsite) undo.add(() => offsite.store.close())
    const ledgers = await HostedLedgers.open({
      disk,
      clock,
      random,
      directory,
      signerDirectory,
      signers: new Signers({
        clock,
        sockets: options.signerSockets ?? new Map(),
        localForOthers: options.localSignerForOthers ?? false,
      }),
      indexes,
      acceptHead: options.acceptHead ?? false,
      outside: options.outside && { ...options.outside, http: realHttpClient, random, diagnose },
      offsite,
      scrubDays: options.scrubDays ?? SCRUB_DAYS,
      intake: (start) => new WorkerIntake(start),
      deflate: deflateApart,
      ...(options.traceWaitSeconds !== undefined && { traceWaitSeconds: options.traceWaitSeconds }),
      diagnose,
    })
    undo.add(() => ledgers.close())
    const { adminToken } = directory
    const listening = {
      host: options.host,
      ...(options.tls && { tls: options.tls }),
      isBehindProxy: options.isBehindProxy ?? false,
      onTrouble: (reason: string) => diagnose('a renewed certificate cannot be used', { reason }),
      handle: createHandler({
        ledgers,
        adminToken,
        settings: settingsOf(options),
        ...(options.prices && { prices: options.prices }),
        sessions: new Sessions({ secret: ledgers.default.tenant.vault.derive('sessions'), clock, random }),
        lockout: new Lockout(clock),
        rateLimit: new RateLimit(clock),
        evidence: new EvidencePage(disk),
        clock,
        disk,
        dashboardDirectory: fileURLToPath(new URL('./dashboard', import.meta.url)),
        version: VERSION,
        onUnexpected: (error) => diagnose('a request failed unexpectedly', { ...failureOf(error) }),
      }),
    }
    const web = await startWebServer({ ...listening, port: options.port })
    undo.add(() => web.close())
    const { otlpPort } = options
    if (otlpPort !== undefined) {
      const otlp = await startWebServer({ ...listening, port: otlpPort })
      undo.add(() => otlp.close())
    }
    if (isWritable(directory, ledgers.default.tenant)) await announceServer(disk, directory, web.localUrl)
    return { url: web.url, adminToken, ledgers, close: () => undo.run() }
  })
}

function settingsOf(options: AppOptions): Settings {
  const { tls, isBehindProxy, publicLedger, publicMetrics, scrubDays, clickhouseUrl } = options
  return {
    transport: tls ? 'tls' : isBehindProxy ? 'proxy' : 'loopback',
    publicLedger: publicLedger ?? false,
    publicMetrics: publicMetrics ?? false,
    scrubDays: scrubDays ?? SCRUB_DAYS,
    index: clickhouseUrl === undefined ? 'embedded' : 'server',
  }
}
