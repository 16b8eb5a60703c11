/** The keys a ledger shows, and the trust that follows from believing them. */
import { FormatError, KEY_TYPE, parseVkey, promiseName, toHex, trustSelf } from '@deponent/format'
import type { Trust } from '@deponent/format'
import type { Pin } from './memory.ts'

/** The keys of one ledger as texts. */
export interface LedgerKeys {
  readonly checkpointVkey: string
  readonly promiseVkey?: string
  /** Witnesses whose cosignatures are asked for, all of them. */
  readonly witnessVkeys?: readonly string[]
}

/**
 * Picks the keys of an origin and those of witnesses out of a text (a list, a policy, a trust file), wherever white space or quotes
 * set them apart; undefined without a checkpoint key.
 */
export function keysIn(text: string, origin: string): LedgerKeys | undefined {
  const words = text.split(/[\s",]+/)
  const checkpointVkey = words.find((word) => nameOf(word) === origin)
  const promiseVkey = words.find((word) => nameOf(word) === promiseName(origin))
  const witnessVkeys = [...new Set(words.filter(isWitnessVkey))]
  if (checkpointVkey === undefined) return undefined
  return {
    checkpointVkey,
    ...(promiseVkey !== undefined && { promiseVkey }),
    ...(witnessVkeys.length > 0 && { witnessVkeys }),
  }
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

function isWitnessVkey(text: string): boolean {
  try {
    return parseVkey(text).type === KEY_TYPE.cosignature
  } catch (error) {
    if (error instanceof FormatError) return false
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
