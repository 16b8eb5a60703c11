/** The drill: every attack, each on a copy of its own, each looked at with every kind of knowledge. */
import { type Anchor, type Finding, type FindingCode, parseNote, parseTrust, utf8 } from '@deponent/format'
import { anchorFileName, encodeAnchors, hourOf } from '../ledger/anchor-files.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { cloneTree, makeScratch, removeScratch } from '../platform/scratch.ts'
import { ATTACKS } from './attacks/index.ts'
import type { Contents } from './contents.ts'
import { isAsDocumented } from './documented.ts'
import { copyGround, DrillRefused, type Ground, writeSignerState } from './ground.ts'
import { KNOWLEDGE, type Outside } from './knowledge.ts'
import { type SourceState, sourcesOf } from './numbers.ts'
import { foundAs, neededFor, outcomeOf, type Outcomes } from './outcome.ts'
import type { Attacked } from './place.ts'
import { leavesOf } from './rewrite.ts'
import type { Attack, Marks, Scene, Truth } from './scene.ts'
import { NoPlaceForAttack } from './sealing.ts'
import { checkpointOf, receiptOf } from './statements.ts'
import { makeSynthetic } from './synthetic.ts'
import { TimestampAuthority } from './timestamp-authority.ts'
import { Witness } from './witness.ts'

const HOUR_MS = 3_600_000

export interface DrillOptions {
  disk: Disk
  random: Random
  /** The data directory to copy; a ledger is made for the purpose when absent. */
  source?: string
  ledger?: string
  /** How many decisions a ledger made for the purpose holds. */
  records?: number
  /** Names of the attacks to try; all when absent. */
  only?: readonly string[]
  onProgress?(done: number, total: number): void
}

/** What came of one attack. */
export interface Row {
  attack: string
  what: string
  needs: string
  /** By kind of knowledge; absent when the ledger has no place for the attack. */
  outcomes?: Outcomes
  /** Why it was not tried. */
  skipped?: string
  /** How it shows first. */
  foundAs: readonly FindingCode[]
  /** What must be at hand to notice it, each enough by itself; empty when the directory alone is. */
  notDetectableWithout: string
  /** Whether it came out as documented. */
  asDocumented: boolean
}

export interface DrillReport {
  /** Entries of the ledger the drill was held on. */
  entries: number
  rows: Row[]
}

/** Holds a drill in a directory of its own, which is removed in the end; the source is only read. @throws DrillRefused */
export async function drill(options: DrillOptions): Promise<DrillReport> {
  const { disk, random, ledger = 'default' } = options
  const scratch = await makeScratch('deponent-drill')
  try {
    const source = options.source ?? `${scratch}/made`
    if (options.source === undefined) {
      const signerDirectory = `${scratch}/made-signer`
      await makeSynthetic({
        disk,
        random,
        directory: source,
        ledger,
        signerDirectory,
        records: options.records ?? 400,
      })
    }
    const target = `${scratch}/true`
    await disk.makeDirectory(target, 0o700)
    const ground = await copyGround({ disk, random, source, target, ledger })
    return await new Drill(ground, scratch, random).run(options)
  } finally {
    await removeScratch(scratch)
  }
}

class Drill {
  readonly #ground: Ground
  readonly #scratch: string
  readonly #random: Random
  readonly #witness: Witness
  readonly #truth: Truth
  readonly #now: number
  readonly #anchor: Anchor
  readonly #authority: TimestampAuthority
  readonly #sources: readonly SourceState[]
  readonly #before = new Map<string, readonly Finding[]>()

  constructor(ground: Ground, scratch: string, random: Random) {
    this.#ground = ground
    this.#scratch = scratch
    this.#random = random
    this.#witness = new Witness(random.bytes(32), ground.keys.checkpoint.vkey)
    const { contents, keys, origin } = ground
    const marks = marksOf(contents)
    this.#now = contents.items.at(-1)!.entry.receivedAt + 2 * HOUR_MS
    this.#authority = new TimestampAuthority(random, this.#now)
    const backup = checkpointOf(keys, origin, contents, marks.backup)
    const leaves = leavesOf(contents)
    const at = contents.items[marks.backup]!.entry.receivedAt
    const backupCheckpoint = this.#witness.cosign(backup, leaves.slice(0, marks.backup), at)
    const note = checkpointOf(keys, origin, contents)
    const stamp = this.#authority.stamp(utf8(parseNote(note).text), this.#now - HOUR_MS)
    this.#anchor = { size: contents.items.length, note, timestamps: [stamp] }
    this.#sources = sourcesOf(ground, contents.items)
    this.#truth = { contents, marks, backupCheckpoint }
  }

  async run({ only, onProgress }: DrillOptions): Promise<DrillReport> {
    await this.#prepare()
    const attacks = ATTACKS.filter(({ name }) => only?.includes(name) ?? true)
    const rows: Row[] = []
    for (const attack of attacks) {
      rows.push(await this.#row(attack))
      onProgress?.(rows.length, attacks.length)
    }
    return { entries: this.#truth.contents.items.length, rows }
  }

  /** Publishes the true checkpoint as the ledger and its witness would have, and makes sure that nothing is found without an attack. */
  async #prepare(): Promise<void> {
    const { disk, directory, ledger, keys, origin, contents } = this.#ground
    const note = checkpointOf(keys, origin, contents)
    const cosigned = this.#witness.cosign(note, leavesOf(contents), this.#now - HOUR_MS)
    await disk.write(`${directory}/ledgers/${ledger}/checkpoint`, Buffer.from(cosigned))
    await putAnchor(this.#ground, this.#anchor, this.#now - HOUR_MS)
    await writeSignerState(disk, `${this.#scratch}/signer`, keys.checkpoint.vkey, note)
    const attacked = await this.#copy()
    for (const { name, look } of KNOWLEDGE) {
      const findings = await look(attacked, this.#outside())
      const faults = findings.filter(({ severity }) => severity === 'error')
      if (faults.length > 0)
        throw new DrillRefused('the copy does not verify; a drill would show nothing', faults)
      this.#before.set(name, findings)
    }
    await this.#remove()
  }

  async #row(attack: Attack): Promise<Row> {
    const { name, what, needs } = attack
    const attacked = await this.#copy()
    try {
      await attack.run(this.#scene(attacked))
      const outcomes: Outcomes = {}
      for (const knowledge of KNOWLEDGE) {
        const findings = await knowledge.look(attacked, this.#outside(attack.concerns))
        outcomes[knowledge.name] = outcomeOf(findings, this.#before.get(knowledge.name)!)
      }
      const marks = KNOWLEDGE.map((knowledge) => outcomes[knowledge.name]!.mark)
      const row = { attack: name, what, needs, outcomes, foundAs: foundAs(outcomes) }
      return { ...row, notDetectableWithout: neededFor(outcomes), asDocumented: isAsDocumented(name, marks) }
    } catch (error) {
      if (!(error instanceof NoPlaceForAttack)) throw error
      const row = { attack: name, what, needs, skipped: error.message, foundAs: [], notDetectableWithout: '' }
      return { ...row, asDocumented: true }
    } finally {
      await this.#remove()
    }
  }

  #scene(attacked: Attacked): Scene {
    const { keys, contentKeys, dictionaries } = this.#ground
    return {
      ...attacked,
      truth: this.#truth,
      keys,
      contentKeys,
      dictionaries,
      now: this.#now,
      witness: this.#witness.fork(),
    }
  }

  #outside(concerns?: 'newest'): Outside {
    const { keys, origin } = this.#ground
    const { contents, marks } = this.#truth
    const pinned = {
      origin,
      keys: [
        { vkey: keys.checkpoint.vkey, use: 'checkpoint', sizes: '0..' },
        { vkey: keys.promise.vkey, use: 'promise', sizes: '0..' },
      ],
    }
    const index = concerns === 'newest' ? marks.newest : marks.victim
    return {
      trust: parseTrust({ ledgers: [pinned] }),
      trustWithWitness: parseTrust({ ledgers: [{ ...pinned, witnesses: [this.#witness.vkey], quorum: 1 }] }),
      checkpoint: checkpointOf(keys, origin, contents, marks.kept),
      receipt: receiptOf(keys, origin, contents, { index, start: index - 1, end: index + 1 }),
      trustWithAuthority: parseTrust({ ledgers: [{ ...pinned, timestampRoots: [this.#authority.root] }] }),
      anchor: this.#anchor,
      sources: this.#sources,
    }
  }

  async #copy(): Promise<Attacked> {
    const { disk, ledger, origin, directory } = this.#ground
    const attacked = {
      disk,
      random: this.#random,
      ledger,
      origin,
      directory: this.#attackedPath,
      signerDirectory: this.#signerPath,
    }
    await cloneTree(directory, attacked.directory)
    await cloneTree(`${this.#scratch}/signer`, attacked.signerDirectory)
    return attacked
  }

  async #remove(): Promise<void> {
    await removeScratch(this.#attackedPath)
    await removeScratch(this.#signerPath)
  }

  get #attackedPath(): string {
    return `${this.#scratch}/attacked`
  }

  get #signerPath(): string {
    return `${this.#scratch}/attacked-signer`
  }
}

/** Keeps an anchor where the ledger keeps its own. */
async function putAnchor({ disk, directory, ledger }: Ground, anchor: Anchor, at: number): Promise<void> {
  const path = `${directory}/ledgers/${ledger}/anchors`
  await disk.makeDirectory(path)
  await disk.write(`${path}/${anchorFileName(anchor.size, hourOf(at))}`, encodeAnchors([anchor]))
}

/** Places for the attacks; a ledger must offer some room between them. */
function marksOf({ items }: Contents): Marks {
  const size = items.length
  const decisionFrom = (from: number): number =>
    items.findIndex(({ entry }, index) => index >= from && entry.kind === 'decision')
  const victim = decisionFrom(Math.max(1, Math.floor(size * 0.2)))
  const newest = items.findLastIndex(({ entry }, index) => index < size - 1 && entry.kind === 'decision')
  const marks = {
    victim,
    backup: Math.floor(size * 0.4),
    kept: Math.floor(size * 0.6),
    fork: Math.floor(size * 0.8),
    newest,
  }
  const isRoomy = victim > 0 && victim + 2 < marks.backup && newest > marks.fork
  if (!isRoomy) throw new DrillRefused('the ledger has too few decisions for a drill')
  return marks
}
