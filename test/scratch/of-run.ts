/** One folder for everything a test run writes, removed at its end: tests make directories by the ten thousand, and some hold an index. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = /^deponent-tests-(\d+)-/

export function setup(): () => void {
  const outside = tmpdir()
  removeLeft(outside)
  const scratch = mkdtempSync(join(outside, `deponent-tests-${process.pid}-`))
  process.env.TMPDIR = scratch
  // Commands and servers are started by the hundred, each from a thousand modules: what is compiled once is kept for the others.
  process.env.NODE_COMPILE_CACHE ??= join(scratch, 'compiled')
  return () => {
    process.env.TMPDIR = outside
    remove(scratch)
  }
}

/** Removes what runs left that were killed. */
function removeLeft(outside: string): void {
  for (const name of readdirSync(outside)) {
    const pid = NAME.exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) remove(join(outside, name))
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A child of a test that is still writing may put a file back: then the next run removes it. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
}
