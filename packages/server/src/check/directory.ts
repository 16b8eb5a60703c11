/**
 * The answer to "has anything in this data directory changed?", from its files alone. Every byte the formats define is covered:
 * format.json, checkpoint, tiles, write-ahead frames, vault segments, keyring. Preallocated zeros of the log, the index, and the
 * state store are derived or empty and lie outside.
 */
import {
  type CanonicalRecord,
  compareLedgerWithHead,
  decodeEntry,
  EMPTY_ROOT,
  type Entry,
  extendTrust,
  type Finding,
  finding,
  FormatError,
  type KnownHead,
  leafHashes,
  originOfHead,
  parseTrust,
  readHead,
  reportOf,
  TILE_WIDTH,
  type ShownRotation,
  type Trust,
  trustedLedger,
  verifyCheckpointNote,
  type VerifyReport,
} from '@deponent/format'
import { currentKey, type DirectoryFormat, readDirectoryFormat } from '../ledger/identity.ts'
import { nativeVerify, readSeed, SigningKey } from '../ledger/signing-key.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { realRandom } from '../platform/random.ts'
import { EmitterWalk } from './emitter-walk.ts'
import { unfinishedErasures } from './erasure-register.ts'
import { ErasureTally, whileErasing } from './erasures.ts'
import type { RootSource } from '../vault/root-source.ts'
import { AnchorWalk } from './anchor-walk.ts'
import { ID_WORDS } from './id-words.ts'
import { keyListFindings } from './key-list.ts'
import { LedgerWalk } from './ledger-walk.ts'
import { type PayloadPlace, PayloadTally, readOpeningKeys, readSuppliedMaster } from './payloads.ts'
import { RecordedDigests } from './recorded-digests.ts'
import { RepeatedIds } from './repeated-ids.ts'
import type { StretchPlace, StretchTile, TellingEntry } from './stretch.ts'
import { type Checkers, stretchesOf, stretchThreads } from './stretch-threads.ts'
import { unexpectedTiles } from './tile-files.ts'
import { successionFindings } from './succession.ts'
import { VaultWalk } from './vault-walk.ts'

export interface DirectoryCheck {
  /** Whose signatures to believe; without it the operator's own keys are used and the report says so. */
  trust?: Trust
  /** Texts of checkpoints or saved receipts known from elsewhere. */
  against?: readonly string[]
  /** Where the root key is that opens payloads; in the keyring when not given. */
  root?: RootSource
  /** How many threads check so many entries, this one among them; when not given, this one alone. */
  threads?(entries: number): number
  /** Who checks the stretches of a place; when not given, as many threads as `threads` says. */
  checkers?(place: StretchPlace): Checkers
  /** Called now and then with entries done and entries in all. */
  onProgress?(done: number, total: number): void
}

/** What was found in one ledger of a directory. */
export interface LedgerReport extends VerifyReport {
  readonly name: string
  readonly origin: string
}

/** What was found in a directory: in all of it together, and in each of its ledgers. */
export interface DirectoryReport extends VerifyReport {
  /** Where a directory has several ledgers, what was found in one of them says in which. */
  readonly findings: readonly (Finding & { readonly ledger?: string })[]
  readonly ledgers: readonly LedgerReport[]
}

/** Checks every ledger of a data directory. */
export async function checkDirectory(
  disk: Disk,
  path: string,
  check: DirectoryCheck = {},
): Promise<DirectoryReport> {
  let format: DirectoryFormat | undefined
  try {
    format = await readDirectoryFormat(disk, path)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const code = UNREADABLE.find((known) => known === error.code) ?? 'format_damaged'
    return unreadable(code, `format.json: ${error.message}`)
  }
  if (!format) return unreadable('format_damaged', 'format.json is missing: not a data directory')
  const strangers = await strangersIn(disk, path, format)
  const ledgers: LedgerReport[] = []
  for (const [name, { origin }] of Object.entries(format.ledgers)) {
    const report = await new LedgerCheck(disk, path, name, format, check).run()
    ledgers.push({ name, origin, ...report })
  }
  const findings = [...strangers, ...ledgers.flatMap((report) => findingsOf(report, ledgers.length > 1))]
  findings.push(...ledgersNotHere(format, check.against ?? []), finding('info', 'not_checked', OUTSIDE))
  return { ...reportOf(findings, sumOf(ledgers)), findings, ledgers }
}

/** Why a directory is not looked into. */
const UNREADABLE = ['format_unknown', 'format_draft', 'format_damaged'] as const

function unreadable(code: (typeof UNREADABLE)[number], message: string): DirectoryReport {
  return { ...reportOf([finding('error', code, message)]), ledgers: [] }
}

function findingsOf({ name, findings }: LedgerReport, isOneOfSeveral: boolean): DirectoryReport['findings'] {
  return isOneOfSeveral ? findings.map((each) => ({ ...each, ledger: name })) : findings
}

function sumOf(ledgers: readonly LedgerReport[]): VerifyReport['checked'] {
  const sum = { entries: 0, checkpoints: 0, payloads: 0, erased: 0 }
  for (const { checked } of ledgers)
    for (const key of ['entries', 'checkpoints', 'payloads', 'erased'] as const) sum[key] += checked[key]
  return sum
}

/** Beside its ledger a head is unrelated; one whose ledger is not here at all was compared with nothing. */
function ledgersNotHere({ ledgers }: DirectoryFormat, against: readonly string[]): Finding[] {
  const origins = new Set<string | undefined>(Object.values(ledgers).map(({ origin }) => origin))
  const heads = against.map((text) => readHead(text, undefined, nativeVerify))
  return heads
    .filter((head) => head.kind !== 'unreadable' && !origins.has(originOfHead(head)))
    .map(() => finding('gap', 'head_unrelated', 'a known head is of a ledger that is not in this directory'))
}

/** What lies in the directory without being named in it, and the lack of any name. */
async function strangersIn(disk: Disk, path: string, { ledgers }: DirectoryFormat): Promise<Finding[]> {
  const findings: Finding[] = []
  if (Object.keys(ledgers).length === 0)
    findings.push(finding('error', 'format_damaged', 'format.json names no ledger'))
  for (const part of ['ledgers', 'vault']) {
    const strangers = (await disk.list(`${path}/${part}`)).filter((name) => !Object.hasOwn(ledgers, name))
    for (const name of strangers)
      findings.push(finding('error', 'format_damaged', `format.json does not name ${part}/${name}`))
  }
  return findings
}

const OUTSIDE =
  'outside this check: preallocated zeros of the write-ahead log, the index and the state store, which are derived'

/** What is counted over all entries, and what it takes. */
interface Tallies {
  readonly payloads: PayloadTally
  readonly erasures: ErasureTally
  /** What payloads are opened with. */
  readonly master: Uint8Array | undefined
}

class LedgerCheck {
  readonly #disk: Disk
  readonly #path: string
  readonly #ledger: string
  readonly #format: DirectoryFormat
  readonly #identity: DirectoryFormat['ledgers'][string]
  readonly #check: DirectoryCheck
  readonly #findings: Finding[] = []
  readonly #recordedSegments = new RecordedDigests()
  readonly #emitters = new EmitterWalk()
  readonly #ids = new RepeatedIds(new Uint32Array(realRandom.bytes(16).buffer))
  /** Entries in which the ledger says that it changed a key. */
  readonly #rotations: ShownRotation[] = []
  /** The first entry, when it says that this ledger succeeds another. */
  #succession: CanonicalRecord | undefined
  #checkpoints = 0

  constructor(disk: Disk, path: string, ledger: string, format: DirectoryFormat, check: DirectoryCheck) {
    this.#disk = disk
    this.#path = path
    this.#ledger = ledger
    this.#format = format
    this.#identity = format.ledgers[ledger]!
    this.#check = check
  }

  async run(): Promise<VerifyReport> {
    const { origin } = this.#identity
    const ledgerId = ledgerIdOf(origin)
    await this.#checkSigningKeys()
    const master = await readSuppliedMaster(this.#payloadPlace, this.#findings)
    // Read first: an erasure that ends meanwhile is one that was under way.
    const unfinished = await unfinishedErasures(this.#payloadPlace, master, this.#findings)
    // Read before the entries: a running server may add entries meanwhile, never take any away.
    const note = await this.#disk.read(`${this.#path}/ledgers/${this.#ledger}/checkpoint`)
    const claimed = note && verifyCheckpointNote(note, undefined, nativeVerify).stated
    const known = (this.#check.against ?? []).map((text) => readHead(text, undefined, nativeVerify))
    const sizes = known.flatMap((head) => (head.kind === 'checkpoint' ? [head.checkpoint.size] : []))
    const anchors = await AnchorWalk.open(this.#disk, `${this.#path}/ledgers/${this.#ledger}/anchors`)
    const walk = await LedgerWalk.open(this.#disk, `${this.#path}/ledgers/${this.#ledger}`, ledgerId, [
      claimed?.size ?? 0,
      ...anchors.sizes,
      ...sizes,
    ])
    const vault = await VaultWalk.open(this.#disk, `${this.#path}/vault/${this.#ledger}`, ledgerId)
    const payloads = new PayloadTally()
    const erasures = new ErasureTally(claimed?.size ?? 0)
    await this.#checkEntries(walk, anchors, vault, { payloads, erasures, master })
    await this.#lookForLateIds(walk)
    await this.#lookForStrayTiles(walk.expectedSize)
    const ofErasures = await this.#judgeErasures(walk, vault, erasures, unfinished)
    if (this.#succession) {
      const link = await successionFindings(this.#disk, this.#path, this.#format, this.#succession)
      this.#findings.push(...link)
    }
    // Whose signatures count may follow from what the ledger says of its keys, so it is judged last.
    const trust = this.#followed(this.#trust())
    if (this.#check.trust) this.#compareKeys(trust)
    this.#compareRoot(walk, this.#checkpoint(note, trust))
    this.#findings.push(...anchors.findings(walk, trust, origin))
    const heads = (this.#check.against ?? []).map((text) => readHead(text, trust, nativeVerify))
    for (const head of heads) this.#findings.push(...(await this.#compareHead(walk, head)))
    const ofPayloads = payloads.findings.map((found) => (unfinished > 0 ? whileErasing(found) : found))
    const findings = [...this.#findings, ...walk.findings, ...vault.findings, ...ofPayloads, ...ofErasures]
    findings.push(...this.#emitters.findings())
    return reportOf(findings, {
      entries: walk.size,
      checkpoints: this.#checkpoints,
      payloads: payloads.opened,
      erased: erasures.proven,
    })
  }

  get #payloadPlace(): PayloadPlace {
    return {
      disk: this.#disk,
      keyringDirectory: `${this.#path}/keyring`,
      vaultDirectory: `${this.#path}/vault/${this.#ledger}`,
      ledger: this.#ledger,
      ledgerId: ledgerIdOf(this.#identity.origin),
      root: this.#check.root,
    }
  }

  #trust(): Trust | undefined {
    if (this.#check.trust) return this.#check.trust
    try {
      // All of them: a head of the ledger beside this one is unrelated here, and not forged.
      const identities = Object.values(this.#format.ledgers)
      const own = parseTrust({
        ledgers: identities.map((each) => ({ ...each, witnesses: [], quorum: 0, timestampRoots: [] })),
      })
      return { ledgers: own.ledgers.map((ledger) => ({ ...ledger, self: true as const })) }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#findings.push(
        finding(
          'error',
          'format_damaged',
          `the keys of ledger ${this.#ledger} in format.json cannot be read`,
        ),
      )
      return undefined
    }
  }

  /** The private keys, where they are at hand, must be those of the public keys the directory names. */
  async #checkSigningKeys(): Promise<void> {
    for (const use of ['checkpoint', 'promise'] as const) {
      const vkey = currentKey(this.#identity, use)
      try {
        const seed = await readSeed(this.#disk, `${this.#path}/keyring/${this.#ledger}.${use}.key`)
        const name = use === 'promise' ? `${this.#identity.origin}/promise` : this.#identity.origin
        if (seed && new SigningKey(name, seed).vkey !== vkey) {
          this.#findings.push(
            finding('error', 'format_damaged', `the ${use} key in format.json is not the one in the keyring`),
          )
        }
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        this.#findings.push(finding('error', 'keyring_damaged', error.message))
      }
    }
  }

  /** Whoever pins keys wants to know when the directory goes by others, even before anything is signed with them. */
  #compareKeys(trust: Trust | undefined): void {
    const pinned = trustedLedger(trust, this.#identity.origin)?.keys ?? []
    for (const { use, vkey } of this.#identity.keys) {
      const same = pinned.filter((key) => key.use === use)
      if (same.length === 0 || same.some((key) => key.vkey === vkey)) continue
      const message = `the ${use} key in format.json is not one the trust file names`
      this.#findings.push(finding('gap', 'format_damaged', message))
    }
  }

  #noteRepeated(index: number): void {
    this.#findings.push(finding('error', 'id_repeated', undefined, index))
  }

  async #lookForLateIds(walk: LedgerWalk): Promise<void> {
    if (this.#ids.late.size === 0) return
    for (let from = 0; from < walk.size; from += TILE_WIDTH) {
      const entries = await walk.range(from, Math.min(from + TILE_WIDTH, walk.size))
      entries.forEach((bytes, i) => {
        const entry = decoded(bytes)
        if (entry && this.#ids.isRepeated(from + i, entry)) this.#noteRepeated(this.#ids.late.get(entry.id)!)
      })
    }
  }

  /** A running server may have come further since its log was read, so what seems stray is compared with the log of now. */
  async #lookForStrayTiles(size: number): Promise<void> {
    const directory = `${this.#path}/ledgers/${this.#ledger}`
    if ((await unexpectedTiles(this.#disk, directory, size)).length === 0) return
    const now = await LedgerWalk.open(this.#disk, directory, ledgerIdOf(this.#identity.origin), [])
    for (const path of await unexpectedTiles(this.#disk, directory, now.expectedSize))
      this.#findings.push(finding('error', 'tile_unexpected', `${path} is no tile of this ledger`))
  }

  /** The trust that the ledger's own entries about its keys lead to. */
  #followed(trust: Trust | undefined): Trust | undefined {
    if (!this.#check.trust) this.#findings.push(...keyListFindings(this.#identity.keys, this.#rotations))
    if (!trust) return undefined
    const extended = extendTrust(trust, this.#rotations, nativeVerify)
    this.#findings.push(...extended.findings)
    return extended.trust
  }

  #checkpoint(
    bytes: Uint8Array | undefined,
    trust: Trust | undefined,
  ): { size: number; root: Uint8Array } | undefined {
    if (!bytes) {
      this.#findings.push(finding('gap', 'checkpoint_missing'))
      return undefined
    }
    const { stated, signed, findings } = verifyCheckpointNote(bytes, trust, nativeVerify)
    this.#findings.push(...findings)
    if (signed) this.#checkpoints += 1
    if (stated && stated.origin !== this.#identity.origin)
      this.#findings.push(finding('error', 'checkpoint_origin'))
    return stated
  }

  /** Everything that is said of entries one by one, taken in their order wherever they were checked. */
  async #checkEntries(
    walk: LedgerWalk,
    anchors: AnchorWalk,
    vault: VaultWalk,
    tallies: Tallies,
  ): Promise<void> {
    const { payloads } = tallies
    const checkers = await this.#checkers(walk, vault, tallies)
    try {
      for await (const { tiles, segments } of stretchesOf(walk, checkers)) {
        for (const segment of segments) vault.take(segment)
        for (const tile of tiles) this.#takeTile(tile, anchors, tallies)
        const { n, count } = tiles.at(-1)!.summary
        this.#check.onProgress?.(n * TILE_WIDTH + count, walk.expectedSize)
      }
    } finally {
      await checkers.close()
    }
    payloads.finish()
  }

  async #checkers(walk: LedgerWalk, vault: VaultWalk, { payloads, master }: Tallies): Promise<Checkers> {
    const place = this.#payloadPlace
    const { ledgerId, vaultDirectory } = place
    const keys = await readOpeningKeys(place, master, payloads.findings)
    const stretches = {
      directory: `${this.#path}/ledgers/${this.#ledger}`,
      wanted: walk.wanted,
      vault: { directory: vaultDirectory, ledgerId, firsts: vault.firsts, keys },
    }
    const threads = this.#check.threads?.(walk.expectedSize) ?? 1
    return this.#check.checkers?.(stretches) ?? stretchThreads(this.#disk, stretches, threads)
  }

  #takeTile(
    { summary, ids, payloads: opened, telling }: StretchTile,
    anchors: AnchorWalk,
    { payloads, erasures }: Tallies,
  ): void {
    const first = summary.n * TILE_WIDTH
    const repeated: Finding[] = []
    summary.receivedAt.forEach((receivedAt, i) => {
      if (Number.isNaN(receivedAt)) return
      const index = first + i
      anchors.take(index, receivedAt)
      if (this.#ids.take(index, receivedAt, ids, i * ID_WORDS))
        repeated.push(finding('error', 'id_repeated', undefined, index))
    })
    this.#findings.push(...inOrder(repeated, opened.missing))
    payloads.take(opened)
    for (const entry of telling) {
      this.#emitters.take(entry)
      this.#takeOwn(entry)
    }
    erasures.takeTile(opened, telling)
  }

  /** What the ledger says of itself: the one before it, its keys, the segments of its vault. */
  #takeOwn({ index, kind, facts }: TellingEntry): void {
    const own = facts?.own
    if (!own) return
    if (index === 0 && kind === 'key.succeeded') this.#succession = own
    if (kind === 'key.rotated' && typeof own.statement === 'string')
      this.#rotations.push({ index, statement: own.statement })
    if (kind === 'vault.sealed' && typeof own.first === 'number' && typeof own.digest === 'string')
      this.#recordedSegments.take(own.first, own.digest)
  }

  /** Holds segments against their recorded digests and tombstones against the entries that show their sets: both change with an erasure. */
  async #judgeErasures(
    walk: LedgerWalk,
    vault: VaultWalk,
    erasures: ErasureTally,
    unfinished: number,
  ): Promise<Finding[]> {
    const isClear = !erasures.hasWaiting && !this.#recordedSegments.differFrom(vault.digests)
    const circumstances = { unfinished, hasGrown: !isClear && (await this.#hasGrown(walk)) }
    return [
      ...this.#recordedSegments.findings(vault.digests, circumstances),
      ...erasures.findings(circumstances),
    ]
  }

  /** Whether a running server took entries since the log was read: an erasure may be among them. */
  async #hasGrown(walk: LedgerWalk): Promise<boolean> {
    const directory = `${this.#path}/ledgers/${this.#ledger}`
    const now = await LedgerWalk.open(this.#disk, directory, ledgerIdOf(this.#identity.origin), [])
    return now.expectedSize > walk.expectedSize
  }

  #compareRoot(walk: LedgerWalk, checkpoint: { size: number; root: Uint8Array } | undefined): void {
    if (!checkpoint) return
    if (walk.expectedSize < checkpoint.size) {
      const message = `the checkpoint covers ${checkpoint.size} entries, ${walk.expectedSize} are here`
      this.#findings.push(finding('error', 'entry_missing', message, walk.expectedSize))
      return
    }
    if (walk.expectedSize > checkpoint.size) {
      const message = `entries from ${checkpoint.size} on are under no checkpoint yet`
      this.#findings.push(finding('info', 'checkpoint_behind', message, checkpoint.size))
    }
    const root = checkpoint.size === 0 ? EMPTY_ROOT : walk.roots.get(checkpoint.size)
    if (root && Buffer.compare(root, checkpoint.root) === 0) return
    this.#findings.push(finding('error', 'root_mismatch'))
  }

  #compareHead(walk: LedgerWalk, head: KnownHead): Promise<Finding[]> {
    return compareLedgerWithHead(
      {
        origin: this.#identity.origin,
        size: walk.size,
        rootAt: (size) => (size === 0 ? EMPTY_ROOT : (walk.roots.get(size) ?? new Uint8Array(32))),
        leafHashes: (start, end) => this.#leafHashes(start, end),
      },
      head,
    )
  }

  /** Leaf hashes of a range, read again: heads from elsewhere are few. */
  async #leafHashes(start: number, end: number): Promise<Uint8Array[]> {
    const directory = `${this.#path}/ledgers/${this.#ledger}`
    const walk = await LedgerWalk.open(this.#disk, directory, ledgerIdOf(this.#identity.origin), [])
    return leafHashes(await walk.range(start, end))
  }
}

/** Both, each in the order of its entries, in the order of the entries; of one entry, what is in `a` comes first. */
function inOrder(a: readonly Finding[], b: readonly Finding[]): readonly Finding[] {
  return a.length === 0 ? b : [...a, ...b].toSorted((one, other) => one.index! - other.index!)
}

/** An entry, or undefined for bytes that are none: those were reported when they were first read. */
function decoded(bytes: Uint8Array): Entry | undefined {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
