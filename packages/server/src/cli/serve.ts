import { Command } from 'commander'
import { type App, SCRUB_DAYS, startApp } from '../app.ts'
import { HOT_DAYS, WARM_DAYS, type WarmSettings } from '../hosting/tiering.ts'
import { TRACE_WAIT_SECONDS } from '../hosting/telemetry.ts'
import { realClock } from '../platform/clock.ts'
import { userStateDirectory } from '../platform/places.ts'
import { print, stopSignal } from '../platform/terminal.ts'
import { TlsFileError, TlsFiles } from '../platform/tls-files.ts'
import { CommandError, EXIT } from './exit.ts'
import { diagnostics } from './diagnostics.ts'
import {
  days,
  localSignerForOthers,
  manyDays,
  port,
  seconds,
  signerSockets,
  type SignerSocketsOption,
  signerState,
  withData,
} from './options.ts'
import { type OffsiteOptions, offsiteOf, withOffsite } from './offsite.ts'
import { type OutsideOptions, outsideOf, withOutside } from './outside.ts'
import { pricesIn } from './prices.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'

export interface ServeOptions extends OutsideOptions, OffsiteOptions, SignerSocketsOption, RootKeyOptions {
  data: string
  port: number
  host: string
  signerState?: string
  localSignerForOthers?: boolean
  acceptHead?: boolean
  scrubDays: number
  otlpPort?: number
  traceWait: number
  clickhouseUrl?: string
  prices?: string
  warm?: string
  hotDays?: number
  warmDays?: number
  warmMoved?: boolean
  tlsCert?: string
  tlsKey?: string
  behindProxy?: boolean
  publicLedger?: boolean
  publicMetrics?: boolean
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Adds the options that `serve` and `demo` share. */
export function withServing(command: Command): Command {
  return withRootKey(withOffsite(withOutside(withData(command))))
    .option('--port <port>', 'port to listen on, 0 for a free one', port, 4600)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate and its chain (PEM)')
    .option('--tls-key <file>', 'its private key (PEM, no passphrase)')
    .option('--behind-proxy', 'a proxy in front ends TLS and says who is connected (X-Forwarded-For, -Proto)')
    .option('--public-ledger', 'checkpoints, tiles and verification keys for whoever asks, without a key')
    .option('--public-metrics', 'metrics of every ledger for whoever asks, without a key')
    .addOption(signerState())
    .addOption(signerSockets())
    .addOption(localSignerForOthers())
    .option('--accept-head', 'accept the head on disk although the signer remembers none')
    .option('--scrub-days <days>', 'days within which everything stored is read again', days, SCRUB_DAYS)
    .option('--otlp-port <port>', 'a second port, where exporters of OpenTelemetry look for one: 4318', port)
    .option(
      '--trace-wait <seconds>',
      'how long a trace that seems whole waits for more spans',
      seconds,
      TRACE_WAIT_SECONDS,
    )
    .option('--clickhouse-url <url>', 'a ClickHouse server to use instead of the embedded engine')
    .option('--prices <file>', 'what storing and asking is charged with, for the costs that are shown (JSON)')
    .option(
      '--warm <address>',
      'where months of the index go as Parquet when they are over: PATH, file://, s3://, az:// or gs://',
    )
    .option('--warm-moved', 'months that lay at another address are there now, and nothing of them is left')
    .option('--hot-days <days>', `days after which a month goes there (default: ${HOT_DAYS})`, manyDays)
    .option('--warm-days <days>', `days after which it is archived there (default: ${WARM_DAYS})`, manyDays)
}

/** Starts the server a command asks for. */
export async function startServer(options: ServeOptions): Promise<App> {
  const tls = await tlsOf(options)
  const isBehindProxy = options.behindProxy ?? false
  if (!tls && !isBehindProxy && !LOOPBACK.has(options.host)) {
    throw new CommandError(
      EXIT.usage,
      `${options.host} can be reached from other machines, and keys would cross the network in the clear: ` +
        'give --tls-cert FILE and --tls-key FILE, or --behind-proxy when a proxy in front ends TLS',
    )
  }
  const outside = await outsideOf(options)
  const offsite = await offsiteOf(options)
  return startApp({
    directory: options.data,
    host: options.host,
    port: options.port,
    signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
    root: rootOf(options, options.data),
    ...(options.signerSocket && { signerSockets: options.signerSocket }),
    localSignerForOthers: options.localSignerForOthers ?? false,
    acceptHead: options.acceptHead ?? false,
    scrubDays: options.scrubDays,
    ...(options.otlpPort !== undefined && { otlpPort: options.otlpPort }),
    traceWaitSeconds: options.traceWait,
    ...(options.clickhouseUrl !== undefined && { clickhouseUrl: options.clickhouseUrl }),
    ...(options.prices !== undefined && { prices: await pricesIn(options.prices) }),
    ...warmOf(options),
    ...(tls && { tls }),
    isBehindProxy,
    publicLedger: options.publicLedger ?? false,
    publicMetrics: options.publicMetrics ?? false,
    ...(outside && { outside }),
    offsite: offsite ?? null,
    diagnose: diagnostics(),
  })
}

/** Where months go, and when; nothing when they stay. */
function warmOf({ clickhouseUrl, hotDays, warm, warmDays, warmMoved }: ServeOptions): {
  warm?: WarmSettings
} {
  if (warm === undefined) {
    if (hotDays === undefined && warmDays === undefined && warmMoved === undefined) return {}
    throw new CommandError(EXIT.usage, '--hot-days, --warm-days and --warm-moved need --warm ADDRESS')
  }
  if (clickhouseUrl !== undefined)
    throw new CommandError(
      EXIT.usage,
      '--warm is for the embedded engine: it cannot be used with --clickhouse-url',
    )
  const settings = {
    address: warm,
    areMoved: warmMoved ?? false,
    hotDays: hotDays ?? HOT_DAYS,
    warmDays: warmDays ?? WARM_DAYS,
  }
  if (settings.warmDays <= settings.hotDays)
    throw new CommandError(
      EXIT.usage,
      'a month is archived after it went to Parquet: give more --warm-days than --hot-days',
    )
  return { warm: settings }
}

/** The certificate and key that were named; undefined when none were. */
async function tlsOf({ tlsCert, tlsKey }: ServeOptions): Promise<TlsFiles | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined)
    throw new CommandError(EXIT.usage, '--tls-cert and --tls-key need each other')
  try {
    return await TlsFiles.open({ certificate: tlsCert, key: tlsKey }, realClock)
  } catch (error) {
    if (error instanceof TlsFileError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}

export const serve = withServing(new Command('serve'))
  .description('run the server: recording, proofs, queries and the dashboard on one port')
  .addHelpText('after', '\nExample:\n  deponent serve --data ./data --port 4600')
  .action(async (options: ServeOptions) => {
    const app = await startServer(options)
    const stopping = stopSignal()
    print(`${app.url}/#key=${app.adminToken}`)
    await stopping
    await app.close()
  })
