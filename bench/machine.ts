/** The machine beside the number: a figure without it says nothing. */

import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './quantiles.ts'

export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  /** File system type of the folder the data is written to. */
  fileSystem: string
  kernel: string
  node: string
  date: string
  /** One-minute load average before the first run: what else was going on. */
  load: number
  /** Median of appending 4 KiB and waiting for `fdatasync`, in milliseconds: what a durable promise costs here at least. */
  syncMs: number
}

/** Looks at the machine; writes a small file in `folder` to time the disk. */
export function describeMachine(folder: string): Machine {
  mkdirSync(folder, { recursive: true })
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    fileSystem: fileSystemOf(folder),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    load: Number(loadavg()[0]?.toFixed(2)),
    syncMs: Number(syncMs(folder).toFixed(2)),
  }
}

/** One line for a log or a document. */
export function machineLine(m: Machine, peer: string): string {
  return `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.fileSystem} (4 KiB append + fdatasync ${m.syncMs} ms), Linux ${m.kernel}, Node ${m.node}, ${peer}, ${m.date}, load before ${m.load}`
}

function fileSystemOf(folder: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  const holding = mounts.filter(
    ([, at]) => at !== undefined && `${folder}/`.startsWith(at === '/' ? '/' : `${at}/`),
  )
  return holding.toSorted((a, b) => (b[1] ?? '').length - (a[1] ?? '').length)[0]?.[2] ?? 'unknown'
}

function syncMs(folder: string): number {
  const path = join(folder, 'sync-probe')
  const file = openSync(path, 'w')
  const block = Buffer.alloc(4096, 1)
  const times = Array.from({ length: 200 }, () => {
    const startMs = performance.now()
    writeSync(file, block)
    fdatasyncSync(file)
    return performance.now() - startMs
  })
  closeSync(file)
  rmSync(path)
  return median(times)
}
