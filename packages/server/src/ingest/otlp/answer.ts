/** What is answered to an exporter, in the encoding it asked in. */
import { utf8 } from '@deponent/format'
import type { Encoding, Signal } from './read.ts'

export type { Encoding } from './read.ts'

/** Some of a request is not kept, or all is and something is to be said. */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

const REJECTED = { traces: 'rejectedSpans', logs: 'rejectedLogRecords' } as const

/** `ExportTraceServiceResponse` or `ExportLogsServiceResponse`: empty when everything is kept. */
export function exportAnswer(signal: Signal, encoding: Encoding, partial?: PartialSuccess): Uint8Array {
  if (encoding === 'json') {
    const said = partial && {
      partialSuccess: { [REJECTED[signal]]: `${partial.rejected}`, errorMessage: partial.message },
    }
    return utf8(JSON.stringify(said ?? {}))
  }
  if (!partial) return new Uint8Array(0)
  return tagged(1, Buffer.concat([number(1, partial.rejected), tagged(2, utf8(partial.message))]))
}

/** `google.rpc.Status`. */
export function statusAnswer(encoding: Encoding, code: number, message: string): Uint8Array {
  if (encoding === 'json') return utf8(JSON.stringify({ code, message }))
  return Buffer.concat([number(1, code), tagged(2, utf8(message))])
}

const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  413: 8,
  415: 3,
  429: 8,
  501: 12,
  503: 14,
}
const UNKNOWN = 2

/** The code of `google.rpc.Code` that an HTTP status stands for. */
export function rpcCodeOf(status: number): number {
  return RPC_CODES[status] ?? UNKNOWN
}

function number(field: number, value: number): Uint8Array {
  return Uint8Array.from([field << 3, ...varint(value)])
}

function tagged(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([(field << 3) | 2, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
