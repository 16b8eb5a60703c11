/** Everything the checks look at, each part read once. */
import {
  type Checkpoint,
  FormatError,
  fromUtf8,
  type Note,
  parseCheckpoint,
  parseNote,
  parseVkey,
  type Trust,
  trustedKeys,
  trustedLedger,
  type TrustedLedger,
  type VerifierKey,
} from '@deponent/format'
import type { PublishedLedger, Served, ServerRoutes, StatedKeys } from './published.ts'
import { readTiles, type ReadTiles } from './read-tiles.ts'

/** A signed checkpoint, as far as it could be read. `fault` says why the rest could not. */
export interface ReadCheckpoint {
  readonly served: Served
  readonly note?: Note
  readonly checkpoint?: Checkpoint
  readonly fault?: string
}

export interface SubjectOptions {
  readonly ledger: PublishedLedger
  /** Whose keys and witnesses count; without it the keys the ledger names itself. */
  readonly trust?: Trust
  /** Absent for a ledger read from files. */
  readonly routes?: ServerRoutes
  /** Whether test records may be recorded. */
  readonly mayWrite: boolean
  /** Tells apart the test records of two runs. */
  readonly mark: string
  onProgress?(done: number, total: number): void
}

export class Subject {
  readonly ledger: PublishedLedger
  readonly routes: ServerRoutes | undefined
  readonly mayWrite: boolean
  readonly mark: string
  readonly #options: SubjectOptions
  #checkpoint: Promise<ReadCheckpoint> | undefined
  #keys: Promise<StatedKeys> | undefined
  #tiles: Promise<ReadTiles> | undefined

  constructor(options: SubjectOptions) {
    this.#options = options
    this.ledger = options.ledger
    this.routes = options.routes
    this.mayWrite = options.mayWrite
    this.mark = options.mark
  }

  /** The checkpoint of the beginning: everything else is compared with it. */
  checkpoint(): Promise<ReadCheckpoint> {
    return (this.#checkpoint ??= this.readCheckpoint())
  }

  /** The checkpoint of now. */
  async readCheckpoint(): Promise<ReadCheckpoint> {
    const served = await this.ledger.get('checkpoint')
    if (served.status !== 200) return { served, fault: `there is no checkpoint (status ${served.status})` }
    const read: { note?: Note; checkpoint?: Checkpoint } = {}
    try {
      read.note = parseNote(fromUtf8(served.bytes))
      read.checkpoint = parseCheckpoint(read.note.text)
      return { served, ...read }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      return { served, ...read, fault: error.message }
    }
  }

  keys(): Promise<StatedKeys> {
    return (this.#keys ??= this.ledger.keys())
  }

  /** What is trusted about the ledger of this origin, by the trust file. */
  trusted(origin: string): TrustedLedger | undefined {
    return trustedLedger(this.#options.trust, origin)
  }

  /** The keys that may sign, of the trust file or, where it has none, of the ledger's own word. Malformed ones are left out. */
  async keysFor(use: 'checkpoint' | 'promise', origin: string, size: number): Promise<VerifierKey[]> {
    const trusted = this.trusted(origin)
    if (trusted) return trustedKeys(trusted, use, size)
    const stated = (await this.keys())[use]
    const key = stated === undefined ? undefined : readKey(stated)
    return key === undefined ? [] : [key]
  }

  /** All tiles below the checkpoint; undefined when there is none. */
  async tiles(): Promise<ReadTiles | undefined> {
    const { checkpoint } = await this.checkpoint()
    if (checkpoint === undefined) return undefined
    return (this.#tiles ??= readTiles(this.ledger, checkpoint.size, this.#options.onProgress))
  }
}

/** The key of a vkey; undefined when malformed. */
export function readKey(vkey: string): VerifierKey | undefined {
  try {
    return parseVkey(vkey)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
