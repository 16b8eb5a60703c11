import {
  EMPTY_ROOT,
  equalBytes,
  fromUtf8,
  parseCheckpoint,
  parseNote,
  parseVkey,
  toHex,
  verifyNote,
} from '@deponent/format'
import { LedgerWalk } from '../../packages/server/src/check/ledger-walk.ts'
import type { Chance } from '../../packages/server/src/demo/chance.ts'
import { NotSequencing, Overloaded } from '../../packages/server/src/ledger/errors.ts'
import type { Follower } from '../../packages/server/src/ledger/follower.ts'
import { type Draft, Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { Signer } from '../../packages/server/src/ledger/signer.ts'
import { nativeVerify, SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import type { Fault, SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { Segments } from '../../packages/server/src/vault/segments.ts'
import { Lives, type Tally } from '../platform/lives.ts'
import { LedgerWitness, type Request } from './ledger-witness.ts'

const ORIGIN = 'deponent.invalid/00000000/test'
const LEDGER_ID = ledgerIdOf(ORIGIN)
const DIRECTORY = '/data/ledgers/test'
const VAULT = '/data/vault/test'
const SIGNER = '/state/signer'
const checkpointKey = new SigningKey(ORIGIN, new Uint8Array(32).fill(1))
const promiseKey = new SigningKey(`${ORIGIN}/promise`, new Uint8Array(32).fill(2))

/** How many entries a request has, and how often. */
const SIZES = [
  { '1': 4, '3': 4, '40': 2, '255': 1, '256': 2, '300': 1 },
  // Files of the log that end where tiles end are let go soonest.
  { '256': 4, '512': 1 },
] as const

/** The steps of a ledger's work in which a call can meet a fault. */
const STEPS = ['recover', 'append', 'rotate', 'integrate', 'publish', 'retire'] as const
export const LEDGER_STEPS = { memory: STEPS, vault: [...STEPS, 'seal'] } as const
type LedgerStep = (typeof LEDGER_STEPS)['vault'][number]

/** What follows the ledger: a follower in memory, or the vault's segments on the same disk. */
export type FollowedBy = keyof typeof LEDGER_STEPS

const REQUEST_ENTRIES_MAX = 4_000
const CYCLES_MAX = 2
const STEPS_MAX = 10
const NEVER = 10 ** 9

/** A follower and how to read what it has. */
interface Companion {
  follower: Follower
  /** Opens it for writing, as part of the ledger's start. */
  begin(): Promise<void>
  attachments(): Promise<readonly Uint8Array[]>
}

function draftsOf(chance: Chance, count: number, now: number, attachmentBytes: number): Draft[] {
  const root = chance.hex(58)
  return Array.from({ length: count }, (_, i) => ({
    id: chance.uuid(now),
    kind: 'decision',
    system: 's1',
    retention: 'unset',
    payload: { c: 1 as const, leaves: 3, root: `${root}${String(i).padStart(6, '0')}` },
    attachment: new Uint8Array(Buffer.alloc(attachmentBytes, chance.hex(8))),
  }))
}

/** One ledger through several lives, with what everybody outside was told. */
class LedgerStory {
  readonly #lives: Lives
  readonly #chance: Chance
  readonly #witness: LedgerWitness
  readonly #walFileBytes: number
  readonly #segmentEntriesMax: number
  readonly #sizes: Readonly<Record<string, number>>
  readonly #hasVault: boolean
  #isOpening = false
  /** Size of the checkpoint file when a life last ended. */
  #storedSize = 0
  /** What the memory follower has made durable. */
  #kept: readonly Uint8Array[] = []
  #now = 1_700_000_000_000

  constructor(label: string, tally: Tally, follower: FollowedBy, chosen?: Fault) {
    this.#hasVault = follower === 'vault'
    this.#lives = new Lives(
      label,
      tally,
      { all: LEDGER_STEPS[follower], of: (call) => this.#stepOf(call) },
      chosen,
    )
    this.#chance = this.#lives.chance
    this.#witness = new LedgerWitness(this.#lives)
    this.#walFileBytes = this.#chance.pick([4, 16, 64]) * 4_096
    this.#segmentEntriesMax = this.#chance.pick([7, 100, 700])
    this.#sizes = this.#chance.happens(0.8) ? SIZES[0] : SIZES[1]
  }

  /** Troubled lives and clean ones in turn; after each clean one nothing that was told may be untrue. */
  async tell(): Promise<void> {
    const cycles = this.#chance.integer(1, CYCLES_MAX)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const troubled = this.#chance.integer(1, 2)
      for (let life = 0; life < troubled; life += 1) await this.#live(await this.#next('faulty'))
      await this.#live(await this.#next('clean'))
    }
    await this.#finish(await this.#next('clean'))
  }

  /** The same after a clean life that left `entries` entries behind. */
  async tellFrom(entries: number): Promise<void> {
    await this.#fill(await this.#next('clean'), entries)
    await this.tell()
  }

  /** A clean life, one whose fault is given, and the last. True when the fault was met. */
  async tellOneFault(): Promise<boolean> {
    await this.#live(await this.#next('clean'))
    await this.#live(await this.#next('faulty'))
    const wasMet = this.#lives.isTroubled
    await this.#finish(await this.#next('clean'))
    return wasMet
  }

  /** Ends a life, looks at what it left, and begins the next. */
  async #next(kind: 'faulty' | 'clean'): Promise<SimulatedDisk> {
    this.#isOpening = false
    await this.#inspect(this.#lives.end())
    return this.#lives.next(kind)
  }

  /** One life with work in it; it may end anywhere. */
  async #live(disk: SimulatedDisk): Promise<void> {
    const clock = this.#newClock()
    const companion = await this.#companion(disk)
    const ledger = companion && (await this.#open(disk, clock, companion))
    if (ledger) await this.#work(disk, clock, ledger)
    for (const request of this.#witness.requests) {
      if (request.state === 'pending') request.state = 'unknown'
    }
    this.#now = clock.now()
  }

  async #fill(disk: SimulatedDisk, entries: number): Promise<void> {
    const clock = this.#newClock()
    const companion = await this.#companion(disk)
    const ledger = companion && (await this.#open(disk, clock, companion))
    this.#lives.must(ledger !== undefined, 'the ledger opens')
    for (let left = entries; left > 0; left -= REQUEST_ENTRIES_MAX) {
      this.#append(ledger, Math.min(left, REQUEST_ENTRIES_MAX), 4)
      await this.#lives.turns(2_000)
    }
    await this.#lives.settled(ledger.close(), () => this.#observe(ledger))
    this.#lives.must(ledger.checkpoint?.size === entries, 'a ledger is published when it is closed')
    this.#now = clock.now()
  }

  /** In which step of the ledger's work a call is. */
  #stepOf({ operation, path }: SeenCall): LedgerStep {
    if (path.startsWith(VAULT)) return 'seal'
    if (this.#isOpening) return 'recover'
    if (path.includes('/wal')) {
      if (path.endsWith('.tmp') || operation === 'create') return 'rotate'
      if (operation === 'remove' || path.endsWith('/wal')) return 'retire'
      return operation === 'read' ? 'publish' : 'append'
    }
    if (path.includes('/tile')) return operation === 'sync' || operation === 'read' ? 'retire' : 'integrate'
    return 'publish'
  }

  /** The last life: everything told is true, and the ledger goes on. */
  async #finish(disk: SimulatedDisk): Promise<void> {
    const clock = this.#newClock()
    const companion = await this.#companion(disk)
    const ledger = companion && (await this.#open(disk, clock, companion))
    this.#lives.must(ledger !== undefined, 'the ledger opens')
    await this.#witness.check(ledger)
    const request = this.#append(ledger, 3, 20)
    const published = ledger.published(ledger.size + 3, NEVER)
    await this.#lives.settled(this.#passing(clock, published), () => this.#observe(ledger))
    this.#lives.must(request.state === 'acknowledged', 'the ledger takes new entries')
    await this.#witness.check(ledger)
    this.#witness.checkAttachments(await companion!.attachments())
    await this.#lives.settled(ledger.close())
    const size = await this.#inspect(disk)
    this.#lives.must(size === ledger.size, 'the check finds every entry')
  }

  /**
   * Reads the stored bytes as the check does, which believes no writer: nothing is wrong with them, they lead to the checkpoint
   * stored with them, and nothing that was told is missing. Gives the number of entries found.
   */
  async #inspect(disk: SimulatedDisk): Promise<number> {
    const checkpoint = await this.#storedCheckpoint(disk)
    const walk = await LedgerWalk.open(disk, DIRECTORY, LEDGER_ID, [checkpoint.size])
    for await (const block of walk.entries()) void block
    const error = walk.findings.find(({ severity }) => severity === 'error')
    this.#lives.must(!error, `the check finds no error: ${error?.code} ${error?.message}`)
    if (walk.findings.some(({ code }) => code === 'tile_unfinished')) this.#lives.tally.add('tile unfinished')
    this.#lives.must(walk.size >= this.#witness.acknowledgedEnd, 'the check finds what was acknowledged')
    this.#lives.must(checkpoint.size >= this.#storedSize, 'the stored checkpoint never goes back')
    this.#storedSize = checkpoint.size
    const root = checkpoint.size === 0 ? EMPTY_ROOT : walk.roots.get(checkpoint.size)
    const leadsThere = root !== undefined && equalBytes(root, checkpoint.root)
    this.#lives.must(leadsThere, 'the stored checkpoint has the root of what is stored')
    return walk.size
  }

  async #storedCheckpoint(disk: SimulatedDisk): Promise<{ size: number; root: Uint8Array }> {
    const bytes = await disk.read(`${DIRECTORY}/checkpoint`)
    if (!bytes) return { size: 0, root: EMPTY_ROOT }
    const note = parseNote(fromUtf8(bytes))
    const signed = verifyNote(note, [parseVkey(checkpointKey.vkey)], nativeVerify)
    this.#lives.must(signed.length === 1, 'the stored checkpoint is signed')
    return parseCheckpoint(note.text)
  }

  async #open(disk: SimulatedDisk, clock: TestClock, companion: Companion): Promise<Ledger | undefined> {
    const open = async (): Promise<Ledger> =>
      Ledger.open({
        disk,
        clock,
        directory: DIRECTORY,
        origin: ORIGIN,
        promiseKey,
        signer: await this.#signer(disk),
        followers: [companion.follower],
        prepare: async () => {
          await companion.begin()
          return undefined
        },
        walFileBytes: this.#walFileBytes,
      })
    this.#isOpening = true
    const opened = await this.#lives.settled(open())
    this.#isOpening = false
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the ledger opens (${opened.reason})`)
      return undefined
    }
    const ledger = opened.value
    this.#lives.tell(`opened with ${ledger.size} entries${ledger.refusal ? `, ${ledger.refusal.code}` : ''}`)
    this.#observe(ledger)
    const isAllowed = !ledger.refusal || this.#lives.isTroubled
    this.#lives.must(isAllowed, `an undamaged ledger is not refused (${ledger.refusal?.message})`)
    if (!ledger.refusal) await this.#checkUntroubled(ledger)
    return ledger
  }

  async #signer(disk: SimulatedDisk): Promise<Signer> {
    const signer = await Signer.open(disk, SIGNER, checkpointKey, ORIGIN)
    const size = signer.head()?.size ?? 0
    this.#lives.must(size >= this.#witness.lastHeadSize, `the signer remembers what was published (${size})`)
    return signer
  }

  async #checkUntroubled(ledger: Ledger): Promise<void> {
    const checked = await this.#lives.settled(this.#witness.check(ledger))
    if (checked.status === 'rejected' && !this.#lives.isTroubled) throw checked.reason
  }

  async #work(disk: SimulatedDisk, clock: TestClock, ledger: Ledger): Promise<void> {
    const steps = this.#chance.integer(1, STEPS_MAX)
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) await this.#step(clock, ledger)
    if (disk.hasStopped || this.#chance.happens(0.5)) return
    this.#lives.tell('close')
    await this.#lives.settled(ledger.close(), () => this.#observe(ledger))
    if (disk.hasStopped) return
    const isAnswered = this.#witness.requests.every(({ state }) => state !== 'pending')
    this.#lives.must(isAnswered, 'everybody who appended is answered before the ledger is closed')
    if (this.#lives.isTroubled) return
    this.#lives.must(ledger.checkpoint?.size === ledger.size, 'a ledger is published when it is closed')
  }

  async #step(clock: TestClock, ledger: Ledger): Promise<void> {
    const what = this.#chance.weighted({ append: 6, time: 4, turns: 4, read: 1, settle: 1, stepBack: 0.2 })
    const observe = (): void => this.#observe(ledger)
    if (what === 'append') {
      const count = this.#chance.weighted(this.#sizes)
      const isLarge = this.#chance.happens(0.05)
      this.#append(ledger, Number(count), isLarge ? Math.ceil((5 * 4_096 * 16) / Number(count)) : 20)
    }
    if (what === 'time') clock.advance(this.#chance.integer(1, 400))
    if (what === 'stepBack') clock.step(-5_000)
    if (what === 'turns') await this.#lives.turns(this.#chance.integer(1, 150), observe)
    if (what === 'read') await this.#read(ledger)
    if (what === 'settle') await this.#lives.turns(3_000, observe)
    this.#lives.tell(`${what}, size ${ledger.size}, published ${ledger.checkpoint?.size}`)
  }

  #append(ledger: Ledger, count: number, attachmentBytes: number): Request {
    const drafts = draftsOf(this.#chance, count, ledger.now(), attachmentBytes)
    const request: Request = { drafts, state: 'pending' }
    this.#witness.requests.push(request)
    ledger.append(drafts).then(
      (appended) => {
        request.state = 'acknowledged'
        request.appended = appended
      },
      (error: unknown) => {
        const isRefused = error instanceof NotSequencing || error instanceof Overloaded
        request.state = isRefused ? 'refused' : 'unknown'
        this.#lives.tally.add(request.state)
      },
    )
    return request
  }

  async #read(ledger: Ledger): Promise<void> {
    const request = this.#witness.acknowledged().at(-this.#chance.integer(1, 5))
    if (!request) return
    const { first, leafHashes } = request.appended!
    const at = this.#chance.integer(0, leafHashes.length - 1)
    const read = await this.#lives.settled(ledger.leafHash(first + at), () => this.#observe(ledger))
    const isSame = read.status === 'fulfilled' && toHex(read.value) === toHex(leafHashes[at]!)
    this.#lives.must(isSame || this.#lives.isTroubled, `entry ${first + at} can be read`)
  }

  #observe(ledger: Ledger): void {
    this.#witness.sees(ledger.checkpoint?.note)
  }

  /** Lets time pass until `end` comes. */
  async #passing(clock: TestClock, end: Promise<unknown>): Promise<void> {
    const over = { isOver: false }
    void end.then(() => (over.isOver = true))
    while (!over.isOver) {
      await this.#lives.turns(50)
      clock.advance(50)
    }
  }

  #newClock(): TestClock {
    return new TestClock(this.#now + this.#chance.integer(-500, 5_000))
  }

  async #companion(disk: SimulatedDisk): Promise<Companion | undefined> {
    return this.#hasVault ? this.#vault(disk) : this.#memory(disk)
  }

  /** A follower that keeps everything in memory and makes a part of it durable when asked to. */
  #memory(disk: SimulatedDisk): Companion {
    const attachments = [...this.#kept]
    const follower: Follower = {
      name: 'memory',
      durable: () => this.#kept.length,
      apply: (frame) => frame.attachments.forEach((bytes, i) => (attachments[frame.first + i] = bytes)),
      flush: async () => {
        await this.#lives.turns(this.#chance.integer(0, 20))
        const end = this.#chance.integer(this.#kept.length, attachments.length)
        if (!disk.hasStopped) this.#kept = attachments.slice(0, end)
      },
    }
    return { follower, begin: () => Promise.resolve(), attachments: () => Promise.resolve(attachments) }
  }

  /** The vault's own segments, on the same disk. */
  async #vault(disk: SimulatedDisk): Promise<Companion | undefined> {
    const limits = { entriesMax: this.#segmentEntriesMax, bytesMax: 2 ** 20 }
    const opened = await this.#lives.settled(Segments.open(disk, VAULT, LEDGER_ID, () => {}, limits))
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the vault opens (${opened.reason})`)
      return undefined
    }
    const segments = opened.value
    const follower: Follower = {
      name: 'vault',
      durable: () => segments.durable(),
      apply: ({ first, attachments }) => segments.apply(first, attachments),
      flush: () => segments.flush(),
      overloaded: () => segments.overloaded(),
    }
    return {
      follower,
      begin: () => segments.begin(),
      attachments: () => segments.range(0, segments.end),
    }
  }
}

/** Tells the story of `seed`; rejects with BrokenPromise when the ledger breaks one. */
export async function tellLedgerStory(seed: number, tally: Tally, by: FollowedBy): Promise<void> {
  await new LedgerStory(`ledger with ${by}/${seed}`, tally, by).tell()
}

/** The same for a ledger that has `entries` entries when its troubles begin. */
export async function tellGrownLedgerStory(seed: number, tally: Tally, entries: number): Promise<void> {
  const by = seed % 2 === 0 ? 'memory' : 'vault'
  await new LedgerStory(`grown ledger/${seed}`, tally, by).tellFrom(entries)
}

/** A story of `seed` with this one fault in its second life; resolves false when that life made fewer calls. */
export function tellLedgerFault(seed: number, tally: Tally, by: FollowedBy, fault: Fault): Promise<boolean> {
  return new LedgerStory(`ledger with ${by}/${seed}`, tally, by, fault).tellOneFault()
}
