/**
 * Keys of emitters, one pair of files each in DIR/keyring/emitters, those of another ledger than the first one below it in a directory
 * of that ledger's name, which has no dot and so is no file of an emitter: NAME.key is the token for whoever runs the emitter and may be moved
 * away, NAME.sha256 its digest, the only thing the server reads. A key works from within a second of being made.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { fromUtf8, hexDigest, toHex, utf8 } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { randomToken } from './token.ts'

const READ_EVERY_MS = 1_000
const SUFFIX = '.sha256'

/** What may be an emitter's name, and with it a file's. */
export const EMITTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const FIRST_LEDGER = 'default'
const directoryOf = (data: string, ledger: string): string =>
  ledger === FIRST_LEDGER ? `${data}/keyring/emitters` : `${data}/keyring/emitters/${ledger}`
const digestOf = (token: string): Uint8Array => createHash('sha256').update(token).digest()

export class EmitterKeys {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #directory: string
  #digests = new Map<string, Uint8Array>()
  #readAt = -Infinity
  #reading: Promise<void> | undefined

  /** `data`: the data directory. */
  constructor(disk: Disk, clock: Clock, data: string, ledger: string) {
    this.#disk = disk
    this.#clock = clock
    this.#directory = directoryOf(data, ledger)
  }

  /** The emitter whose key this is. Every key is compared, in constant time. */
  async ownerOf(token: string): Promise<string | undefined> {
    await this.#refresh()
    const given = digestOf(token)
    let owner: string | undefined
    for (const [name, digest] of this.#digests) if (timingSafeEqual(digest, given)) owner = name
    return owner
  }

  /** Emitters that have a key of their own. */
  async owned(): Promise<ReadonlySet<string>> {
    await this.#refresh()
    return new Set(this.#digests.keys())
  }

  /** Whoever asks while the keys are read waits for them: what is not read yet must not pass for what is not there. */
  #refresh(): Promise<void> {
    const now = this.#clock.monotonicMs()
    if (!this.#reading && now - this.#readAt < READ_EVERY_MS) return Promise.resolve()
    this.#reading ??= this.#read(now).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(now: number): Promise<void> {
    const names = (await this.#disk.list(this.#directory)).filter((name) => name.endsWith(SUFFIX))
    const digests = new Map<string, Uint8Array>()
    for (const name of names) {
      const bytes = await this.#disk.read(`${this.#directory}/${name}`)
      const digest = bytes && hexDigest(fromUtf8(bytes).trim())
      if (digest) digests.set(name.slice(0, -SUFFIX.length), digest)
    }
    this.#digests = digests
    this.#readAt = now
  }
}

/** Makes a key for an emitter of a ledger, replacing the one it has; gives the path of the file that holds the token. */
export async function makeEmitterKey(
  disk: Disk,
  random: Random,
  data: string,
  ledger: string,
  name: string,
): Promise<string> {
  const directory = directoryOf(data, ledger)
  await disk.makeDirectory(directory, 0o700)
  const token = randomToken(random)
  const path = `${directory}/${name}.key`
  // The token first: a digest nobody has the token of would lock the emitter out.
  await disk.writeDurably(path, utf8(`${token}\n`), 0o600)
  await disk.writeDurably(`${directory}/${name}${SUFFIX}`, utf8(`${toHex(digestOf(token))}\n`), 0o600)
  return path
}
