/** Messages of OTLP in protobuf, written by hand: what no exporter would write among them. */

/** A field that is text, bytes or a message; `tag` is its number times 8 and 2. */
export function lengthed(tag: number, content: Uint8Array | string): Buffer<ArrayBuffer> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80)
  return Buffer.concat([Buffer.from([tag, ...length, rest]), bytes])
}

export const many = (count: number, of: (i: number) => Uint8Array): Buffer<ArrayBuffer> =>
  Buffer.concat(Array.from({ length: count }, (_, i) => of(i)))

const ATTRIBUTES_OF_SPAN = 0x4a
export const ATTRIBUTES_OF_RESOURCE = 0x0a

export const attribute = (key: string, value: string, tag = ATTRIBUTES_OF_SPAN): Buffer<ArrayBuffer> =>
  lengthed(tag, Buffer.concat([lengthed(0x0a, key), lengthed(0x12, lengthed(0x0a, value))]))

/** One of the spans of a scope. */
export function span(i: number, ...fields: Uint8Array[]): Buffer<ArrayBuffer> {
  const id = Buffer.alloc(8, 1)
  id.writeUInt32BE(i + 1)
  return lengthed(0x12, Buffer.concat([lengthed(0x0a, Buffer.alloc(16, 1)), lengthed(0x12, id), ...fields]))
}

/** A request with one resource and one scope; of the resource its fields are given. */
export const request = (resource: Uint8Array, spans: Uint8Array): Buffer<ArrayBuffer> =>
  lengthed(0x0a, Buffer.concat([lengthed(0x0a, resource), lengthed(0x12, spans)]))
