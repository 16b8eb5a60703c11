/** The keys a ledger shows, and the trust that follows from believing them. */
import { FormatError, parseVkey, promiseName, toHex, trustSelf } from '@deponent/format'
import type { Trust } from '@deponent/format'
import type { Pin } from './memory.ts'

/** The keys of one ledger as texts. */
export interface LedgerKeys {
  readonly checkpointVkey: string
  readonly promiseVkey?: string
}

/** Picks the keys of an origin out of a text, wherever white space or quotes set them apart; undefined without a checkpoint key. */
export function keysIn(text: string, origin: string): LedgerKeys | undefined {
  const words = text.split(/[\s",]+/)
  const checkpointVkey = words.find((word) => nameOf(word) === origin)
  const promiseVkey = words.find((word) => nameOf(word) === promiseName(origin))
  if (checkpointVkey === undefined) return undefined
  return { checkpointVkey, ...(promiseVkey !== undefined && { promiseVkey }) }
}

/** The name a vkey text is for; undefined when it is no vkey we can check. */
export function nameOf(vkey: string): string | undefined {
  try {
    return parseVkey(vkey).name
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** Trust in a pinned key. One the operator showed us is only the operator's own word; one the reader pasted is not. */
export function trustOfPin(origin: string, pin: Pin): Trust {
  const keys = {
    checkpoint: pin.checkpointVkey,
    ...(pin.promiseVkey !== undefined && { promise: pin.promiseVkey }),
  }
  const own = trustSelf(origin, keys)
  if (pin.source === 'first-seen') return own
  return { ledgers: own.ledgers.map(({ self: _, ...ledger }) => ledger) }
}

/** The key id of a vkey, as people compare it. */
export function keyIdText(vkey: string): string {
  try {
    return toHex(parseVkey(vkey).keyId)
  } catch (error) {
    if (error instanceof FormatError) return 'unreadable'
    throw error
  }
}
