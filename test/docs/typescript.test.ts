import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { VendorApi } from '../sdk/vendor-api.ts'
import { ROOT, textOf } from './tree.ts'

const execute = promisify(execFile)

const BUILT = join(ROOT, 'packages/sdk/dist/index.js')
const BLOCKS = [...textOf('docs/typescript.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  (match) => match[1] ?? '',
)
/** How an application would compile them: strictly, with the types that are published. */
const COMPILER = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: 'out',
  },
}

let server: ServerProcess
let home: string
let vendor: VendorApi
let vendorUrl: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'typescript-'))
  vendor = new VendorApi()
  vendorUrl = await vendor.start()
  vendor.reply = {
    json: {
      model: 'm',
      choices: [{ message: { content: 'It depends.' }, finish_reason: 'stop' }],
      content: [{ type: 'text', text: 'It depends.' }],
    },
  }
  if (existsSync(BUILT)) server = await ServerProcess.start(await newPlace())
})

afterAll(async () => {
  await server?.stop()
  await vendor.stop()
  rmSync(home, { recursive: true })
})

async function run(program: string, args: string[]): Promise<string> {
  const env = {
    ...process.env,
    DEPONENT_KEY: server.key,
    OPENAI_API_KEY: 'k',
    OPENAI_BASE_URL: vendorUrl,
    ANTHROPIC_API_KEY: 'k',
    ANTHROPIC_BASE_URL: vendorUrl,
  }
  const { stdout, stderr } = await execute(program, args, { cwd: home, env })
  expect(stderr).toBe('')
  return stdout
}

test('every block of docs/typescript.md compiles with the published types, runs, and is kept', async (context) => {
  if (!existsSync(BUILT)) return context.skip('not built; npm test builds first')
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  writeFileSync(join(home, 'package.json'), '{"type":"module"}')
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(COMPILER))
  for (const [i, block] of BLOCKS.entries())
    writeFileSync(join(home, `block-${i}.ts`), block.replaceAll('http://127.0.0.1:4600', server.url))
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', home])
  const said: string[] = []
  for (const i of BLOCKS.keys()) said.push(await run(process.execPath, [join('out', `block-${i}.js`)]))
  expect(said[0]).toContain('/promise')
  expect(said[1]).toBe('It depends.')
  expect(said[5]).toBe('declined: income 20000\n')
  expect(said[7]).toBe('true\n')

  await server.indexed()
  const { items } = await server.get<{ items: Record<string, unknown>[] }>('/v1/decisions?limit=100')
  const shown = items.map(({ modelId, prediction }) => `${String(modelId)} ${JSON.stringify(prediction)}`)
  expect(shown.toSorted()).toEqual(
    [
      'assistant "It depends."',
      'assistant "ON ITS WAY"',
      'claude-x "It depends."',
      'credit-risk "approved"',
      'credit-risk "approved"',
      'credit-risk "approved"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'gpt-x "It depends."',
      'loan-api {"approved":true}',
      'ranker ["a","b"]',
    ].toSorted(),
  )
  const written = readFileSync(join(home, 'decisions.jsonl'), 'utf8')
  expect(written).toContain('credit-risk')
  expect(written).not.toMatch(/person-17|901820/)
})
