import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decisions, envelopeOf } from '../e2e/answers.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import {
  flip,
  keysOf,
  type LedgerKeys,
  ManInTheMiddle,
  newDirectory,
  run,
  strangerSuite,
} from './stranger.ts'

const GOPATH = '/usr/share/gocode'
const STRANGER = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
const SOURCE = fileURLToPath(new URL('xmod/main.go', import.meta.url))

function missing(): string | undefined {
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog')))
    return "Debian's golang-golang-x-mod-dev is not installed"
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'Go is not installed (Debian: golang-go)'
  }
}

strangerSuite('the client of the Go checksum database', missing(), () => {
  const directory = newDirectory()
  const programme = join(directory, 'xmod')
  const promiseFile = join(directory, 'promise')
  let server: ServerProcess
  let keys: LedgerKeys

  const check = (url: string, more: string[] = []) =>
    run(programme, ['-ledger', `${url}/ledgers/default`, '-vkey', keys.checkpoint, ...more], {
      LEDGER_KEY: server.key,
    })

  beforeAll(async () => {
    const built = await run('go', ['build', '-o', programme, SOURCE], {
      GO111MODULE: 'off',
      GOPATH,
      GOFLAGS: '',
    })
    expect(built).toMatchObject({ code: 0 })
    server = await ServerProcess.start(await newPlace())
    const { promise } = await envelopeOf(
      server.post('/v1/decisions?wait=checkpoint', decisions('loan', 700)),
      201,
    )
    writeFileSync(promiseFile, promise!)
    keys = await keysOf(server)
  })
  afterAll(() => server?.stop())

  test('finds every entry included and every earlier size extended, on a running ledger', async () => {
    const more = ['-promise', promiseFile, '-promise-vkey', keys.promise]
    const { code, stdout, stderr } = await check(server.url, more)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { size, inclusion, consistency } = JSON.parse(stdout) as Record<string, number>
    expect(size).toBeGreaterThan(700)
    expect({ inclusion, consistency }).toEqual({ inclusion: size, consistency: size! - 1 })
  })

  test('refuses the key of another ledger', async () => {
    const { code, stderr } = await check(server.url, ['-vkey', STRANGER])
    expect(code).toBe(1)
    expect(stderr).toContain('checkpoint')
  })

  test.each([
    ['checkpoint', 45],
    ['tile/0/000', 8_000],
    ['tile/0/001', 5],
    ['tile/1/000.p/2', 33],
    ['tile/entries/001', 2_000],
  ])('refuses a ledger with one bit changed in %s', async (path, at) => {
    const middle = await ManInTheMiddle.start(server, flip(`/ledgers/default/${path}`, at))
    try {
      const { code, stderr } = await check(middle.url)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^xmod: /)
    } finally {
      await middle.stop()
    }
  })
})
