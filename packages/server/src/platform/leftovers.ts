/** What a life that ended in the middle of replacing a file leaves beside it. */
import type { Disk } from './disk.ts'

/**
 * Removes the temporary files of a directory, or only those of its file `of`. For the one process that writes them, before it
 * does: they are whole or partial copies of what may have been erased since, and nothing else ever removes them.
 */
export async function removeLeftovers(disk: Disk, directory: string, of?: string): Promise<void> {
  for (const name of await disk.list(directory)) {
    const isOurs = of === undefined || name.startsWith(`${of}.`)
    if (isOurs && name.endsWith('.tmp')) await disk.remove(`${directory}/${name}`)
  }
}
