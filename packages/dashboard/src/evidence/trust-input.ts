/** The reader's own trust, as typed or dropped. Nothing in the file can supply it. */
import { FormatError, KEY_TYPE, parseTrust, parseVkey, promiseName } from '@deponent/format'
import type { Trust } from '@deponent/format'

/**
 * The trust of a trust file's text, or of verifier keys set apart by white space; undefined for nothing.
 * Witness keys among them are asked for: all of them must have cosigned. FormatError when unusable.
 */
export function trustOf(text: string, origin: string): Trust | undefined {
  const given = text.trim()
  if (given === '') return undefined
  if (given.startsWith('{')) return parseTrust(given)
  const vkeys = given.split(/[\s,]+/).map(parseVkey)
  const witnesses = vkeys.filter(({ type }) => type === KEY_TYPE.cosignature).map(({ vkey }) => vkey)
  const keys = vkeys.flatMap(({ type, name, vkey }) =>
    type === KEY_TYPE.ed25519 ? [{ vkey, use: name === promiseName(origin) ? 'promise' : 'checkpoint' }] : [],
  )
  if (!keys.some(({ use }) => use === 'checkpoint'))
    throw new FormatError('bad_trust', `none of these keys signs checkpoints of ${origin}`)
  // As a trust file, so that one voice under two names is not counted twice.
  return parseTrust({ ledgers: [{ origin, keys, witnesses, quorum: witnesses.length }] })
}
