/**
 * Reads what a write-ahead log directory holds and says where belief ends. Reading proves nothing about durability: the caller
 * copies what it accepts before it signs or acknowledges anything (`recover.ts`).
 *
 * A damaged or missing frame may be dropped only when nothing valid of its generation follows it; otherwise the log is corrupt,
 * because something that was acknowledged has been lost.
 */
import { equalBytes } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import {
  blockInUse,
  type FrameLocation,
  frameAt,
  parseWalFileName,
  type WalFileName,
  walFileName,
} from './wal-file.ts'
import { beginsFrame, FRAME_ALIGNMENT, type FrameContent } from './wal-frame.ts'

export interface ScannedFrame {
  file: string
  location: FrameLocation
  content: FrameContent
}

export interface WalScan {
  /** Highest generation present, or 0 when the directory is empty. */
  generation: number
  frames: ScannedFrame[]
  /** A last frame that was begun and not finished, or whose bytes are damaged with nothing valid after it. */
  tornTail: boolean
  /** Set when acknowledged frames are damaged: the first index that cannot be read and, when known, where reading resumes. */
  corrupt?: { file: string; from: number; to?: number }
  /** Files that recovery may remove: temporary ones and those of earlier generations. */
  leftovers: string[]
}

/** Read at once while looking for frames; a multiple of the frame alignment. */
const SCAN_BYTES = 256 * FRAME_ALIGNMENT

/** The frames of one generation followed so far. */
export interface Chain {
  ledgerId: Uint8Array
  generation: number
  last?: { location: FrameLocation }
}

/** Whether a frame is the next of its chain; the first of a generation always is. */
export function continues(chain: Chain, found: { location: FrameLocation }): boolean {
  const { header } = found.location
  if (header.generation !== chain.generation) return false
  const last = chain.last?.location.header
  if (!last) return true
  return (
    header.number === last.number + 1 &&
    header.first === last.first + last.count &&
    equalBytes(header.previous, last.hash)
  )
}

/** The first index of the next undamaged frame of this generation at or after `from`, if any. */
async function resumesAt(file: DiskFile, from: number, chain: Chain): Promise<number | undefined> {
  const size = await file.size()
  for (let at = from; at < size; at += SCAN_BYTES) {
    const bytes = await file.read(at, SCAN_BYTES)
    for (let within = 0; within < bytes.length; within += FRAME_ALIGNMENT) {
      if (!beginsFrame(bytes.subarray(within))) continue
      const header = (await frameAt(file, at + within, chain.ledgerId))?.location.header
      const lastNumber = chain.last?.location.header.number ?? -1
      if (header && header.generation === chain.generation && header.number > lastNumber) return header.first
    }
  }
  return undefined
}

/** Takes every frame of one file that continues the chain; says where it stopped. */
async function scanFile(file: DiskFile, name: string, chain: Chain, frames: ScannedFrame[]): Promise<number> {
  let position = 0
  for (;;) {
    const found = await frameAt(file, position, chain.ledgerId)
    if (!found || !continues(chain, found)) return position
    const frame = { file: name, ...found }
    frames.push(frame)
    chain.last = frame
    position += found.location.paddedBytes
  }
}

const nextIndex = (chain: Chain): number => {
  const last = chain.last?.location.header
  return last ? last.first + last.count : 0
}

async function scanGeneration(
  disk: Disk,
  directory: string,
  names: WalFileName[],
  ledgerId: Uint8Array,
): Promise<Omit<WalScan, 'leftovers'>> {
  const generation = names[0]?.generation ?? 0
  const chain: Chain = { ledgerId, generation }
  const scan: Omit<WalScan, 'leftovers'> = { generation, frames: [], tornTail: false }
  let stopped: { file: string } | undefined
  for (const parsed of names) {
    const name = walFileName(parsed)
    const file = await disk.open(`${directory}/${name}`, 'read')
    try {
      const end = stopped ? 0 : await scanFile(file, name, chain, scan.frames)
      const resumes = await resumesAt(file, end, chain)
      if (resumes !== undefined) {
        return { ...scan, corrupt: { file: stopped?.file ?? name, from: nextIndex(chain), to: resumes } }
      }
      if (!stopped && (await blockInUse(file, end))) {
        scan.tornTail = true
        stopped = { file: name }
      }
    } finally {
      await file.close()
    }
  }
  return scan
}

/** Scans `directory`; `ledgerId` as of `ledgerIdOf(origin)`. */
export async function scanWal(disk: Disk, directory: string, ledgerId: Uint8Array): Promise<WalScan> {
  const names = await disk.list(directory)
  const parsed = names.flatMap((name) => parseWalFileName(name) ?? [])
  const generation = Math.max(0, ...parsed.map((name) => name.generation))
  const current = parsed
    .filter((name) => name.generation === generation)
    .toSorted((a, b) => a.sequence - b.sequence)
  const kept = new Set(current.map(walFileName))
  const scan = await scanGeneration(disk, directory, current, ledgerId)
  return { ...scan, leftovers: names.filter((name) => !kept.has(name)) }
}
