import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a child ended: one of the two is always set. */
export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
}

/** One child process. It shares nothing with us but its standard streams. */
export interface ChildProcess {
  readonly pid: number | undefined
  /** Resolves once, when the process is gone or could not be started at all (then `code` is 127). */
  readonly exited: Promise<ChildExit>
  /** The next line of the child's standard output; undefined when it ended without one. */
  readLine(): Promise<string | undefined>
  /** Writes one line to the child's standard input. */
  writeLine(text: string): void
  /** Ends the child's standard input, which every child of ours takes as the request to leave. */
  closeInput(): void
  /** Ends the process at once, whatever it is doing (SIGKILL). */
  kill(): void
  /** The last few kilobytes the child wrote to standard error: diagnostics only. */
  errorTail(): string
}

export interface ChildProcesses {
  /**
   * Starts `script` with our own Node, in the script's own directory, with nothing of our environment but what is named
   * here: what lies where somebody happened to start us is not for the child to find.
   */
  start(script: URL, environment: Readonly<Record<string, string>>): ChildProcess
}

const ERROR_TAIL_CHARS = 4_096

/** What a native library needs to load; secrets in our environment stay ours. */
const INHERITED = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'TMPDIR', 'SystemRoot']

function inherited(): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of INHERITED) {
    const value = process.env[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}

export const realChildProcesses: ChildProcesses = {
  start: (script, environment) => {
    const path = fileURLToPath(script)
    const child = spawn(process.execPath, [path], {
      cwd: dirname(path),
      env: { ...inherited(), ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let tail = ''
    child.stderr.setEncoding('utf8')
    child.stderr.on('data', (text: string) => {
      tail = (tail + text).slice(-ERROR_TAIL_CHARS)
    })
    // A child that died takes no more input; its exit is the news, not the broken pipe.
    child.stdin.on('error', () => {})
    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]()
    const exited = new Promise<ChildExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      child.once('error', (error) => {
        tail = (tail + error.message).slice(-ERROR_TAIL_CHARS)
        resolve({ code: 127, signal: null })
      })
    })
    return {
      pid: child.pid,
      exited,
      readLine: async () => {
        const line = await lines.next()
        return line.done === true ? undefined : line.value
      },
      writeLine: (text) => child.stdin.write(`${text}\n`),
      closeInput: () => child.stdin.end(),
      kill: () => child.kill('SIGKILL'),
      errorTail: () => tail,
    }
  },
}

/** About half the share of the processor that others get while all of it is wanted; more would starve a child on a busy machine. */
const STANDING_BACK = 3

/** The same pipes, seen from inside the child. */
export interface ParentProcess {
  /** The first line the parent wrote; undefined when it left without one. */
  readonly firstLine: Promise<string | undefined>
  /** Resolves when the parent closed our input or died: nobody is left to work for. */
  readonly gone: Promise<void>
  /** Writes one line to the parent. */
  writeLine(text: string): void
  /** Writes one line of diagnostics. */
  complain(text: string): void
  /** Leaves the processor to others where they want it: this thread, and those it starts from here on. */
  standBack(): void
  /** Keeps what is in memory out of a core dump, where the system lets a process say so (Linux). */
  leaveNoMemoryBehind(): void
  /** Ends this process the normal way, native exit handlers included. */
  leave(code: number): never
  /** Ends this process at once (SIGKILL), for when native code may be busy and would hold up a normal exit. */
  perish(): void
}

export function parentProcess(): ParentProcess {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  return {
    firstLine: new Promise((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(undefined))
    }),
    gone: new Promise((resolve) => {
      lines.once('close', resolve)
    }),
    writeLine: (text) => process.stdout.write(`${text}\n`),
    complain: (text) => process.stderr.write(`${text}\n`),
    standBack: () => {
      try {
        setPriority(STANDING_BACK)
      } catch {
        // Where the system does not let us, we compete as before.
      }
    },
    leaveNoMemoryBehind: () => {
      try {
        // core(5): no kind of mapping is written.
        writeFileSync('/proc/self/coredump_filter', '0x0')
      } catch {
        // Another system, or one that does not tell processes of themselves: then its operator decides.
      }
    },
    leave: (code) => process.exit(code),
    perish: () => process.kill(process.pid, 'SIGKILL'),
  }
}
