/** The process's own streams, signals and end. */
import { createInterface } from 'node:readline'

// A reader that went away (`| head`) wants no more; that is no failure of the command and does not change how it ends.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line to standard error: progress and diagnostics, never an answer. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A line on standard error that replaces itself, when somebody is looking; nothing otherwise. */
export function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${line}`)
}

/** Clears the progress line. */
export function endProgress(): void {
  progress('')
}

/** Resolves at the first SIGINT or SIGTERM. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

/** All of standard input. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) yield chunk
}

/** The lines of standard input, as they come. */
export function standardInputLines(): AsyncIterable<string> {
  return createInterface({ input: process.stdin, crlfDelay: Infinity })
}

/** Ends the process when something was thrown where nobody caught it, with the code that `report` gives. */
export function onCrash(report: (error: unknown) => number): void {
  process.on('uncaughtException', (error) => process.exit(report(error)))
}
