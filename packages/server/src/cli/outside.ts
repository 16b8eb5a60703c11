/** Options that say who outside is asked about checkpoints. Without them nobody is. */
import { FormatError, parsePolicy, type Policy } from '@deponent/format'
import { type Command, InvalidArgumentError } from 'commander'
import type { OutsideSettings } from '../app.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'

const MINUTES_DEFAULT = 60
const MINUTES_MAX = 10_080

export interface OutsideOptions {
  witnessPolicy?: string
  timestampUrl?: string[]
  timestampEvery?: number
}

export function withOutside(command: Command): Command {
  return command
    .option('--witness-policy <file>', 'witnesses to ask for cosignatures, as a C2SP tlog-policy file')
    .option(
      '--timestamp-url <url>',
      'an RFC 3161 authority to ask for timestamps; may be given again',
      collect,
    )
    .option(
      '--timestamp-every <minutes>',
      `how often to ask it while the ledger grows (default: ${MINUTES_DEFAULT})`,
      minutes,
    )
}

/** Who is to be asked; undefined when nobody is. CommandError for a policy that cannot be read. */
export async function outsideOf(options: OutsideOptions): Promise<OutsideSettings | undefined> {
  const { witnessPolicy, timestampUrl: timestampUrls = [], timestampEvery = MINUTES_DEFAULT } = options
  if (witnessPolicy === undefined && timestampUrls.length === 0) return undefined
  const policy = witnessPolicy === undefined ? undefined : await policyIn(witnessPolicy)
  return { ...(policy && { policy }), timestampUrls, timestampEveryMs: timestampEvery * 60_000 }
}

async function policyIn(path: string): Promise<Policy> {
  const policy = policyOf(path, await fileBytes(path))
  for (const { name, url } of policy.witnesses) {
    if (url !== undefined && !isAddress(url)) {
      throw new CommandError(
        EXIT.usage,
        `${path}: the URL of witness ${name} is not an http or https address`,
      )
    }
  }
  if (policy.witnesses.some(({ url }) => url !== undefined)) return policy
  throw new CommandError(EXIT.usage, `${path}: no witness has a URL, so none can be asked`)
}

function policyOf(path: string, bytes: Uint8Array): Policy {
  try {
    return parsePolicy(bytes)
  } catch (error) {
    if (error instanceof FormatError) throw new CommandError(EXIT.usage, `${path}: ${error.message}`)
    throw error
  }
}

function collect(url: string, before: string[] = []): string[] {
  if (!isAddress(url)) {
    throw new InvalidArgumentError('A timestamp authority is an http or https address without a password.')
  }
  return [...before, url]
}

function minutes(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > MINUTES_MAX) {
    throw new InvalidArgumentError(`Minutes are a whole number from 1 to ${MINUTES_MAX}.`)
  }
  return value
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === ''
}
