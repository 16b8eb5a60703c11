/** Options that several commands take, each defined once. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_LEDGER, isLedgerName } from '../hosting/ledger-name.ts'
import type { SignerSockets } from '../hosting/signers.ts'
import { withRootKey } from './root-key.ts'

export function withData(command: Command): Command {
  return command.addOption(
    new Option('--data <dir>', 'data directory').default('./data').env('DEPONENT_DATA'),
  )
}

/** Options of commands that talk to a server. */
export function withConnection(command: Command): Command {
  return withRootKey(withData(command))
    .option('--url <url>', 'a running server to use instead of the data directory')
    .option(
      '--key <key>',
      'key to use (or DEPONENT_KEY); without --url the token of first start is used when none is given',
    )
    .addOption(signerState())
    .addOption(signerSockets())
    .option('--json', 'answer in JSON')
}

export function signerState(): Option {
  return new Option(
    '--signer-state <dir>',
    "where the signer keeps its last checkpoint, outside the data directory (default: the user's state directory)",
  ).env('DEPONENT_SIGNER_STATE')
}

/** Sockets of signers, as an option gives them and a server takes them. */
export interface SignerSocketsOption {
  signerSocket?: SignerSockets
}

export function signerSockets(): Option {
  return new Option(
    '--signer-socket <[name=]path>',
    'socket of the signer of a ledger in a process of its own (`deponent signer`), of the ledger default unless another is named; may be given again. A ledger without one is signed for in this process',
  )
    .env('DEPONENT_SIGNER_SOCKET')
    .argParser(withSocket)
}

const NAMED_SOCKET = /^([a-z][a-z0-9-]{0,31})=(.*)$/s

function withSocket(text: string, before: SignerSockets = new Map()): SignerSockets {
  const [, name = DEFAULT_LEDGER, path = text] = NAMED_SOCKET.exec(text) ?? []
  if (path === '')
    throw new InvalidArgumentError('A socket is a path, after the name of a ledger and = or alone.')
  if (before.has(name)) throw new InvalidArgumentError(`Ledger ${name} has one signer.`)
  return new Map([...before, [name, path]])
}

export function localSignerForOthers(): Option {
  return new Option(
    '--local-signer-for-others',
    'let new ledgers be signed for in this process although the ledger default has a signer of its own',
  )
}

/** Which ledger of the server or directory a command is about. A key that belongs to one ledger needs no name. */
export function withLedger(command: Command, meaning = `which ledger (default: ${DEFAULT_LEDGER})`): Command {
  return command.option('--ledger <name>', meaning, ledgerName)
}

/** The name of a ledger; those that were succeeded have names nothing can be done under. */
export function ledgerName(text: string): string {
  if (!isLedgerName(text))
    throw new InvalidArgumentError(
      'A ledger is named by 1 to 32 lower-case letters, digits and dashes, a letter first.',
    )
  return text
}

/** A number of days, 1 to 365. */
export function days(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 365)
    throw new InvalidArgumentError('Days are a number from 1 to 365.')
  return value
}

/** A number of days, 1 to 36,600. */
export function manyDays(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 36_600)
    throw new InvalidArgumentError('Days are a number from 1 to 36600.')
  return value
}

/** Calendar months, the last one included. */
export interface Months {
  readonly from: string
  readonly to: string
}

const MONTH = String.raw`20\d{2}-(?:0[1-9]|1[0-2])`
const MONTHS = new RegExp(`^(${MONTH})(?:\\.\\.(${MONTH}))?$`)

/** `2023-01..2023-06`, or one month. */
export function months(text: string): Months {
  const [, from = '', to = from] = MONTHS.exec(text) ?? []
  if (from === '' || from > to)
    throw new InvalidArgumentError('Months are given as 2023-01..2023-06, or one as 2023-01.')
  return { from, to }
}

/** A number of seconds, 1 to 600. */
export function seconds(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 600)
    throw new InvalidArgumentError('Seconds are a number from 1 to 600.')
  return value
}

/** How many threads may work, 1 to 256. */
export function threads(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 256)
    throw new InvalidArgumentError('Threads are a number from 1 to 256.')
  return value
}

/** A positive port number or 0. */
export function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return value
}

/** An index of the ledger. */
export function index(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('An index is an integer from 0.')
  return value
}
