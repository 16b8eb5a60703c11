import { Command } from 'commander'
import { openDirectory } from '../directory.ts'
import { DEFAULT_LEDGER } from '../hosting/ledger-name.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { userStateDirectory } from '../platform/places.ts'
import { realRandom } from '../platform/random.ts'
import { note, print } from '../platform/terminal.ts'
import { type RootRotation, rotateRootKey } from '../rotate-root.ts'
import { connectSigner } from '../signer-connection.ts'
import { mustBeDirectory } from './connection.ts'
import { signerSockets, type SignerSocketsOption, signerState, withData } from './options.ts'
import { type RootKeyOptions, rootNamed, rootOf, withRootKey } from './root-key.ts'

interface RotateRootOptions extends SignerSocketsOption, RootKeyOptions {
  data: string
  to?: string
  signerState?: string
  json?: boolean
}

async function rotated(options: RotateRootOptions): Promise<RootRotation> {
  const { data, to, signerSocket } = options
  await mustBeDirectory(data)
  const directory = await openDirectory(realDisk, realRandom, data, rootOf(options, data))
  try {
    return await rotateRootKey({
      disk: realDisk,
      clock: realClock,
      random: realRandom,
      directory,
      first: DEFAULT_LEDGER,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      signerOf: (ledger) => connectSigner(signerSocket?.get(ledger), realClock),
      ...(to !== undefined && { to: rootNamed(to, options) }),
    })
  } finally {
    await directory.release()
  }
}

function printRotation({ previous, next, place, unrecorded }: RootRotation): void {
  print(`master.key is wrapped by ${next}, instead of ${previous}\nthe root key is in ${place}`)
  for (const { ledger, reason } of unrecorded) note(`ledger ${ledger} could not record it: ${reason}`)
  note('copies of the directory that are older still need the root key they were made with')
}

export const rotateRoot = withRootKey(withData(new Command('rotate-root')))
  .description(
    'replace the root key, or keep it elsewhere from now on: one small file is written anew and no payload is touched; the server must not be running',
  )
  .option(
    '--to <source>',
    'where the next root key is: a file, made when missing; kms:KEY; or env:VARIABLE (default: a new key where the present one lies)',
  )
  .addOption(signerState())
  .addOption(signerSockets())
  .option('--json', 'answer in JSON')
  .addHelpText(
    'after',
    '\nExample:\n  deponent keys rotate-root --data ./data --to kms:alias/deponent --kms-region eu-central-1',
  )
  .action(async (options: RotateRootOptions) => {
    const rotation = await rotated(options)
    if (options.json) print(JSON.stringify(rotation))
    else printRotation(rotation)
  })
