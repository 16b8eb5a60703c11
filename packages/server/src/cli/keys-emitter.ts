import { Command } from 'commander'
import { EMITTER_NAME, makeEmitterKey } from '../access/emitter-keys.ts'
import { DEFAULT_LEDGER } from '../hosting/ledger-name.ts'
import { realDisk } from '../platform/disk.ts'
import { realRandom } from '../platform/random.ts'
import { note, print } from '../platform/terminal.ts'
import { mustBeDirectory } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { withData, withLedger } from './options.ts'

export const emitter = withLedger(withData(new Command('emitter')))
  .description('make a key with which one emitter, and nobody else, records under its name')
  .argument('<name>', 'the emitter.id it numbers its records by')
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent keys emitter checkout-1 --data ./data')
  .action(async (name: string, options: { data: string; ledger?: string; json?: boolean }) => {
    const { data, ledger = DEFAULT_LEDGER, json } = options
    if (!EMITTER_NAME.test(name))
      throw new CommandError(
        EXIT.usage,
        'an emitter is named by 1 to 64 letters, digits, dots, dashes, underscores',
      )
    await mustBeDirectory(data, ledger)
    const path = await makeEmitterKey(realDisk, realRandom, data, ledger, name)
    print(json ? JSON.stringify({ emitter: name, path }) : path)
    note('the file holds the key; hand it to the emitter, and move it away if this machine need not know it')
  })
