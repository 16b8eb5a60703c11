/**
 * A C2SP tlog-witness written from the specification alone, with nothing of the product in it: its own reading of notes, its own
 * consistency check. It persists before it answers, and compares and swaps in one breath.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const EMPTY = sha256(Buffer.alloc(0))

interface Seen {
  size: number
  root: string
}

/** What a witness can be made to do wrong. */
export type Misbehaviour = 'none' | 'unavailable' | 'hangs' | 'forges' | 'chatters' | 'lies about its size'

/** A running witness. */
export class OwnWitness {
  readonly name: string
  readonly vkey: string
  /** Requests it has answered, by status. */
  readonly answered = new Map<number, number>()
  misbehaviour: Misbehaviour = 'none'
  readonly #private: KeyObject
  readonly #keyId: Buffer
  readonly #file: string
  readonly #logs: ReadonlyMap<string, KeyObject>
  readonly #server: Server

  private constructor(name: string, seed: number, file: string, logs: readonly string[]) {
    this.name = name
    this.#file = file
    const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
    const key = Buffer.concat([prefix, Buffer.alloc(32, seed)])
    this.#private = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(this.#private).export({ format: 'der', type: 'spki' })
    const typed = Buffer.concat([Buffer.of(4), spki.subarray(-32)])
    this.#keyId = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).subarray(0, 4)
    this.vkey = `${name}+${this.#keyId.toString('hex')}+${typed.toString('base64')}`
    this.#logs = new Map(logs.map(logKey))
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** Starts on a free port; `logs` are the vkeys of the logs it knows, `file` holds what it has seen. */
  static async start(name: string, seed: number, file: string, logs: readonly string[]): Promise<OwnWitness> {
    const witness = new OwnWitness(name, seed, file, logs)
    await new Promise<void>((resolve) => {
      witness.#server.listen(0, '127.0.0.1', resolve)
    })
    return witness
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Sizes it has cosigned last, by origin. */
  get seen(): Record<string, Seen> {
    return existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, Seen>)
      : {}
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (this.misbehaviour === 'hangs') return
    const isKnown = request.method === 'POST' && request.url === '/add-checkpoint'
    const answer = isKnown ? this.#answer(Buffer.concat(chunks).toString()) : { status: 404 }
    this.answered.set(answer.status, (this.answered.get(answer.status) ?? 0) + 1)
    response.writeHead(answer.status, 'type' in answer ? { 'Content-Type': answer.type } : {})
    response.end('body' in answer ? answer.body : '')
  }

  #answer(body: string): { status: number; type?: string; body?: string } {
    if (this.misbehaviour === 'unavailable') return { status: 503 }
    if (this.misbehaviour === 'chatters') return { status: 200, body: 'x'.repeat(1_000_000) }
    if (this.misbehaviour === 'lies about its size') return conflict(Math.floor(Math.random() * 2))
    const split = body.indexOf('\n\n')
    const [first = '', ...proof] = body.slice(0, split).split('\n')
    const [, digits] = /^old (0|[1-9][0-9]*)$/.exec(first) ?? []
    const note = body.slice(split + 2)
    const end = note.lastIndexOf('\n\n')
    const text = note.slice(0, end + 1)
    const [origin = '', size = '', root = ''] = text.split('\n')
    if (split < 0 || end < 0 || digits === undefined || !/^(0|[1-9][0-9]*)$/.test(size))
      return { status: 400 }
    const key = this.#logs.get(origin)
    if (!key) return { status: 404 }
    if (!isSigned(text, note.slice(end + 2), origin, key)) return { status: 403 }
    return this.#decide(origin, { size: Number(size), root }, Number(digits), proof, text)
  }

  #decide(origin: string, shown: Seen, old: number, proof: readonly string[], text: string) {
    if (old > shown.size) return { status: 400 }
    const all = this.seen
    const before = all[origin] ?? { size: 0, root: EMPTY.toString('base64') }
    if (old !== before.size) return conflict(before.size)
    const hashes = proof.map((line) => Buffer.from(line, 'base64'))
    if (!extendsIt(before, shown, hashes)) return { status: 422 }
    all[origin] = shown
    writeFileSync(`${this.#file}.new`, JSON.stringify(all), { flush: true })
    renameSync(`${this.#file}.new`, this.#file)
    return { status: 200, body: this.#cosign(text) }
  }

  #cosign(text: string): string {
    const timeS = Math.floor(Date.now() / 1000)
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(timeS))
    const message = `cosignature/v1\ntime ${timeS}\n${this.misbehaviour === 'forges' ? 'other' : text}`
    const signature = sign(null, Buffer.from(message), this.#private)
    return `— ${this.name} ${Buffer.concat([this.#keyId, time, signature]).toString('base64')}\n`
  }
}

function conflict(size: number): { status: number; type: string; body: string } {
  return { status: 409, type: 'text/x.tlog.size', body: `${size}\n` }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function logKey(vkey: string): [string, KeyObject] {
  const [name = '', , ...rest] = vkey.split('+')
  const raw = Buffer.from(rest.join('+'), 'base64').subarray(1)
  const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  return [name, createPublicKey({ key, format: 'der', type: 'spki' })]
}

function isSigned(text: string, lines: string, name: string, key: KeyObject): boolean {
  return lines.split('\n').some((line) => {
    const [dash, signer, blob = ''] = line.split(' ')
    const signature = Buffer.from(blob, 'base64').subarray(4)
    return dash === '—' && signer === name && verify(null, Buffer.from(text), key, signature)
  })
}

/** RFC 9162 §2.1.4.2, by building both roots from the proof top down. */
function extendsIt(before: Seen, shown: Seen, proof: Buffer[]): boolean {
  if (shown.size === 0) return shown.root === EMPTY.toString('base64') && proof.length === 0
  if (before.size === 0) return proof.length === 0
  if (before.size === shown.size) return proof.length === 0 && before.root === shown.root
  const queue = proof.slice()
  const oldRoot = Buffer.from(before.root, 'base64')
  const roots = rebuild(before.size, shown.size, true, queue, oldRoot)
  if (!roots || queue.length > 0) return false
  return roots.old.equals(oldRoot) && roots.new.toString('base64') === shown.root
}

/** SUBPROOF of RFC 6962 §2.1.2 read backwards: consumes the proof from its end, as it was written from the bottom. */
function rebuild(
  m: number,
  n: number,
  isWhole: boolean,
  proof: Buffer[],
  oldRoot: Buffer,
): { old: Buffer; new: Buffer } | undefined {
  if (m === n) {
    const root = isWhole ? oldRoot : proof.shift()
    return root && { old: root, new: root }
  }
  let k = 1
  while (k * 2 < n) k *= 2
  if (m <= k) {
    const below = rebuild(m, k, isWhole, proof, oldRoot)
    const right = proof.shift()
    return below && right && { old: below.old, new: node(below.new, right) }
  }
  const below = rebuild(m - k, n - k, false, proof, oldRoot)
  const left = proof.shift()
  return below && left && { old: node(left, below.old), new: node(left, below.new) }
}

function node(left: Buffer, right: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.of(1), left, right]))
}
