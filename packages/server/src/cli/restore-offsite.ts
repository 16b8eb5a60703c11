import { fromUtf8, parseTrust } from '@deponent/format'
import { Command } from 'commander'
import { endProgress, note, print, progress } from '../platform/terminal.ts'
import { type RestoredDirectory, RestoredInvalid, restoreOffsite } from '../restore-offsite.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'
import { storeAt } from './offsite.ts'
import { ledgerName } from './options.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'

interface RestoreOptions extends RootKeyOptions {
  keyring: string
  ledger?: string
  trust?: string
  json?: boolean
}

const FINDINGS_SHOWN = 20

const NOT_IN_IT =
  'not in the copy: entries after that checkpoint, ledgers that were succeeded, whatever is not in the keyring; index and state are built again at the next start'
const WHAT_NEXT =
  'where the signer remembers a later checkpoint, serve refuses to write (ledger_behind); where it remembers none, give serve --accept-head once'

export const restore = withRootKey(new Command('restore-offsite'))
  .description('bring a data directory back from the copy that serve --offsite made, and its keyring')
  .argument('<address>', 'the store: s3://bucket/prefix?region=…&endpoint=…, or a directory')
  .argument('<dir>', 'the data directory to make; nothing may be in it')
  .requiredOption('--keyring <dir>', 'the keyring of the directory that was copied')
  .option('--ledger <name>', 'only this ledger', ledgerName)
  .option('--trust <file>', 'keys to believe checkpoints by that are not in the keyring, as for verify')
  .option('--json', 'answer in JSON')
  .addHelpText(
    'after',
    '\nExample:\n  deponent restore-offsite s3://audit/deponent ./data --keyring /backup/keyring',
  )
  .action(async (address: string, data: string, options: RestoreOptions) => {
    const { keyring, ledger, trust } = options
    const store = await storeAt(address)
    try {
      const restored = await restoreOffsite({
        store,
        keyring,
        data,
        ...(ledger !== undefined && { ledger }),
        ...(trust !== undefined && { trust: parseTrust(fromUtf8(await fileBytes(trust))) }),
        rootOf: (directory) => rootOf(options, directory),
        onProgress: progress,
      })
      endProgress()
      tell(restored, data, options)
    } catch (error) {
      endProgress()
      if (!(error instanceof RestoredInvalid)) throw error
      for (const { code, index, message } of error.findings.slice(0, FINDINGS_SHOWN))
        note(`${code}${index === undefined ? '' : ` at ${index}`}: ${message}`)
      throw new CommandError(EXIT.negative, error.message)
    } finally {
      await store.close()
    }
  })

function tell(restored: readonly RestoredDirectory[], directory: string, { json }: RestoreOptions): void {
  if (json) {
    print(JSON.stringify({ directory, ledgers: restored }))
    return
  }
  for (const { ledger, origin, size } of restored)
    print(`ledger ${ledger}: ${size} entries of ${origin}, all under its last copied checkpoint`)
  print(NOT_IN_IT)
  print(WHAT_NEXT)
}
