/** Options that several commands take, each defined once. */
import { type Command, InvalidArgumentError, Option } from 'commander'

export function withData(command: Command): Command {
  return command.addOption(
    new Option('--data <dir>', 'data directory').default('./data').env('DEPONENT_DATA'),
  )
}

/** Options of commands that talk to a server. */
export function withConnection(command: Command): Command {
  return withData(command)
    .option('--url <url>', 'a running server to use instead of the data directory')
    .option('--key <key>', 'key for --url (or DEPONENT_KEY)')
    .addOption(signerState())
    .addOption(signerSocket())
    .option('--json', 'answer in JSON')
}

export function signerState(): Option {
  return new Option(
    '--signer-state <dir>',
    "where the signer keeps its last checkpoint, outside the data directory (default: the user's state directory)",
  ).env('DEPONENT_SIGNER_STATE')
}

export function signerSocket(): Option {
  return new Option(
    '--signer-socket <path>',
    'socket of a signer in a process of its own (`deponent signer`); without it the signer is part of this process',
  ).env('DEPONENT_SIGNER_SOCKET')
}

/** A number of days, 1 to 365. */
export function days(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 365)
    throw new InvalidArgumentError('Days are a number from 1 to 365.')
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
