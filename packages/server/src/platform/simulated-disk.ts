/**
 * A disk in memory that behaves as badly as a real one may, and does so again from the same seed: the test twin of
 * `realDisk`. What a power cut leaves is told in `simulated-medium.ts`.
 *
 * Every step that reaches the file system is one numbered call, and a fault meets one of them. A durable write is several
 * calls here as it is there (create, write, sync, rename, sync of the directory), so a fault can come between any two.
 */
import { posix } from 'node:path'
import type { Disk, DiskFile, OpenMode } from './disk.ts'
import { makeDirectoryDurably, replaceFile, replaceFileDurably, type SystemCalls } from './durable-calls.ts'
import type { Random } from './random.ts'
import { allocatedBytes, type Chance, DirectoryNode, FileNode, type Node } from './simulated-medium.ts'

/**
 * What happens at a call:
 * - `fails`: an error, and nothing was done. A sync brings nothing to the medium, and the system forgets what was dirty;
 * - `fails_though_done`: an error, and all of it was done;
 * - `fails_half_done`: an error, and a part of it was done;
 * - `fills`: from this call on the disk has no room left;
 * - `stops`: the process is gone; this call and every later one reject with ProcessGone.
 */
export const FAULT_KINDS = ['fails', 'fails_though_done', 'fails_half_done', 'fills', 'stops'] as const

export interface Fault {
  /** The call it meets, counted from 1. */
  call: number
  kind: (typeof FAULT_KINDS)[number]
}

export interface SimulatedDiskOptions {
  random: Random
  faults?: readonly Fault[]
  /** Asked at each call that meets none of `faults`: the fault it meets, or undefined. */
  faultAt?(call: SeenCall): Fault['kind'] | undefined
  /** Room for the contents of files, counted in whole pages; 1 TiB when absent. */
  bytesMax?: number
}

/** What every call of a process that is gone rejects with. */
export class ProcessGone extends Error {}

class SystemError extends Error {
  readonly code: string
  constructor(code: string, path: string) {
    super(`${code}: ${path}`)
    this.code = code
  }
}

/** What a call does, as far as faults tell the difference. */
export type Operation = 'read' | 'create' | 'write' | 'sync' | 'rename' | 'remove'

/** A call as the one who sends faults sees it. */
export interface SeenCall {
  operation: Operation
  path: string
}

/** One system call: what it does, and what is left of it when it fails. */
interface Call<T> {
  operation: Operation
  path: string
  run(): T
  /** `fails_half_done`; nothing when absent. */
  half?(): void
  /** `fails`; nothing when absent. */
  fail?(): void
}

const TEBIBYTE = 2 ** 40
const POOL_BYTES = 1_024

function chanceOf(random: Random): Chance {
  let pool: DataView = new DataView(new ArrayBuffer(0))
  let used = 0
  return {
    below: (n) => {
      if (used === pool.byteLength) {
        pool = new DataView(random.bytes(POOL_BYTES).buffer)
        used = 0
      }
      used += 4
      return pool.getUint32(used - 4) % n
    },
  }
}

export class SimulatedDisk implements Disk {
  readonly #random: Random
  readonly #chance: Chance
  readonly #root: DirectoryNode
  readonly #faults: ReadonlyMap<number, Fault['kind']>
  readonly #faultAt: (call: SeenCall) => Fault['kind'] | undefined
  readonly #systemCalls: SystemCalls
  #bytesMax: number
  #calls = 0
  #temporaryCount = 0
  #hasStopped = false

  constructor(options: SimulatedDiskOptions, root = new DirectoryNode()) {
    this.#random = options.random
    this.#chance = chanceOf(options.random)
    this.#root = root
    this.#faults = new Map(options.faults?.map(({ call, kind }) => [call, kind]))
    this.#faultAt = (call) => options.faultAt?.(call)
    this.#bytesMax = options.bytesMax ?? TEBIBYTE
    this.#systemCalls = {
      fill: (path, bytes, _permissions, isSynced) => this.#fill(path, bytes, isSynced),
      rename: (from, to) => this.rename(from, to),
      syncDirectory: (path) => this.syncDirectory(path),
      hasDirectory: (path) =>
        this.#call({ operation: 'read', path, run: () => this.#find(path) instanceof DirectoryNode }),
      makeOne: (path) => this.#call({ operation: 'create', path, run: () => this.#makeOne(path) }),
    }
  }

  /** Calls made so far. */
  get calls(): number {
    return this.#calls
  }

  /** True once the process that used this disk is gone. */
  get hasStopped(): boolean {
    return this.#hasStopped
  }

  /** Ends this life with a power cut; the disk as the next life finds it. */
  powerCut(next: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
    this.#hasStopped = true
    // All lost, all kept and anything between are different disasters; each is drawn as often.
    const keptOf8 = [0, 1, 4, 7, 8][this.#chance.below(5)]!
    const isKept = (): boolean => this.#chance.below(8) < keptOf8
    return new SimulatedDisk({ random: this.#random, ...next }, this.#root.surviving(isKept, this.#chance))
  }

  /** Ends this life as kill -9 does; the next one finds everything the system had taken, synced or not. */
  processDeath(next: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
    this.#hasStopped = true
    return new SimulatedDisk({ random: this.#random, ...next }, this.#root)
  }

  /** Turns over one bit of a file, on the medium too: damage that no failed call explains. */
  flipBit(path: string, position: number, bit: number): void {
    const file = this.#file(path)
    const [byte] = file.read(position, 1)
    if (byte === undefined) throw new RangeError(`${path} has no byte ${position}`)
    file.write(Uint8Array.of(byte ^ (1 << bit)), position)
    file.sync()
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const run = (): FileNode => (mode === 'create' ? this.#create(path) : this.#file(path))
    const operation = mode === 'create' ? 'create' : 'read'
    return this.#opened(path, mode, await this.#call({ operation, path, run }))
  }

  read(path: string): Promise<Uint8Array | undefined> {
    const run = (): Uint8Array | undefined => {
      if (!this.#find(path)) return undefined
      const file = this.#file(path)
      return file.read(0, file.size)
    }
    return this.#call({ operation: 'read', path, run })
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return replaceFile(this.#systemCalls, path, this.#temporaryName(path), bytes)
  }

  writeDurably(path: string, bytes: Uint8Array, permissions = 0o644): Promise<void> {
    return replaceFileDurably(this.#systemCalls, path, this.#temporaryName(path), bytes, permissions)
  }

  sync(path: string): Promise<void> {
    return this.#call(this.#syncing(path, () => this.#node(path)))
  }

  syncDirectory(path: string): Promise<void> {
    return this.sync(path)
  }

  list(path: string): Promise<string[]> {
    return this.#call({
      operation: 'read',
      path,
      run: () => (this.#find(path) ? this.#directory(path).names() : []),
    })
  }

  size(path: string): Promise<number | undefined> {
    return this.#call({ operation: 'read', path, run: () => this.#find(path)?.size })
  }

  makeDirectory(path: string, permissions = 0o755): Promise<void> {
    return makeDirectoryDurably(this.#systemCalls, path, permissions)
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call({ operation: 'rename', path: from, run: () => this.#rename(from, to) })
  }

  remove(path: string): Promise<void> {
    const run = (): void => {
      this.#file(path)
      this.#parent(path).change([posix.basename(path), undefined])
    }
    return this.#call({ operation: 'remove', path, run })
  }

  truncate(path: string, bytes: number): Promise<void> {
    return this.#call({ operation: 'write', path, run: () => this.#file(path).truncate(bytes) })
  }

  freeBytes(path: string): Promise<number> {
    const run = (): number => {
      this.#node(path)
      return this.#bytesMax - this.#bytesUsed()
    }
    return this.#call({ operation: 'read', path, run })
  }

  /** One numbered call. It takes a while before and after, a different one each time, so that others come between. */
  async #call<T>(call: Call<T>): Promise<T> {
    await this.#pass()
    if (this.#hasStopped) throw new ProcessGone()
    this.#calls += 1
    const kind = this.#faults.get(this.#calls) ?? this.#faultAt(call)
    const result = this.#meet(call, kind)
    await this.#pass()
    return result
  }

  #meet<T>(call: Call<T>, fault: Fault['kind'] | undefined): T {
    switch (fault) {
      case 'fails':
        call.fail?.()
        throw new SystemError('EIO', call.path)
      case 'fails_though_done':
        call.run()
        throw new SystemError('EIO', call.path)
      case 'fails_half_done':
        call.half?.()
        throw new SystemError('EIO', call.path)
      case 'stops':
        this.#hasStopped = true
        if (this.#chance.below(2) === 0) call.run()
        throw new ProcessGone()
      case 'fills':
        this.#bytesMax = this.#bytesUsed()
        return call.run()
      case undefined:
        return call.run()
    }
  }

  async #pass(): Promise<void> {
    const turns = this.#chance.below(16) === 0 ? this.#chance.below(64) : this.#chance.below(4)
    for (let i = 0; i < turns; i += 1) await Promise.resolve()
  }

  #opened(path: string, mode: OpenMode, node: FileNode): DiskFile {
    let isOpen = true
    const call = async <T>(made: Call<T>): Promise<T> => {
      if (!isOpen) throw new SystemError('EBADF', path)
      return this.#call(made)
    }
    return {
      path,
      write: async (bytes, position) => {
        if (bytes.length === 0) return
        if (mode === 'read') throw new SystemError('EBADF', path)
        await call(this.#writing(path, node, bytes, position))
      },
      read: (position, length) => call({ operation: 'read', path, run: () => node.read(position, length) }),
      datasync: () => call(this.#syncing(path, () => node)),
      size: () => call({ operation: 'read', path, run: () => node.size }),
      close: () => {
        isOpen = false
        return Promise.resolve()
      },
    }
  }

  #writing(path: string, node: FileNode, bytes: Uint8Array, position: number): Call<void> {
    const writeFirst = (count: number): void => {
      const fitting = Math.max(0, Math.min(count, this.#roomFor(node) - position))
      node.write(bytes.subarray(0, fitting), position)
      if (fitting < count) throw new SystemError('ENOSPC', path)
    }
    return {
      operation: 'write',
      path,
      run: () => writeFirst(bytes.length),
      half: () => writeFirst(this.#chance.below(bytes.length)),
    }
  }

  #syncing(path: string, find: () => Node): Call<void> {
    return {
      operation: 'sync',
      path,
      run: () => find().sync(),
      half: () => find().failSync(() => this.#chance.below(2) === 0),
      fail: () => find().failSync(() => false),
    }
  }

  async #fill(path: string, bytes: Uint8Array, isSynced: boolean): Promise<void> {
    const run = (): FileNode => {
      const known = this.#find(path)
      if (!known) return this.#create(path)
      this.#file(path).truncate(0)
      return this.#file(path)
    }
    const file = this.#opened(path, 'create', await this.#call({ operation: 'create', path, run }))
    await file.write(bytes, 0)
    if (isSynced) await file.datasync()
    await file.close()
  }

  #rename(from: string, to: string): void {
    // Linux finds both directories before it looks for either name.
    const [source, target] = [this.#parent(from), this.#parent(to)]
    const node = this.#node(from)
    const gone = [posix.basename(from), undefined] as const
    const here = [posix.basename(to), node] as const
    if (this.#find(to) === node) return
    if (source === target) source.change(gone, here)
    else {
      source.change(gone)
      target.change(here)
    }
  }

  #create(path: string): FileNode {
    if (this.#find(path)) throw new SystemError('EEXIST', path)
    const node = new FileNode()
    this.#parent(path).change([posix.basename(path), node])
    return node
  }

  #makeOne(path: string): void {
    const known = this.#find(path)
    if (known instanceof DirectoryNode) return
    if (known) throw new SystemError('EEXIST', path)
    this.#parent(path).change([posix.basename(path), new DirectoryNode()])
  }

  #temporaryName(path: string): string {
    this.#temporaryCount += 1
    // A container gives its process the same number in every life.
    return `${path}.1.${this.#temporaryCount}.tmp`
  }

  /** What has this name, or undefined; ENOTDIR when a part of the way is a file. */
  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      if (node instanceof FileNode) throw new SystemError('ENOTDIR', path)
      node = node?.get(name)
    }
    return node
  }

  #node(path: string): Node {
    const node = this.#find(path)
    if (!node) throw new SystemError('ENOENT', path)
    return node
  }

  #file(path: string): FileNode {
    const node = this.#node(path)
    if (node instanceof DirectoryNode) throw new SystemError('EISDIR', path)
    return node
  }

  #directory(path: string): DirectoryNode {
    const node = this.#node(path)
    if (node instanceof FileNode) throw new SystemError('ENOTDIR', path)
    return node
  }

  #parent(path: string): DirectoryNode {
    return this.#directory(posix.dirname(path))
  }

  #bytesUsed(): number {
    return this.#root.allocated()
  }

  /** The size to which a file may grow. */
  #roomFor(node: FileNode): number {
    if (this.#bytesMax === TEBIBYTE) return TEBIBYTE
    return allocatedBytes(node.size) + Math.max(0, this.#bytesMax - this.#bytesUsed())
  }
}
