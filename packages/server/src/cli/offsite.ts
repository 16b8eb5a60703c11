/** Options that say where ledgers are copied to. Without them they are copied nowhere. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { OffsitePlace } from '../hosting/offsite.ts'
import { openObjectStore, StoreAddressError } from '../platform/open-store.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import { CommandError, EXIT } from './exit.ts'

const LOCK_DAYS_DEFAULT = 30
/** A hundred years: a lock of compliance cannot be taken back. */
const LOCK_DAYS_MAX = 36_500

export interface OffsiteOptions {
  offsite?: string
  offsiteLockDays?: number
}

export function withOffsite(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--offsite <address>',
        'copy every ledger, under locks, to a store of objects: s3://bucket/prefix?region=…&endpoint=…, or a directory',
      ).env('DEPONENT_OFFSITE'),
    )
    .addOption(
      new Option(
        '--offsite-lock-days <days>',
        `how long each object is locked for; extended while it is needed (default: ${LOCK_DAYS_DEFAULT})`,
      )
        .env('DEPONENT_OFFSITE_LOCK_DAYS')
        .argParser(lockDays),
    )
}

/** Where to copy to; undefined when nowhere. CommandError for an address that cannot be used. */
export async function offsiteOf({
  offsite,
  offsiteLockDays,
}: OffsiteOptions): Promise<OffsitePlace | undefined> {
  if (offsite === undefined) {
    if (offsiteLockDays === undefined) return undefined
    throw new CommandError(EXIT.usage, '--offsite-lock-days goes with --offsite')
  }
  return { store: await storeAt(offsite), lockDays: offsiteLockDays ?? LOCK_DAYS_DEFAULT }
}

/** The store at an address; CommandError when it cannot be used as it is written. */
export async function storeAt(address: string): Promise<ObjectStore> {
  try {
    return await openObjectStore(address)
  } catch (error) {
    if (error instanceof StoreAddressError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}

function lockDays(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > LOCK_DAYS_MAX)
    throw new InvalidArgumentError(`Days are a whole number from 1 to ${LOCK_DAYS_MAX}.`)
  return value
}
