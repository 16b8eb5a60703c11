import { Command } from 'commander'
import { type App, SCRUB_DAYS, startApp } from '../app.ts'
import { userStateDirectory } from '../platform/places.ts'
import { print, stopSignal } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'
import { diagnostics } from './diagnostics.ts'
import {
  days,
  localSignerForOthers,
  port,
  signerSockets,
  type SignerSocketsOption,
  signerState,
  withData,
} from './options.ts'
import { type OutsideOptions, outsideOf, withOutside } from './outside.ts'

export interface ServeOptions extends OutsideOptions, SignerSocketsOption {
  data: string
  port: number
  host: string
  signerState?: string
  localSignerForOthers?: boolean
  acceptHead?: boolean
  scrubDays: number
  clickhouseUrl?: string
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Adds the options that `serve` and `demo` share. */
export function withServing(command: Command): Command {
  return withOutside(withData(command))
    .option('--port <port>', 'port to listen on, 0 for a free one', port, 4600)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .addOption(signerState())
    .addOption(signerSockets())
    .addOption(localSignerForOthers())
    .option('--accept-head', 'accept the head on disk although the signer remembers none')
    .option('--scrub-days <days>', 'days within which everything stored is read again', days, SCRUB_DAYS)
    .option('--clickhouse-url <url>', 'a ClickHouse server to use instead of the embedded engine')
}

/** Starts the server a command asks for. */
export async function startServer(options: ServeOptions): Promise<App> {
  if (!LOOPBACK.has(options.host)) {
    throw new CommandError(
      EXIT.usage,
      'only loopback addresses are served: put a TLS proxy in front for others',
    )
  }
  const outside = await outsideOf(options)
  return startApp({
    directory: options.data,
    host: options.host,
    port: options.port,
    signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
    ...(options.signerSocket && { signerSockets: options.signerSocket }),
    localSignerForOthers: options.localSignerForOthers ?? false,
    acceptHead: options.acceptHead ?? false,
    scrubDays: options.scrubDays,
    ...(options.clickhouseUrl !== undefined && { clickhouseUrl: options.clickhouseUrl }),
    ...(outside && { outside }),
    diagnose: diagnostics(),
  })
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
