/**
 * Has others speak about published checkpoints: witnesses cosign them, authorities stamp them. Everything here comes after an
 * acknowledgement and after publication, and nothing waits for it.
 *
 *   published ─▶ a round: every witness that may be asked is shown the newest checkpoint ─▶ cosignatures into `checkpoint`
 *             └▶ authorities whose interval is over stamp it                              └▶ anchors, at most one a minute
 *
 * Witnesses are asked in rounds, so that their cosignatures meet on one checkpoint; one that is slow joins a later round.
 */
import {
  type Anchor,
  cosignatureTimeS,
  equalBytes,
  FormatError,
  formatNote,
  isQuorum,
  type Note,
  type NoteSignature,
  parseNote,
  type Policy,
  readTimestamp,
  type VerifierKey,
  verifyNote,
} from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Random } from '../platform/random.ts'
import { reasonOf } from '../platform/failure.ts'
import type { Anchors } from './anchors.ts'
import type { PublishedCheckpoint } from './publisher.ts'
import { nativeVerify } from './signing-key.ts'
import { type TimestampStatus, Timestamper } from './timestamper.ts'
import { type ReachableWitness, Witness, type WitnessStatus } from './witness.ts'

/** How long a round waits for its slowest witness. */
const ROUND_MS = 2_000
const PAUSE_BETWEEN_ROUNDS_MS = 1_000
/** Witnesses asked at the same time. */
const ASKED_AT_ONCE = 8
const KEPT_EVERY_MS = 60_000
/** How long the first anchor of a minute waits for what else comes in. */
const GATHERED_FOR_MS = 2_000

/** Who is asked, as configured. */
export interface Outside {
  readonly http: HttpClient
  readonly random: Random
  readonly policy?: Policy
  readonly timestampUrls: readonly string[]
  readonly timestampEveryMs: number
  /** Told when trouble with one of them begins, changes or ends. */
  diagnose(message: string, details: Record<string, unknown>): void
}

/** The ledger whose checkpoints are shown. */
export interface ShownLedger {
  proof(from: number, to: number): Promise<readonly Uint8Array[]>
  /** Takes a note with cosignatures under it as the published one, unless a newer was published. */
  countersign(size: number, note: string): Promise<void>
}

/** What is shown about all of them. */
export interface OutsideStatus {
  witnesses: WitnessStatus[]
  /** Whether the published checkpoint is cosigned as the policy asks; absent without a policy. */
  quorum: { name: string; met: boolean } | null
  timestamps: TimestampStatus[]
}

/** A checkpoint and what others said about it so far. */
interface Gathered extends PublishedCheckpoint {
  readonly lines: Map<string, NoteSignature>
  /** Whose cosignatures the published note bears. */
  shown: ReadonlySet<string>
}

interface AnchoringOptions {
  readonly clock: Clock
  readonly outside: Outside
  readonly anchors: Anchors
  readonly ledger: ShownLedger
}

export class Anchoring {
  readonly #options: AnchoringOptions
  readonly #witnesses: readonly Witness[]
  readonly #timestampers: readonly Timestamper[]
  readonly #ending = new AbortController()
  /** What is under way with somebody outside. */
  readonly #talks = new Set<Promise<void>>()
  /** The newest anchor of earlier lives, until the first publication. */
  #newest: Anchor | undefined
  #latest: Gathered | undefined
  #rounds: Promise<void> | undefined
  #unkept: Gathered | undefined
  #keptAt = Number.NEGATIVE_INFINITY
  #isKeeping = false

  private constructor(options: AnchoringOptions) {
    this.#options = options
    const { clock, outside } = options
    const { http, random } = outside
    const shared = { clock, http, random, signal: this.#ending.signal }
    this.#witnesses = reachable(outside.policy).map(
      (witness) =>
        new Witness({
          ...shared,
          witness,
          onRested: () => this.#beginRounds(),
          onTrouble: (trouble) => {
            const { name } = witness
            if (trouble) this.#diagnose('a witness does not cosign', { name, code: trouble.code })
            else this.#diagnose('a witness cosigns again', { name })
          },
        }),
    )
    this.#timestampers = outside.timestampUrls.map(
      (url) =>
        new Timestamper({
          ...shared,
          url,
          everyMs: outside.timestampEveryMs,
          onDue: () => this.#stamp(),
          onTrouble: (message) =>
            this.#diagnose(message === undefined ? 'timestamps are given again' : 'no timestamp', {
              message,
            }),
        }),
    )
  }

  static async start(options: AnchoringOptions): Promise<Anchoring> {
    const anchoring = new Anchoring(options)
    try {
      await anchoring.#resume()
    } catch (error) {
      // What others said before is no condition for recording; whoever verifies the directory is told.
      anchoring.#diagnose('anchors cannot be read', { reason: reasonOf(error) })
    }
    return anchoring
  }

  async #resume(): Promise<void> {
    const { anchors } = this.#options
    this.#newest = await anchors.latest()
    const stamped = await anchors.latest('stamped')
    if (!stamped) return
    const atMs = Math.max(...stamped.timestamps.map((token) => readTimestamp(token).timeMs))
    for (const timestamper of this.#timestampers) timestamper.resume(stamped.size, atMs)
  }

  /** A checkpoint was published. */
  published(checkpoint: PublishedCheckpoint): void {
    if (this.#ending.signal.aborted) return
    const gathered: Gathered = { ...checkpoint, lines: new Map(), shown: new Set() }
    this.#latest = gathered
    for (const witness of this.#witnesses) witness.published(checkpoint.size, checkpoint.publishedAt)
    this.#recall(gathered)
    this.#beginRounds()
    this.#stamp()
  }

  status(): OutsideStatus {
    const { policy } = this.#options.outside
    const latest = this.#latest
    return {
      witnesses: this.#witnesses.map((witness) => witness.status(latest?.size ?? 0)),
      quorum: policy
        ? { name: policy.quorum, met: latest !== undefined && isQuorum(policy, latest.shown) }
        : null,
      timestamps: this.#timestampers.map((timestamper) => timestamper.status()),
    }
  }

  /** Gives the last checkpoint one round, keeps what is not kept, and asks nobody any more. */
  async close(): Promise<void> {
    const end = this.#waited(ROUND_MS)
    await Promise.race([this.#lastRound(), end.promise])
    end.cancel()
    this.#ending.abort()
    await this.#rounds
    await Promise.all(this.#talks)
    if (this.#unkept) await this.#keep(this.#unkept)
  }

  async #lastRound(): Promise<void> {
    await Promise.all(this.#talks)
    if (this.#latest && !this.#ending.signal.aborted) await this.#round(this.#latest)
  }

  /** A checkpoint published again after a restart has the cosignatures it had. */
  #recall(gathered: Gathered): void {
    const known = this.#newest
    this.#newest = undefined
    if (known === undefined || parseNote(known.note).text !== parseNote(gathered.note).text) return
    const note = parseNote(known.note)
    for (const witness of this.#witnesses) {
      const line = note.signatures.find(
        ({ name, keyId }) => name === witness.key.name && equalBytes(keyId, witness.key.keyId),
      )
      if (!line || !isSigned({ text: note.text, signatures: [line] }, witness.key)) continue
      gathered.lines.set(witness.name, line)
      witness.cosigned(gathered.size, cosignatureTimeS(line.signature) ?? 0)
    }
    if (gathered.lines.size > 0) void this.#tracked(this.#countersign(gathered))
  }

  #beginRounds(): void {
    if (this.#ending.signal.aborted || this.#witnesses.length === 0) return
    this.#rounds ??= this.#runRounds().finally(() => {
      this.#rounds = undefined
    })
  }

  async #runRounds(): Promise<void> {
    for (;;) {
      const target = this.#latest
      if (!target || this.#asked(target).length === 0) return
      const slow = this.#waited(ROUND_MS)
      await Promise.race([this.#round(target), slow.promise])
      slow.cancel()
      await this.#waited(PAUSE_BETWEEN_ROUNDS_MS).promise
      if (this.#ending.signal.aborted) return
    }
  }

  /** Who may be asked and has not cosigned this. */
  #asked({ lines }: Gathered): Witness[] {
    return this.#witnesses.filter(({ isReady, name }) => isReady && !lines.has(name))
  }

  async #round(target: Gathered): Promise<void> {
    const waiting = this.#asked(target)
    const ask = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        await this.#tracked(this.#ask(next, target))
      // One that was too slow for its round may be asked again now.
      this.#beginRounds()
    }
    await Promise.all(Array.from({ length: Math.min(ASKED_AT_ONCE, waiting.length) }, ask))
  }

  async #ask(witness: Witness, target: Gathered): Promise<void> {
    const { ledger } = this.#options
    const cosigned = await witness.ask(target, (from) => ledger.proof(from, target.size))
    if (!cosigned) return
    target.lines.set(witness.name, cosigned.line)
    await this.#countersign(target)
    witness.cosigned(target.size, cosigned.timeS)
    this.#remember(target)
  }

  async #countersign(gathered: Gathered): Promise<void> {
    const shown = new Set(gathered.lines.keys())
    try {
      await this.#options.ledger.countersign(gathered.size, this.#noteOf(gathered))
      if (shown.size > gathered.shown.size) gathered.shown = shown
    } catch (error) {
      this.#diagnose('cosignatures could not be written to the checkpoint', { reason: reasonOf(error) })
    }
  }

  /** The published note with the cosignatures under it, in the order of the policy. */
  #noteOf({ note, lines }: Gathered): string {
    const { text, signatures } = parseNote(note)
    const cosignatures = this.#witnesses.flatMap(({ name }) => lines.get(name) ?? [])
    return formatNote(text, [...signatures, ...cosignatures])
  }

  #hasQuorum({ lines }: Gathered): boolean {
    const { policy } = this.#options.outside
    return policy !== undefined && isQuorum(policy, new Set(lines.keys()))
  }

  /** Keeps the newest checkpoint that has a quorum, else the newest, once a minute. */
  #remember(gathered: Gathered): void {
    const held = this.#unkept
    if (held && held.size > gathered.size) return
    if (held && this.#hasQuorum(held) && !this.#hasQuorum(gathered)) return
    this.#unkept = gathered
    if (this.#isKeeping) return
    this.#isKeeping = true
    const { clock } = this.#options
    const sinceMs = clock.monotonicMs() - this.#keptAt
    clock.after(Math.max(GATHERED_FOR_MS, KEPT_EVERY_MS - sinceMs), () => {
      this.#isKeeping = false
      if (this.#unkept && !this.#ending.signal.aborted) void this.#tracked(this.#keep(this.#unkept))
    })
  }

  async #keep(gathered: Gathered, timestamps: readonly Uint8Array[] = []): Promise<void> {
    this.#unkept = undefined
    this.#keptAt = this.#options.clock.monotonicMs()
    try {
      await this.#options.anchors.add({ size: gathered.size, note: this.#noteOf(gathered), timestamps })
    } catch (error) {
      this.#diagnose('an anchor could not be kept', { reason: reasonOf(error) })
    }
  }

  #stamp(): void {
    const target = this.#latest
    if (!target || this.#ending.signal.aborted) return
    for (const timestamper of this.#timestampers) {
      if (!timestamper.wants(target.size)) continue
      void this.#tracked(this.#stampBy(timestamper, target))
    }
  }

  async #stampBy(timestamper: Timestamper, target: Gathered): Promise<void> {
    const stamped = await timestamper.stamp(target.size, target.note)
    if (stamped) await this.#keep(target, [stamped.token])
  }

  #tracked(talk: Promise<void>): Promise<void> {
    const tracked = talk.finally(() => this.#talks.delete(tracked))
    this.#talks.add(tracked)
    return tracked
  }

  /** A wait that ends early when everything does. */
  #waited(ms: number): { promise: Promise<void>; cancel(): void } {
    const { signal } = this.#ending
    let cancel = (): void => {}
    const promise = new Promise<void>((resolve) => {
      const stop = this.#options.clock.after(ms, done)
      function done(): void {
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      cancel = done
      if (signal.aborted) done()
      else signal.addEventListener('abort', done)
    })
    return { promise, cancel }
  }

  #diagnose(message: string, details: Record<string, unknown>): void {
    this.#options.outside.diagnose(message, details)
  }
}

function reachable(policy: Policy | undefined): ReachableWitness[] {
  return (policy?.witnesses ?? []).flatMap(({ name, key, url }) =>
    url === undefined ? [] : [{ name, key, url }],
  )
}

function isSigned(note: Note, key: VerifierKey): boolean {
  try {
    return verifyNote(note, [key], nativeVerify).length > 0
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}
