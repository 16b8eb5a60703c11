/** What a process and everything it started has used so far, read from Linux's /proc. */

import { readdirSync, readFileSync } from 'node:fs'

/** Ticks per second of the times in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export interface Usage {
  /** User plus system time in seconds, children that ended included. */
  cpuSeconds: number
  /** Proportional resident memory in MiB: pages shared by several processes are counted once. */
  memoryMiB: number
}

/** Processor seconds the whole machine has spent since it started: at work, and in all. */
export interface MachineTime {
  busySeconds: number
  seconds: number
}

export function machineTime(): MachineTime {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  // user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user.
  const ticks = line.split(/\s+/).slice(1, 9).map(Number)
  const all = ticks.reduce((total, value) => total + value, 0)
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0)
  return { busySeconds: (all - idle) / TICKS_PER_SECOND, seconds: all / TICKS_PER_SECOND }
}

interface ProcessLine {
  pid: number
  parent: number
  cpuSeconds: number
}

/** Usage of these processes alone, and of all their living descendants together. */
export function usageOf(roots: readonly number[]): { own: Usage; descendants: Usage } {
  const lines = processLines()
  const own = lines.filter((line) => roots.includes(line.pid))
  return { own: sum(own), descendants: sum(roots.flatMap((root) => descendantsOf(root, lines))) }
}

/** The parent of a process; 0 when it is gone. */
export function parentOf(pid: number): number {
  return processLines().find((line) => line.pid === pid)?.parent ?? 0
}

function sum(lines: ProcessLine[]): Usage {
  return {
    cpuSeconds: lines.reduce((total, line) => total + line.cpuSeconds, 0),
    memoryMiB: Math.round(lines.reduce((total, line) => total + memoryKiB(line.pid), 0) / 1024),
  }
}

function descendantsOf(root: number, lines: ProcessLine[]): ProcessLine[] {
  const children = lines.filter((line) => line.parent === root)
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, lines)])
}

function processLines(): ProcessLine[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processLine(Number(name)))
}

function processLine(pid: number): ProcessLine[] {
  const text = readOrNothing(`/proc/${pid}/stat`)
  if (text === '') return []
  // The name in parentheses may hold spaces; the numbers start behind the last one: state, parent, …
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const ticks = [11, 12, 13, 14].reduce((total, n) => total + (fields[n] ?? 0), 0)
  return [{ pid, parent: fields[1] ?? 0, cpuSeconds: ticks / TICKS_PER_SECOND }]
}

function memoryKiB(pid: number): number {
  const pss = /^Pss:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/smaps_rollup`))
  return Number(pss?.[1] ?? 0)
}

/** Processes end while we look: what is gone counts nothing. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
