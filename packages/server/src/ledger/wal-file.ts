/**
 * The files of the write-ahead log. A file is `wal/<generation>-<sequence>.wal`: one header block, then frames on page
 * boundaries, then preallocated zeros. A file gets its final name only when it is whole enough to be believed: created under a
 * `.tmp` name, zero-filled, synced, renamed, directory synced, and only then written to.
 */
import { equalBytes, FormatError } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import {
  decodeFrameBody,
  decodeFrameHeader,
  FRAME_ALIGNMENT,
  FRAME_HEADER_BYTES,
  type FrameContent,
  type FrameHeader,
  paddedFrameBytes,
} from './wal-frame.ts'

export const WAL_FILE_BYTES = 16 * 1_048_576
const ZERO_BLOCK = new Uint8Array(1_048_576)

export interface WalFileName {
  generation: number
  sequence: number
}

export function walFileName({ generation, sequence }: WalFileName): string {
  return `${String(generation).padStart(8, '0')}-${String(sequence).padStart(8, '0')}.wal`
}

/** The parts of a name, or undefined when it is not one of ours. */
export function parseWalFileName(name: string): WalFileName | undefined {
  const match = /^(\d{8})-(\d{8})\.wal$/.exec(name)
  return match ? { generation: Number(match[1]), sequence: Number(match[2]) } : undefined
}

/**
 * Creates a file of at least `bytes` zeros, holding `frames` from its start, durable under its final name when this resolves.
 * Crash before the rename: a `.tmp` leftover, removed at the next start. After it: a complete file.
 */
export async function createWalFile(
  disk: Disk,
  directory: string,
  name: WalFileName,
  frames: readonly Uint8Array[],
  bytes: number,
): Promise<DiskFile> {
  const path = `${directory}/${walFileName(name)}`
  const file = await disk.open(`${path}.tmp`, 'create')
  try {
    let at = 0
    for (const frame of frames) {
      await file.write(frame, at)
      at += Math.ceil(frame.length / FRAME_ALIGNMENT) * FRAME_ALIGNMENT
    }
    for (let zero = at; zero < bytes; zero += ZERO_BLOCK.length) {
      await file.write(ZERO_BLOCK.subarray(0, Math.min(ZERO_BLOCK.length, bytes - zero)), zero)
    }
    await file.datasync()
  } catch (error) {
    await file.close()
    // On a full disk this is the room that others could still use; what stays is removed at the next start.
    await disk.remove(file.path).catch(() => undefined)
    throw error
  }
  await file.close()
  await disk.rename(`${path}.tmp`, path)
  await disk.syncDirectory(directory)
  return disk.open(path, 'write')
}

/** Where a frame lies. */
export interface FrameLocation {
  header: FrameHeader
  position: number
  paddedBytes: number
}

/** Reads a located frame back from disk and checks its body against its header. */
export async function readFrame(file: DiskFile, location: FrameLocation): Promise<FrameContent> {
  const body = await file.read(location.position + FRAME_HEADER_BYTES, location.header.bodyBytes)
  return decodeFrameBody(location.header, body)
}

/** The frame at `position`, checked whole; undefined when there is none or it is damaged. */
export async function frameAt(
  file: DiskFile,
  position: number,
  ledgerId: Uint8Array,
): Promise<{ location: FrameLocation; content: FrameContent } | undefined> {
  const header = decodeFrameHeader(await file.read(position, FRAME_HEADER_BYTES), ledgerId)
  if (!header || header.bodyBytes > 0xffff_ffff) return undefined
  const location = { header, position, paddedBytes: paddedFrameBytes(header.bodyBytes) }
  try {
    return { location, content: await readFrame(file, location) }
  } catch (error) {
    // Only bytes that were read can be wrong; a read that failed says nothing about them.
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** True when anything but zeros lies in the block at `position`. */
export async function blockInUse(file: DiskFile, position: number): Promise<boolean> {
  const block = await file.read(position, FRAME_ALIGNMENT)
  return !equalBytes(block, new Uint8Array(block.length))
}
