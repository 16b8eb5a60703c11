import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { VendorApi } from '../sdk/vendor-api.ts'
import { ROOT, textOf } from './tree.ts'

const execute = promisify(execFile)

/** What the SDK is built to, without which no page can be run. */
export const BUILT = join(ROOT, 'packages/sdk/dist/index.js')

/** How an application would compile them: strictly, with the types that are published. */
const COMPILER = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
  module: 'nodenext',
  strict: true,
  skipLibCheck: false,
  types: ['node'],
  outDir: 'out',
}

/** The blocks of a page, compiled and run as an application that has a server and a vendor on this machine. */
export class TypeScriptPage {
  readonly vendor: VendorApi
  readonly server: ServerProcess
  readonly home: string
  readonly #vendorUrl: string

  private constructor(vendor: VendorApi, vendorUrl: string, server: ServerProcess) {
    this.vendor = vendor
    this.server = server
    this.#vendorUrl = vendorUrl
    this.home = mkdtempSync(join(tmpdir(), 'typescript-'))
  }

  static async start(): Promise<TypeScriptPage> {
    const vendor = new VendorApi()
    const vendorUrl = await vendor.start()
    return new TypeScriptPage(vendor, vendorUrl, await ServerProcess.start(await newPlace()))
  }

  /** Compiles the blocks of a page and runs one after the other; what each printed. */
  async run(page: string, options: object = {}): Promise<string[]> {
    const blocks = [...textOf(page).matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '')
    symlinkSync(join(ROOT, 'node_modules'), join(this.home, 'node_modules'))
    writeFileSync(join(this.home, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(this.home, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...COMPILER, ...options } }),
    )
    for (const [i, block] of blocks.entries())
      writeFileSync(
        join(this.home, `block-${i}.ts`),
        block.replaceAll('http://127.0.0.1:4600', this.server.url),
      )
    await this.#execute(join(ROOT, 'node_modules/.bin/tsc'), ['-p', this.home])
    const said: string[] = []
    for (const i of blocks.keys())
      said.push(await this.#execute(process.execPath, [join('out', `block-${i}.js`)]))
    return said
  }

  /** What the server shows of all decisions. */
  async decisions(): Promise<Record<string, unknown>[]> {
    await this.server.indexed()
    const { items } = await this.server.get<{ items: Record<string, unknown>[] }>('/v1/decisions?limit=100')
    return items
  }

  async stop(): Promise<void> {
    await this.server.stop()
    await this.vendor.stop()
    rmSync(this.home, { recursive: true })
  }

  async #execute(program: string, args: string[]): Promise<string> {
    const env = {
      ...process.env,
      DEPONENT_KEY: this.server.key,
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: this.#vendorUrl,
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_BASE_URL: this.#vendorUrl,
    }
    const { stdout, stderr } = await execute(program, args, { cwd: this.home, env })
    expect(stderr).toBe('')
    return stdout
  }
}
