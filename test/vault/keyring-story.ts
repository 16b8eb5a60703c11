import { equalBytes } from '@deponent/format'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import type { Fault, SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { Keyring } from '../../packages/server/src/vault/keyring.ts'
import { openMasterKey, readMasterKey } from '../../packages/server/src/vault/master-key.ts'
import { rootBeside } from '../../packages/server/src/vault/root-source.ts'
import { readKeys } from '../../packages/server/src/vault/stored-keyring.ts'
import { Lives, type Tally } from '../platform/lives.ts'

const DIRECTORY = '/data/keyring'
const LEDGER = 'test'
const LEDGER_ID = new Uint8Array(16).fill(4)
const ROOT = rootBeside(DIRECTORY)
/** Few enough that a story fills several pages. */
const PAGE_KEYS_MAX = 100
const CYCLES_MAX = 4
const STEPS_MAX = 20
/** The root key, the master key and their directory are found or made, the keyring is opened, keys are minted, keys are destroyed. */
export const KEYRING_STEPS = ['found', 'open', 'mint', 'destroy'] as const
type KeyringStep = (typeof KEYRING_STEPS)[number]

/** Few enough that old ones are asked for again. */
const SCOPES = Array.from({ length: 600 }, (_, i) => new SeededRandom(`scope ${i}`).bytes(32))

/** A key that a record may have been sealed with, because a flush after its minting had resolved. */
interface KeptKey {
  scope: Uint8Array
  number: number
  key: Uint8Array
}

function keptKey(keyring: Keyring, scope: Uint8Array): KeptKey | undefined {
  const number = keyring.existing(scope)
  return number === undefined ? undefined : { scope, number, key: keyring.key(number)!.slice() }
}

/** One keyring through several lives. */
class KeyringStory {
  readonly #lives: Lives
  readonly #random: SeededRandom
  readonly #kept = new Map<Uint8Array, KeptKey>()
  /** Keys whose destruction was begun, by number; true once it was done. */
  readonly #destroyed = new Map<number, { key: Uint8Array; isDone: boolean }>()
  #isOpening = false
  #isDestroying = false
  /** Once there is a master key, another must never be minted. */
  #hasMaster = false

  constructor(label: string, tally: Tally, chosen?: Fault) {
    this.#lives = new Lives(label, tally, { all: KEYRING_STEPS, of: (call) => this.#stepOf(call) }, chosen)
    this.#random = new SeededRandom(`${label}/keys`)
  }

  async tell(): Promise<void> {
    const cycles = this.#lives.chance.integer(1, CYCLES_MAX)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const troubled = this.#lives.chance.integer(1, 2)
      for (let life = 0; life < troubled; life += 1) await this.#live(await this.#next('faulty'))
      await this.#live(await this.#next('clean'))
    }
    await this.#live(await this.#next('clean'))
  }

  /** A clean life, one whose fault is given, and a last clean one. True when the fault was met. */
  async tellOneFault(): Promise<boolean> {
    await this.#live(await this.#next('clean'))
    await this.#live(await this.#next('faulty'))
    const wasMet = this.#lives.isTroubled
    await this.#live(await this.#next('clean'))
    return wasMet
  }

  /** Ends a life, looks at what it left, and begins the next. */
  async #next(kind: 'faulty' | 'clean'): Promise<SimulatedDisk> {
    this.#isOpening = false
    await this.#inspect(this.#lives.end())
    return this.#lives.next(kind)
  }

  #stepOf({ path }: SeenCall): KeyringStep {
    if (this.#isDestroying) return 'destroy'
    if (!this.#isOpening) return 'mint'
    return path.includes(`/${LEDGER}.`) ? 'open' : 'found'
  }

  /** The stored bytes, read as the check reads them, hold every key that was kept. */
  async #inspect(disk: SimulatedDisk): Promise<void> {
    const master = this.#hasMaster ? await readMasterKey(disk, DIRECTORY, ROOT) : undefined
    const keys =
      master &&
      (await readKeys({ disk, directory: DIRECTORY, ledger: LEDGER, ledgerId: LEDGER_ID }, master.key))
    for (const { number, key } of this.#kept.values()) {
      const stored = keys?.[number]
      this.#lives.must(stored !== undefined && equalBytes(stored, key), `the check finds key ${number}`)
    }
    for (const [number, { isDone }] of this.#destroyed)
      if (isDone) this.#lives.must(keys?.[number] === undefined, `key ${number} stays destroyed`)
  }

  async #live(disk: SimulatedDisk): Promise<void> {
    this.#isOpening = true
    const opened = await this.#lives.settled(this.#open(disk))
    this.#isOpening = false
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the keyring opens (${opened.reason})`)
      return
    }
    const keyring = opened.value
    this.#lives.tell(`opened with ${keyring.size} keys`)
    // What the register of erasures says was begun is taken up before anybody asks for a key.
    keyring.closeKeys(this.#undone())
    this.#check(keyring)
    const steps = this.#lives.chance.integer(1, STEPS_MAX)
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) await this.#step(disk, keyring)
    if (!disk.hasStopped) await this.#flush(disk, keyring)
    this.#check(keyring)
  }

  async #open(disk: SimulatedDisk): Promise<Keyring> {
    await disk.makeDirectory(DIRECTORY, 0o700)
    const master = await openMasterKey(disk, this.#random, DIRECTORY, ROOT, !this.#hasMaster)
    await master.settle()
    this.#hasMaster = true
    const keyring = await Keyring.open({
      disk,
      random: this.#random,
      directory: DIRECTORY,
      ledger: LEDGER,
      ledgerId: LEDGER_ID,
      root: master.key,
      pageKeysMax: PAGE_KEYS_MAX,
    })
    await keyring.begin()
    return keyring
  }

  async #step(disk: SimulatedDisk, keyring: Keyring): Promise<void> {
    if (this.#kept.size > 0 && this.#lives.chance.happens(0.25)) return this.#destroy(disk, keyring)
    const minted = this.#lives.chance.weighted({ '0': 1, '1': 4, '5': 3, '60': 2, '200': 1 })
    const scopes = Array.from({ length: Number(minted) }, () =>
      this.#lives.chance.pick(SCOPES as [Uint8Array]),
    )
    for (const scope of scopes) this.#mint(keyring, scope)
    this.#lives.tell(`${minted} keys asked for`)
    const flushed = this.#flush(disk, keyring)
    if (this.#lives.chance.happens(0.6)) await flushed
    else await this.#lives.turns(this.#lives.chance.integer(0, 60))
  }

  #mint(keyring: Keyring, scope: Uint8Array): void {
    const number = keyring.numberOf(scope)
    const kept = this.#kept.get(scope)
    this.#lives.must(!kept || kept.number === number, `scope keeps its number ${kept?.number}`)
  }

  /** Numbers of the keys whose destruction was begun and may not have been done. */
  #undone(): number[] {
    return [...this.#destroyed].flatMap(([number, { isDone }]) => (isDone ? [] : [number]))
  }

  /** Destroys some keys, and some whose destruction was begun in an earlier life. */
  async #destroy(disk: SimulatedDisk, keyring: Keyring): Promise<void> {
    const count = this.#lives.chance.integer(1, 5)
    const chosen = [...this.#kept.values()].slice(0, count)
    for (const { scope, number, key } of chosen) {
      this.#kept.delete(scope)
      this.#destroyed.set(number, { key: key.slice(), isDone: false })
    }
    const numbers = this.#undone()
    this.#lives.tell(`${numbers.length} keys to be destroyed`)
    keyring.closeKeys(numbers)
    for (const { scope, number } of chosen)
      this.#lives.must(keyring.existing(scope) === undefined, `key ${number} is given to nobody any more`)
    this.#isDestroying = true
    const done = await this.#lives.settled(keyring.destroy(numbers))
    this.#isDestroying = false
    if (disk.hasStopped) return
    if (done.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `keys can be destroyed (${done.reason})`)
      return
    }
    for (const number of numbers) {
      this.#lives.must(keyring.key(number) === undefined, `key ${number} is gone`)
      this.#destroyed.set(number, { ...this.#destroyed.get(number)!, isDone: true })
    }
  }

  /** Flushes, and takes all keys there were when it was called as kept once that has resolved. */
  async #flush(disk: SimulatedDisk, keyring: Keyring): Promise<void> {
    const asked = SCOPES.flatMap((scope) => keptKey(keyring, scope) ?? [])
    const flushed = await this.#lives.settled(keyring.flush())
    if (disk.hasStopped) return
    const living = asked.filter(({ number }) => !this.#destroyed.has(number))
    if (flushed.status === 'fulfilled') for (const kept of living) this.#kept.set(kept.scope, kept)
    else this.#lives.must(this.#lives.isTroubled, `keys can be made durable (${flushed.reason})`)
  }

  #check(keyring: Keyring): void {
    for (const { scope, number, key } of this.#kept.values()) {
      this.#lives.must(keyring.existing(scope) === number, `the number of key ${number} is kept`)
      this.#lives.must(equalBytes(keyring.key(number)!, key), `key ${number} is unchanged`)
    }
  }
}

/** Tells the story of `seed`; rejects with BrokenPromise when the keyring breaks one. */
export async function tellKeyringStory(seed: number, tally: Tally): Promise<void> {
  const label = `keyring/${seed}`
  await new KeyringStory(label, tally).tell()
}

/** A story of `seed` with this one fault in its second life; resolves false when that life made fewer calls. */
export function tellKeyringFault(seed: number, tally: Tally, fault: Fault): Promise<boolean> {
  const label = `keyring/${seed}`
  return new KeyringStory(label, tally, fault).tellOneFault()
}
