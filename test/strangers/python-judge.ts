/** python/deponent_verify.py in a process of its own, asked one question after another. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const PYTHON = 'python3'
export const PYTHON_DIRECTORY = fileURLToPath(new URL('../../python/', import.meta.url))
const JUDGE = fileURLToPath(new URL('judge.py', import.meta.url))

/** What is missing here to run Python, undefined when nothing is. */
export function missingPython(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import sys; assert sys.version_info >= (3, 9)'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'Python 3.9 or newer is not installed'
  }
}

/** A report as either verifier writes it. */
export interface Judged {
  verdict: string
  findings: readonly { code: string; index?: number }[]
  checked: object
}

export class PythonJudge {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #said = ''

  constructor() {
    this.#child = spawn(PYTHON, [JUDGE])
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line))
    this.#child.on('close', () => {
      for (const { reject } of this.#waiting) reject(new Error(`the Python verifier ended: ${this.#said}`))
    })
  }

  async ask<T = Judged>(question: Record<string, unknown>): Promise<T> {
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    })
    return JSON.parse(line) as T
  }

  async stop(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('close', resolve))
  }
}

/** What two verifiers must agree on: the verdict, and which findings about which entries. */
export function essence({ verdict, findings }: Judged): { verdict: string; findings: string[] } {
  return { verdict, findings: findings.map(({ code, index }) => `${code} ${index ?? ''}`).sort() }
}
