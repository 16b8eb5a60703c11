/** Where the root key is, as options and the environment name it. A key itself is never an argument: whoever lists processes reads those. */
import { type Command, Option } from 'commander'
import { awsKms } from '../platform/aws-kms.ts'
import { rootBeside, type RootSource } from '../vault/root-source.ts'
import { CommandError, EXIT } from './exit.ts'

export interface RootKeyOptions {
  rootKey?: string
  kmsEndpoint?: string
  kmsRegion?: string
}

const KMS = /^kms:(.+)$/s
const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]{0,127})$/
const LOOKS_LIKE_A_KEY = /^[0-9a-f]{64}$/i

/** Adds the options of commands that open what was sealed. */
export function withRootKey(command: Command): Command {
  return command
    .option(
      '--root-key <source>',
      'where the root key is: a file, or kms:KEY for a key of AWS KMS by id, alias or ARN (or DEPONENT_ROOT_KEY, DEPONENT_ROOT_KEY_FILE; default: keyring/root.key in the data directory)',
    )
    .addOption(
      new Option('--kms-endpoint <url>', 'a key management service that speaks as AWS KMS does').env(
        'DEPONENT_KMS_ENDPOINT',
      ),
    )
    .option('--kms-region <region>', 'its region (default: of the ARN, or AWS_REGION)')
}

/**
 * Where the root key of a data directory is: what the option says, else DEPONENT_ROOT_KEY (64 hex digits, or kms:KEY), else the file
 * DEPONENT_ROOT_KEY_FILE names, else beside what it opens.
 */
export function rootOf(options: RootKeyOptions, data: string): RootSource {
  const { DEPONENT_ROOT_KEY: secret, DEPONENT_ROOT_KEY_FILE: path } = process.env
  if (options.rootKey !== undefined) return rootNamed(options.rootKey, options)
  if (secret !== undefined && path !== undefined)
    throw new CommandError(EXIT.usage, 'DEPONENT_ROOT_KEY and DEPONENT_ROOT_KEY_FILE are both set: set one')
  if (secret !== undefined)
    return KMS.test(secret)
      ? rootNamed(secret, options)
      : { kind: 'environment', variable: 'DEPONENT_ROOT_KEY', secret }
  return path === undefined ? rootBeside(`${data}/keyring`) : { kind: 'file', path }
}

/** A source by its name: a path, `kms:KEY`, or `env:VARIABLE`. */
export function rootNamed(text: string, { kmsEndpoint, kmsRegion }: RootKeyOptions): RootSource {
  if (LOOKS_LIKE_A_KEY.test(text))
    throw new CommandError(
      EXIT.usage,
      'a root key is not given as an argument, which others can read: put it in a file or in DEPONENT_ROOT_KEY',
    )
  const keyId = KMS.exec(text)?.[1]
  if (keyId !== undefined) {
    if (kmsEndpoint !== undefined && !URL.canParse(kmsEndpoint))
      throw new CommandError(EXIT.usage, '--kms-endpoint needs an address such as https://kms.example')
    const service = awsKms({
      ...(kmsEndpoint !== undefined && { endpoint: kmsEndpoint }),
      ...(kmsRegion !== undefined && { region: kmsRegion }),
    })
    return { kind: 'service', keyId, service }
  }
  const variable = VARIABLE.exec(text)?.[1]
  if (variable !== undefined) return { kind: 'environment', variable, secret: process.env[variable] }
  if (text === '') throw new CommandError(EXIT.usage, '--root-key needs a file or kms:KEY')
  return { kind: 'file', path: text }
}
