import { Command } from 'commander'
import { type App, startApp } from '../app.ts'
import type { HostedLedger } from '../hosting/hosted-ledger.ts'
import { userStateDirectory } from '../platform/places.ts'
import { print } from '../platform/terminal.ts'
import { mustBeDirectory } from './connection.ts'
import { diagnostics } from './diagnostics.ts'
import { CommandError, EXIT } from './exit.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'
import { signerSockets, type SignerSocketsOption, signerState, withData, withLedger } from './options.ts'

interface ReindexOptions extends SignerSocketsOption, RootKeyOptions {
  data: string
  ledger?: string
  signerState?: string
  json?: boolean
}

/** The ledgers whose indexes are built again. */
function chosenOf({ ledgers }: App, name: string | undefined): HostedLedger[] {
  if (name === undefined) return ledgers.all()
  const ledger = ledgers.get(name)
  if (!ledger) throw new CommandError(EXIT.internal, `ledger ${name} does not open`)
  return [ledger]
}

export const reindex = withRootKey(
  withLedger(withData(new Command('reindex')), 'which ledger (default: all of them)'),
)
  .description(
    'throw the index away and build it again from ledger and vault; the server must not be running',
  )
  .addOption(signerState())
  .addOption(signerSockets())
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent reindex --data ./data')
  .action(async (options: ReindexOptions) => {
    await mustBeDirectory(options.data, options.ledger)
    const app = await startApp({
      directory: options.data,
      host: '127.0.0.1',
      port: 0,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      root: rootOf(options, options.data),
      ...(options.signerSocket && { signerSockets: options.signerSocket }),
      diagnose: diagnostics(),
    })
    try {
      const done: { ledger: string; entries: number }[] = []
      for (const { name: ledger, projection } of chosenOf(app, options.ledger)) {
        await projection.reindex()
        done.push({ ledger, entries: projection.position() })
      }
      printDone(done, options.json === true)
      if (options.ledger === undefined && app.ledgers.unavailable().length > 0)
        process.exitCode = EXIT.incomplete
    } finally {
      await app.close()
    }
  })

function printDone(done: readonly { ledger: string; entries: number }[], isJson: boolean): void {
  const entries = done.reduce((sum, each) => sum + each.entries, 0)
  if (isJson) {
    print(JSON.stringify({ entries, ledgers: done }))
    return
  }
  for (const each of done.length > 1 ? done : []) print(`${each.ledger}: ${each.entries} entries indexed`)
  print(`${entries} entries indexed`)
}
