/** The files anchors are kept in: their names, and the text inside. Read by whoever checks a directory, too. */
import {
  type Anchor,
  formatAnchor,
  FormatError,
  fromUtf8,
  parseAnchor,
  parseNote,
  utf8,
} from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

/** An hour in UTC, `2026-11-21T10`, or a day, `2026-11-21`. */
export type Period = string

/** One file of anchors. */
export interface AnchorFile {
  readonly name: string
  /** Smallest size in it. */
  readonly first: number
  readonly period: Period
}

const NAME = /^(\d{12})\.(\d{4}-\d\d-\d\d(?:T\d\d)?)\.jsonl$/

/** The hour a moment is in. */
export function hourOf(ms: number): Period {
  return new Date(ms).toISOString().slice(0, 13)
}

/** The day a period is, or lies in. */
export function dayOf(period: Period): Period {
  return period.slice(0, 10)
}

export function anchorFileName(first: number, period: Period): string {
  return `${String(first).padStart(12, '0')}.${period}.jsonl`
}

/** The files of a directory by the sizes in them; other names are passed over. */
export async function listAnchorFiles(disk: Disk, directory: string): Promise<AnchorFile[]> {
  const names = await disk.list(directory)
  return names.flatMap((name) => {
    const [, first, period] = NAME.exec(name) ?? []
    return first === undefined || period === undefined ? [] : [{ name, first: Number(first), period }]
  })
}

/** The anchors of a file, in its order; FormatError, mostly 'bad_anchor', for what is not one. */
export function decodeAnchors(bytes: Uint8Array): Anchor[] {
  if (bytes.at(-1) !== 0x0a) throw new FormatError('bad_anchor', 'the last line does not end')
  return fromUtf8(bytes).slice(0, -1).split('\n').map(parseAnchor)
}

export function encodeAnchors(anchors: readonly Anchor[]): Uint8Array {
  return utf8(anchors.map((anchor) => `${JSON.stringify(formatAnchor(anchor))}\n`).join(''))
}

/** Two anchors of one checkpoint as one: every signature line and every timestamp once. */
export function joinAnchors(one: Anchor, other: Anchor): Anchor {
  const { text } = parseNote(one.note)
  if (parseNote(other.note).text !== text) {
    throw new FormatError('bad_anchor', `two different checkpoints of size ${one.size}`)
  }
  const lines = [one, other].flatMap(({ note }) =>
    note
      .slice(text.length + 1)
      .split('\n')
      .filter(Boolean),
  )
  const timestamps = new Map(
    [...one.timestamps, ...other.timestamps].map((token) => [Buffer.from(token).toString('base64'), token]),
  )
  const note = `${text}\n${[...new Set(lines)].map((line) => `${line}\n`).join('')}`
  return { size: one.size, note, timestamps: [...timestamps.values()] }
}

/** All anchors in order of size, those of one size joined. */
export function sortAnchors(anchors: readonly Anchor[]): Anchor[] {
  const bySize = new Map<number, Anchor>()
  for (const anchor of anchors) {
    const known = bySize.get(anchor.size)
    bySize.set(anchor.size, known ? joinAnchors(known, anchor) : anchor)
  }
  return [...bySize.values()].toSorted((a, b) => a.size - b.size)
}
