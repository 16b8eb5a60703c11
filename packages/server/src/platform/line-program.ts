/** Programs of others that read lines and write lines: started as they are named, by no shell. */
import { spawn } from 'node:child_process'

export interface LineProgram {
  readonly file: string
  readonly args: readonly string[]
  /** Variables of our environment whose names begin so are not handed on. */
  readonly hiddenPrefix: string
  /** A program that writes nothing for so long is ended. */
  readonly silenceMs: number
  /** One that writes a longer line is ended. */
  readonly lineBytesMax: number
}

/** How it ended: by itself, or why it was ended or never began. */
export type ProgramEnd =
  | { readonly code: number | null; readonly signal: string | null }
  | { readonly failure: 'not_started' | 'silent' | 'line_too_long' | 'stopped' }

/**
 * Starts the program, writes all lines to it and hands on each line of its answer. Resolves when it is gone, and whatever it started in its
 * own group with it. Its standard error is ours.
 */
export function converse(
  { file, args, hiddenPrefix, silenceMs, lineBytesMax }: LineProgram,
  lines: readonly string[],
  heard: (line: string) => void,
): Promise<ProgramEnd> {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: environmentWithout(hiddenPrefix),
    detached: true,
  })
  const { stdin, stdout } = child
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    let rest = Buffer.alloc(0)
    const stopped = (): void => end({ failure: 'stopped' })
    const end = (how: ProgramEnd): void => {
      clearTimeout(timer)
      process.off('SIGINT', stopped).off('SIGTERM', stopped)
      if (child.pid !== undefined) killGroup(child.pid)
      stdin.destroy()
      stdout.destroy()
      resolve(how)
    }
    const listen = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => end({ failure: 'silent' }), silenceMs)
    }
    const take = (bytes: Buffer): void => {
      listen()
      rest = Buffer.concat([rest, bytes])
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        heard(rest.subarray(0, at).toString('utf8'))
        rest = rest.subarray(at + 1)
      }
      if (rest.length > lineBytesMax) end({ failure: 'line_too_long' })
    }
    process.once('SIGINT', stopped).once('SIGTERM', stopped)
    child.once('error', () => end({ failure: 'not_started' }))
    child.once('close', (code, signal) => {
      if (rest.length > 0) heard(rest.toString('utf8'))
      end({ code, signal })
    })
    stdout.on('data', take)
    // A program that left takes no more; that it left is the news, not the broken pipe.
    stdin.on('error', () => {})
    listen()
    writeAll(stdin, lines)
  })
}

/** Writes as the program reads, so that what waits does not grow with the number of lines. */
function writeAll(stdin: NodeJS.WritableStream, lines: readonly string[]): void {
  let at = 0
  const more = (): void => {
    while (at < lines.length) if (!stdin.write(`${lines[at++]}\n`)) return void stdin.once('drain', more)
    stdin.end()
  }
  more()
}

function environmentWithout(prefix: string): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(prefix)))
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}
