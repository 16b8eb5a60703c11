/** Names a record so that a resend of it is recognised, without keeping what its sender called it. */
import type { CanonicalRecord } from '@deponent/format'
import { Hmac } from '../vault/hmac.ts'

/** Sixteen bytes each, as latin1 text: a map key as they are, and cheap to hand to another thread. */
export interface Mark {
  key: string
  mac: string
}

/**
 * The digest by which a resend of a record without a number is known: `sourceDigest` of what telemetry brought and of artifacts, which only
 * the server writes down, and `originDigest` of other kinds than decisions, where their sender gave one.
 */
export function knownDigestOf(
  kind: string,
  { sourceDigest, originDigest }: CanonicalRecord,
): string | undefined {
  const digest = /^(?:trace|artifact)(?:\.|$)/.test(kind) ? sourceDigest : originDigest
  return kind !== 'decision' && typeof digest === 'string' ? digest : undefined
}

export class Marker {
  readonly #names: Hmac
  readonly #contents: Hmac

  constructor(nameKey: Uint8Array, contentKey: Uint8Array) {
    this.#names = new Hmac('sha256', nameKey)
    this.#contents = new Hmac('sha256', contentKey)
  }

  /** The mark of a record: its name within system and kind, and a MAC of `content`, its canonical text as sent. */
  mark(system: string, kind: string, name: string, content: string): Mark {
    return { key: this.nameOf(system, kind, name), mac: headOfMac(this.macOf(content)) }
  }

  /** HMAC of a content, its first 16 bytes. */
  macOf(content: string): Uint8Array {
    return this.#contents.digest(content).slice(0, 16)
  }

  /**
   * The mark of a record known by its number alone. Its link stands for its content: the same number with another link is another
   * record, kept and reported.
   */
  markOfNumber({ id, epoch, seq, link }: { id: string; epoch: number; seq: number; link: string }): Mark {
    return this.mark('', 'emitter', `${id}\0${epoch}\0${seq}\0${link}`, link)
  }

  /** The mark of a record known by the digest of what came. */
  markOfDigest(system: string, kind: string, sourceDigest: string): Mark {
    return this.mark(system, kind, sourceDigest, sourceDigest)
  }

  /** HMAC(key, system ‖ 0 ‖ kind ‖ 0 ‖ name), first 16 bytes. */
  nameOf(system: string, kind: string, name: string): string {
    return headOfMac(this.#names.digest(`${system}\0${kind}\0${name}`))
  }
}

/** Its first 16 bytes, as a mark has them. */
export function headOfMac(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, 16).toString('latin1')
}
