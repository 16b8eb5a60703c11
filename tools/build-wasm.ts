/** Compiles the AssemblyScript of the packages and writes it down as TypeScript: `node tools/build-wasm.ts`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

/** A source, where its module is kept, and what that exports. Paths are from the root of the repository. */
export interface WasmModule {
  readonly source: string
  readonly generated: string
  readonly name: string
  /** Pages of 64 KiB that the regions of the source need. */
  readonly pages: number
}

export const SHA256_MODULE: WasmModule = {
  source: 'packages/format/assembly/sha256.ts',
  generated: 'packages/format/src/hash/sha256.wasm.ts',
  name: 'SHA256_WASM',
  pages: 18,
}
export const MIXING_MODULE: WasmModule = {
  source: 'packages/server/assembly/mixing.ts',
  generated: 'packages/server/src/vault/mixing.wasm.ts',
  name: 'MIXING_WASM',
  pages: 70,
}

const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd']

/** Where a path from the root of the repository is. */
export function placeOf(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}

/** The bytes a source compiles to; the same bytes for the same source and compiler version. */
export async function compile({ source, pages }: WasmModule): Promise<Uint8Array> {
  const faults: string[] = []
  let binary: Uint8Array | undefined
  const memory = ['--initialMemory', String(pages), '--maximumMemory', String(pages)]
  await asc.main(['source.ts', ...OPTIONS, ...memory, '--outFile', 'source.wasm'], {
    readFile: (name) => (name === 'source.ts' ? readFileSync(placeOf(source), 'utf8') : null),
    writeFile: (name, contents) => {
      if (name === 'source.wasm') binary = Uint8Array.from(Buffer.from(contents))
    },
    listFiles: () => [],
    reportDiagnostic: ({ message, range }) => faults.push(`${message} at ${range?.start}`),
  })
  if (binary === undefined || faults.length > 0) throw new Error(`${source}: ${faults.join('; ')}`)
  return binary
}

/** The module that carries those bytes to where no file can be read. */
export function wasmModuleSource({ source, name }: WasmModule, binary: Uint8Array): string {
  return `// Generated from ${source} by \`node tools/build-wasm.ts\`; a test compiles it again and compares.

/** The WebAssembly module, ${binary.length} bytes, in base64. */
export const ${name} =
  '${Buffer.from(binary).toString('base64')}'
`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const module of [SHA256_MODULE, MIXING_MODULE])
    writeFileSync(placeOf(module.generated), wasmModuleSource(module, await compile(module)))
}
