/**
 * Whose signatures a verifier believes. A trust file is supplied by whoever asks, never by the thing that
 * is checked. It fails closed: a field this version does not know may be a condition it would not enforce,
 * so it is refused.
 */
import { toHex } from './bytes.ts'
import { isOrigin } from './checkpoint.ts'
import { parseDecimal } from './decimal.ts'
import { Field } from './document.ts'
import { KEY_TYPE, parseVkey } from './key.ts'
import type { VerifierKey } from './key.ts'
import { promiseName } from './promise.ts'

/** What a key may sign. */
export type KeyUse = 'checkpoint' | 'promise'

/** The ledger sizes at which a key counts, both ends included; without `to` there is no upper end. */
export interface SizeRange {
  readonly from: number
  readonly to?: number
}

/** A key of a ledger, believed for one use at some sizes and ignored outside them. */
export interface TrustedKey {
  readonly vkey: string
  readonly use: KeyUse
  readonly sizes: SizeRange
}

/** One ledger and whose word about it is believed. */
export interface TrustedLedger {
  readonly origin: string
  readonly keys: readonly TrustedKey[]
  /** vkeys of witnesses (type 0x04, `cosignature/v1`). */
  readonly witnesses: readonly string[]
  /** How many different witnesses must have cosigned a checkpoint. */
  readonly quorum: number
  /** PEM certificates of timestamp authorities; carried, not interpreted here. */
  readonly timestampRoots: readonly string[]
  /** True when the keys are only the operator's own word: verdicts then say `trust_self`. */
  readonly self?: true
}

/** A trust file, read. */
export interface Trust {
  readonly ledgers: readonly TrustedLedger[]
}

/**
 * The trust of a trust file's text, or of its parsed JSON. FormatError 'bad_trust' with the path of what
 * is wrong.
 */
export function parseTrust(json: unknown): Trust {
  const file = Field.document(json, 'bad_trust').only('ledgers')
  const ledgers = file.field('ledgers').list().map(parseLedger)
  if (hasRepeated(ledgers.map(({ origin }) => origin))) throw file.misfit('an origin is listed twice')
  return { ledgers }
}

function parseLedger(item: Field): TrustedLedger {
  item.only('origin', 'keys', 'witnesses', 'quorum', 'timestampRoots')
  const origin = item.field('origin').text()
  if (!isOrigin(origin)) throw item.field('origin').misfit('malformed origin')
  const keys = item
    .field('keys')
    .list()
    .map((key) => parseKey(key, origin))
  const witnesses = optionalList(item.field('witnesses')).map(parseWitness)
  const timestampRoots = optionalList(item.field('timestampRoots')).map((root) => root.text())
  if (hasCommon(witnesses, keys)) throw item.misfit('a key of the ledger cannot be its own witness')
  return { origin, keys, witnesses, quorum: parseQuorum(item.field('quorum'), witnesses), timestampRoots }
}

function parseKey(item: Field, origin: string): TrustedKey {
  item.only('vkey', 'use', 'sizes')
  const use = parseUse(item.field('use'))
  const { name, type, vkey } = item.field('vkey').decode(parseVkey)
  if (type !== KEY_TYPE.ed25519) throw item.field('vkey').misfit('a ledger signs with a plain Ed25519 key')
  if (use === 'promise' && name !== promiseName(origin)) {
    throw item.field('vkey').misfit("a receipt key is named after its ledger's promises")
  }
  const sizes = item.field('sizes')
  return { vkey, use, sizes: sizes.absent ? { from: 0 } : parseSizes(sizes) }
}

function parseUse(item: Field): KeyUse {
  const use = item.text()
  if (use !== 'checkpoint' && use !== 'promise') throw item.misfit('use is checkpoint or promise')
  return use
}

function parseSizes(item: Field): SizeRange {
  const [, first, last] = /^([0-9]+)\.\.([0-9]*)$/.exec(item.text()) ?? []
  if (first === undefined || last === undefined) throw item.misfit('sizes are written from.. or from..to')
  const from = item.decode(() => parseDecimal(first, 'bad_trust'))
  if (last === '') return { from }
  const to = item.decode(() => parseDecimal(last, 'bad_trust'))
  if (to < from) throw item.misfit('sizes end before they start')
  return { from, to }
}

function parseWitness(item: Field): string {
  const { type, vkey } = item.decode(parseVkey)
  if (type !== KEY_TYPE.cosignature) throw item.misfit('a witness has a cosignature key (type 4)')
  return vkey
}

function parseQuorum(item: Field, witnesses: readonly string[]): number {
  const quorum = item.absent ? 0 : item.position()
  if (quorum > witnesses.length) throw item.misfit('quorum is larger than the number of witnesses')
  const publicKeys = witnesses.map((vkey) => toHex(parseVkey(vkey).publicKey))
  if (hasRepeated(publicKeys)) throw item.misfit('a witness key is listed twice')
  return quorum
}

/** One public key under two names is still one voice. */
function hasCommon(witnesses: readonly string[], keys: readonly TrustedKey[]): boolean {
  const own = new Set(keys.map(({ vkey }) => toHex(parseVkey(vkey).publicKey)))
  return witnesses.some((vkey) => own.has(toHex(parseVkey(vkey).publicKey)))
}

function optionalList(item: Field): Field[] {
  return item.absent ? [] : item.list()
}

function hasRepeated(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length
}

/** Trust in what a ledger says of itself, for the keys it shows: verdicts resting on it say `trust_self`. */
export function trustSelf(origin: string, keys: { checkpoint: string; promise?: string }): Trust {
  const sizes = { from: 0 }
  const trusted: TrustedKey[] = [{ vkey: keys.checkpoint, use: 'checkpoint', sizes }]
  if (keys.promise !== undefined) trusted.push({ vkey: keys.promise, use: 'promise', sizes })
  return { ledgers: [{ origin, keys: trusted, witnesses: [], quorum: 0, timestampRoots: [], self: true }] }
}

/** What is trusted about the ledger of an origin; undefined when nothing is. */
export function trustedLedger(trust: Trust | undefined, origin: string): TrustedLedger | undefined {
  return trust?.ledgers.find((ledger) => ledger.origin === origin)
}

/** The keys believed for a use at a ledger size; for a promise that is the end of its range. */
export function trustedKeys(ledger: TrustedLedger, use: KeyUse, size: number): VerifierKey[] {
  return ledger.keys
    .filter(
      (key) => key.use === use && key.sizes.from <= size && size <= (key.sizes.to ?? Number.MAX_SAFE_INTEGER),
    )
    .map((key) => parseVkey(key.vkey))
}
