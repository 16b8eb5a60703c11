/** Real programs. */
import { writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { converse } from '../../packages/server/src/platform/line-program.ts'

/** Runs a script of Node on lines; what it wrote, and how it ended. */
async function run(
  script: string,
  lines: readonly string[],
  more: { silenceMs?: number; lineBytesMax?: number } = {},
) {
  const file = join(mkdtempSync(join(tmpdir(), 'program-')), 'program.mjs')
  writeFileSync(file, script)
  const heard: string[] = []
  const program = {
    file: process.execPath,
    args: [file],
    hiddenPrefix: 'DEPONENT_',
    silenceMs: 30_000,
    lineBytesMax: 1_000_000,
  }
  const end = await converse({ ...program, ...more }, lines, (line) => void heard.push(line))
  return { end, heard }
}

const ECHO = 'process.stdin.pipe(process.stdout)'

describe('a program that is spoken to in lines', () => {
  test('is given every line and heard line by line, however many there are', async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${'é'.repeat(200)}`)
    const { end, heard } = await run(ECHO, lines)
    expect(end).toEqual({ code: 0, signal: null })
    expect(heard).toEqual(lines)
  })

  test('gets its words as they are, since no shell reads them, and nothing of ours that begins as secrets do', async () => {
    process.env['DEPONENT_KEY'] = 'secret'
    try {
      const file = join(mkdtempSync(join(tmpdir(), 'program-')), 'program.mjs')
      writeFileSync(file, 'console.log(JSON.stringify([process.argv[2], process.env.DEPONENT_KEY ?? null]))')
      const heard: string[] = []
      const program = { file: process.execPath, args: [file, '$(id) ; `id`'], hiddenPrefix: 'DEPONENT_' }
      await converse(
        { ...program, silenceMs: 30_000, lineBytesMax: 1_000 },
        [],
        (line) => void heard.push(line),
      )
      expect(heard).toEqual(['["$(id) ; `id`",null]'])
    } finally {
      delete process.env['DEPONENT_KEY']
    }
  })

  test('that does not exist is said not to have started', async () => {
    const program = {
      file: './no-such-program',
      args: [],
      hiddenPrefix: 'DEPONENT_',
      silenceMs: 30_000,
      lineBytesMax: 10,
    }
    expect(await converse(program, ['a'], () => {})).toEqual({ failure: 'not_started' })
  })

  test('that reads nothing, leaves early or is killed tells how it ended, with what it said before', async () => {
    const lines = Array.from({ length: 5_000 }, () => 'x'.repeat(200))
    expect(await run('console.log("done"); process.exit(3)', lines)).toEqual({
      end: { code: 3, signal: null },
      heard: ['done'],
    })
    expect((await run('process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 1e6)', [])).end).toEqual({
      code: null,
      signal: 'SIGTERM',
    })
    expect((await run('process.stdout.write("no end of line")', [])).heard).toEqual(['no end of line'])
  })

  test('that falls silent is ended, and what it started with it', async () => {
    const { end, heard } = await run(
      `import { spawn } from 'node:child_process'
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
       console.log(child.pid)
       setInterval(() => {}, 1000)`,
      ['a'],
      { silenceMs: 2_000 },
    )
    expect(end).toEqual({ failure: 'silent' })
    await expect.poll(() => isThere(Number(heard[0])), { timeout: 30_000 }).toBe(false)
  })

  test('that writes a line without end is ended', async () => {
    const script =
      'const more = () => { while (process.stdout.write("x".repeat(65536))); process.stdout.once("drain", more) }; more()'
    expect((await run(script, [], { lineBytesMax: 200_000 })).end).toEqual({ failure: 'line_too_long' })
  })
})

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
