/** How fast payloads are committed to, against `node:crypto` doing the same work one hash per call: `node bench/commitment.ts`. */

import { hash } from 'node:crypto'
import { cpus } from 'node:os'
import { HASH_ENGINE, commitRoot } from '../packages/format/src/hash/sha256.ts'
import { median } from './quantiles.ts'

const LEAVES = 37
const ROUNDS = 21
const CALLS_PER_ROUND = 1000

const texts = leafTexts()
const salts = Uint8Array.from({ length: 16 * LEAVES }, (_, i) => (i * 31) % 256)

if (!cryptoRoot().equals(commitRoot(texts, salts))) throw new Error('the two roots differ')
const [ours, peer] = medianMicroseconds([() => commitRoot(texts, salts), cryptoRoot])

console.log(machineLine())
console.log(`root of ${LEAVES} leaves, ${texts.join('').length} bytes of text; median of ${ROUNDS} rounds`)
console.log(row(`commitRoot (${HASH_ENGINE})`, ours!))
console.log(row('node:crypto hash', peer!))
console.log(`ratio ${(peer! / ours!).toFixed(1)}`)

/** A record as it is flattened: the shape, which names every pointer, and one text per field. */
function leafTexts(): string[] {
  const pointers = Array.from({ length: LEAVES - 1 }, (_, i) => `/inputFeatures/feature_${i}`)
  const shape = JSON.stringify(['', { v: 1, id: '0192d3c4-5b6a-7c8d-9e0f-123456789abc', pointers }])
  return [shape, ...pointers.map((pointer, i) => JSON.stringify([pointer, `value ${i * 1234.5}`]))]
}

/** The same root by the fastest call node:crypto has for one small message. */
function cryptoRoot(): Buffer {
  const message = Buffer.allocUnsafe(2048)
  let level: Buffer[] = texts.map((text, i) => {
    message[0] = 0x10
    message.set(salts.subarray(i * 16, i * 16 + 16), 1)
    return hash('sha256', message.subarray(0, 17 + message.write(text, 17)), 'buffer')
  })
  message[0] = 0x11
  while (level.length > 1) {
    const above: Buffer[] = []
    for (let i = 0; i < level.length; i += 2) above.push(cryptoNode(message, level[i]!, level[i + 1]))
    level = above
  }
  return level[0]!
}

function cryptoNode(message: Buffer, left: Buffer, right: Buffer | undefined): Buffer {
  if (right === undefined) return left
  message.set(left, 1)
  message.set(right, 33)
  return hash('sha256', message.subarray(0, 65), 'buffer')
}

/** Runs all candidates in every round, so that a busy moment of the machine hits each of them. */
function medianMicroseconds(candidates: (() => unknown)[]): number[] {
  const rounds = candidates.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    candidates.forEach((candidate, i) => rounds[i]!.push(roundMicroseconds(candidate)))
  }
  return rounds.map(median)
}

function roundMicroseconds(candidate: () => unknown): number {
  const startMs = performance.now()
  for (let call = 0; call < CALLS_PER_ROUND; call++) candidate()
  return ((performance.now() - startMs) * 1000) / CALLS_PER_ROUND
}

function row(name: string, microseconds: number): string {
  const perSecond = Math.round(1e6 / microseconds).toLocaleString('en')
  return `${name.padEnd(20)} ${perSecond.padStart(8)}/s ${microseconds.toFixed(1).padStart(7)} µs`
}

function machineLine(): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpu}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`
}
