/** Which files lie among a ledger's tiles that are no tile of it. */
import { parseTilePath, TILE_WIDTH } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

/** Paths below `directory`, the ledger's own, of what is no full tile of a ledger of `size` entries. */
export async function unexpectedTiles(disk: Disk, directory: string, size: number): Promise<string[]> {
  const unexpected: string[] = []
  for (const level of await disk.list(`${directory}/tile`)) {
    const isLevel = level === 'entries' || /^(?:0|[1-9]\d?)$/.test(level)
    if (!isLevel) unexpected.push(`tile/${level}`)
    else await walk(disk, directory, `tile/${level}`, size, unexpected)
  }
  return unexpected
}

async function walk(
  disk: Disk,
  directory: string,
  path: string,
  size: number,
  unexpected: string[],
): Promise<void> {
  for (const name of await disk.list(`${directory}/${path}`)) {
    const inside = `${path}/${name}`
    if (/^x\d{3}$/.test(name)) await walk(disk, directory, inside, size, unexpected)
    // What a crash leaves of a file that was being written is removed or written again.
    else if (!name.endsWith('.tmp') && !isTileWithin(inside, size)) unexpected.push(inside)
  }
}

function isTileWithin(path: string, size: number): boolean {
  if (!/\/\d{3}$/.test(path)) return false
  const { level, n } = parseTilePath(path)
  return (n + 1) * TILE_WIDTH ** (level === 'entries' ? 1 : level + 1) <= size
}
