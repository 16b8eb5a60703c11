import { Argument, Command, Option } from 'commander'
import { openDirectory } from '../directory.ts'
import { DEFAULT_LEDGER } from '../hosting/ledger-name.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { userStateDirectory } from '../platform/places.ts'
import { realRandom } from '../platform/random.ts'
import { print } from '../platform/terminal.ts'
import { type KeyChangeOptions, rotateKey } from '../rotate-key.ts'
import { SUCCESSION_REASONS, succeedLedger, type SuccessionReason } from '../succeed-ledger.ts'
import { connectSigner } from '../signer-connection.ts'
import { mustBeDirectory } from './connection.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'
import { signerSockets, type SignerSocketsOption, signerState, withData, withLedger } from './options.ts'

interface KeysOptions extends SignerSocketsOption, RootKeyOptions {
  data: string
  ledger?: string
  signerState?: string
  json?: boolean
}

function withKeys(command: Command): Command {
  return withRootKey(withLedger(withData(command)))
    .addOption(signerState())
    .addOption(signerSockets())
    .option('--json', 'answer in JSON')
}

/** Takes the directory, which no server may hold, for the length of a change. */
async function changing<T>(options: KeysOptions, work: (change: KeyChangeOptions) => Promise<T>): Promise<T> {
  const { data, ledger = DEFAULT_LEDGER, signerSocket } = options
  await mustBeDirectory(data, ledger)
  const directory = await openDirectory(realDisk, realRandom, data, rootOf(options, data))
  try {
    return await work({
      disk: realDisk,
      clock: realClock,
      random: realRandom,
      directory,
      ledger,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      remoteSigner: await connectSigner(signerSocket?.get(ledger), realClock),
    })
  } finally {
    await directory.release()
  }
}

export const rotate = withKeys(new Command('rotate'))
  .description('replace a signing key: both keys sign that, in the ledger; the server must not be running')
  .addArgument(new Argument('[use]', 'which key').choices(['checkpoint', 'promise']).default('checkpoint'))
  .addHelpText('after', '\nExample:\n  deponent keys rotate checkpoint --data ./data')
  .action(async (use: 'checkpoint' | 'promise', options: KeysOptions) => {
    const { previous, next, from } = await changing(options, (change) => rotateKey(change, use))
    print(
      options.json
        ? JSON.stringify({ use, from, previous, next })
        : `${use} key ${next}\nsigns from size ${from} on, instead of ${previous}`,
    )
  })

export const succeed = withKeys(new Command('succeed'))
  .description(
    'freeze the ledger and begin another under its name, whose first entry fixes all of it; for a key that is lost or not believed any more',
  )
  .addOption(new Option('--reason <reason>', 'why').choices(SUCCESSION_REASONS).makeOptionMandatory())
  .addHelpText('after', '\nExample:\n  deponent keys succeed --reason lost --data ./data')
  .action(async (options: KeysOptions & { reason: SuccessionReason }) => {
    const succession = await changing(options, (change) => succeedLedger(change, options.reason))
    const { frozen, origin, previousOrigin } = succession
    print(
      options.json
        ? JSON.stringify(succession)
        : `${previousOrigin} is frozen as ${frozen}\n${origin} takes its place; hand out its keys`,
    )
  })
