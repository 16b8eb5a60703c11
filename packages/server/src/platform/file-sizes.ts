/** How much lies in a directory. */
import { lstat, readdir } from 'node:fs/promises'
import { errorCode } from './durable-calls.ts'

/** Files looked at side by side: more take the threads that Node has for files from whoever writes. */
const AT_ONCE = 2

export interface FileSize {
  /** Below the directory that was asked about. */
  readonly path: string
  readonly bytes: number
  /** What the file system has set aside for it. */
  readonly allocatedBytes: number
}

/** Tells of every file below `directory`, directory by directory; those that go away meanwhile are passed over. */
export async function forEachFile(directory: string, tell: (file: FileSize) => void): Promise<void> {
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    const entries = await readdir(`${directory}/${below}`, { withFileTypes: true }).catch(unlessGone)
    const at = (name: string): string => (below === '' ? name : `${below}/${name}`)
    const files = (entries ?? []).filter((entry) => entry.isFile()).map(({ name }) => at(name))
    waiting.push(...(entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => at(name)))
    const next = async (): Promise<void> => {
      for (let path = files.pop(); path !== undefined; path = files.pop()) {
        const found = await lstat(`${directory}/${path}`).catch(unlessGone)
        if (found) tell({ path, bytes: found.size, allocatedBytes: found.blocks * BLOCK_BYTES })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
  }
}

/** The unit of `st_blocks`, whatever the blocks of the file system are. */
const BLOCK_BYTES = 512

function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}
