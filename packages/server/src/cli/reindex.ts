import { Command } from 'commander'
import { startApp } from '../app.ts'
import { userStateDirectory } from '../platform/places.ts'
import { print } from '../platform/terminal.ts'
import { mustBeDirectory } from './connection.ts'
import { diagnostics } from './diagnostics.ts'
import { signerSocket, signerState, withData } from './options.ts'

export const reindex = withData(new Command('reindex'))
  .description(
    'throw the index away and build it again from ledger and vault; the server must not be running',
  )
  .addOption(signerState())
  .addOption(signerSocket())
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent reindex --data ./data')
  .action(async (options: { data: string; signerState?: string; signerSocket?: string; json?: boolean }) => {
    await mustBeDirectory(options.data)
    const app = await startApp({
      directory: options.data,
      host: '127.0.0.1',
      port: 0,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      ...(options.signerSocket !== undefined && { signerSocket: options.signerSocket }),
      diagnose: diagnostics(),
    })
    try {
      await app.projection.reindex()
      const entries = app.projection.position()
      print(options.json ? JSON.stringify({ entries }) : `${entries} entries indexed`)
    } finally {
      await app.close()
    }
  })
