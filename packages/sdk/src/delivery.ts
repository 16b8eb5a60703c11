/*
 * Which parts deliver what is recorded: to a server, numbered and with what belongs to that, or as lines of JSON.
 */
import type { Destination } from './destination.ts'
import { Heartbeat } from './heartbeat.ts'
import type { OnError } from './issue.ts'
import { fileWrite, LineWriter, stdoutWrite } from './line-writer.ts'
import { emitterName, Numbering } from './numbering.ts'
import type { AnyOptions, DeponentOptions, SinkOptions } from './options.ts'
import { Pseudonyms } from './pseudonyms.ts'
import type { Queue } from './queue.ts'
import { quietly } from './quietly.ts'
import { Receipts } from './receipts.ts'
import { Sender } from './sender.ts'
import { Spool } from './spool.ts'
import type { Counts, Stats } from './stats.ts'

/** Beyond the time a request may take: to read the file, and to judge the answer. */
const LOCK_SPARE_MS = 5_000

export interface Delivery {
  readonly destination: Destination
  readonly receipts: Receipts
  readonly numbering?: Numbering | undefined
  readonly heartbeat?: Heartbeat | undefined
  readonly spool?: Spool | undefined
}

interface DeliveryParts {
  readonly queue: Queue
  readonly counts: Counts
  readonly onError: OnError
  readonly stats: () => Stats
}

export function deliveryOf(options: AnyOptions, parts: DeliveryParts): Delivery {
  return isSink(options) ? lines(options, parts) : server(options, parts)
}

function isSink(options: AnyOptions): options is SinkOptions {
  return options.sink !== undefined && options.sink !== 'http'
}

function lines({ sink, hashSensitive, hashKey }: SinkOptions, parts: DeliveryParts): Delivery {
  const pseudonyms = hashSensitive === false ? undefined : new Pseudonyms(hashKey)
  const write = sink === 'stdout' ? stdoutWrite : fileWrite(sink.file)
  const destination = new LineWriter(write, async (text) => pseudonyms?.line(text) ?? text, parts)
  return { destination, receipts: new Receipts(0, () => undefined) }
}

function server(options: DeponentOptions, { queue, counts, onError, stats }: DeliveryParts): Delivery {
  const receipts = new Receipts(
    options.receiptsKept ?? 1_000,
    quietly(options.onReceipt ?? (() => undefined)),
  )
  // An address that was forgotten is told when nothing can be sent, not by a throw where the application starts.
  const { url }: { url?: string } = options
  const { emitterId = emitterName(options.system), requestTimeoutMs = 30_000 } = options
  const numbering = emitterId === false ? undefined : new Numbering(emitterId)
  const onLost = (count: number): void => void (counts.lost += count)
  const onTakenOver = (count: number): void => void (counts.takenOver += count)
  const lockMs = 2 * requestTimeoutMs + LOCK_SPARE_MS
  const spool = Spool.of(options.spool, { numbering, onError, onLost, onTakenOver, lockMs })
  const destination = new Sender(
    {
      url: (url ?? '').replace(/\/+$/, ''),
      key: options.key,
      batchSize: Math.max(1, options.batchSize ?? 100),
      requestTimeoutMs,
      compress: options.compress ?? true,
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      onError,
      ...(numbering && { numbering }),
      ...(spool && { spool }),
    },
    queue,
    receipts,
    counts,
  )
  const every = { intervalMs: options.heartbeatMs ?? 60_000, requestTimeoutMs }
  const heartbeat = numbering && new Heartbeat(numbering, destination, stats, onError, every)
  void spool?.opened.then(() => destination.run())
  return { destination, receipts, numbering, heartbeat, spool }
}
