/** Compiles the AssemblyScript of `packages/format` and writes it down as TypeScript: `node tools/build-wasm.ts`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const SOURCE = new URL('../packages/format/assembly/sha256.ts', import.meta.url)
const GENERATED = new URL('../packages/format/src/hash/sha256.wasm.ts', import.meta.url)

/** Pages of 64 KiB; the regions of the source need 18. */
const MEMORY_PAGES = '18'

const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd']
const MEMORY = ['--initialMemory', MEMORY_PAGES, '--maximumMemory', MEMORY_PAGES]

/** The bytes the source compiles to; the same bytes for the same source and compiler version. */
export async function compileSha256(): Promise<Uint8Array> {
  const faults: string[] = []
  let binary: Uint8Array | undefined
  await asc.main(['sha256.ts', ...OPTIONS, ...MEMORY, '--outFile', 'sha256.wasm'], {
    readFile: (name) => (name === 'sha256.ts' ? readFileSync(SOURCE, 'utf8') : null),
    writeFile: (name, contents) => {
      if (name === 'sha256.wasm') binary = Uint8Array.from(Buffer.from(contents))
    },
    listFiles: () => [],
    reportDiagnostic: ({ message }) => faults.push(message),
  })
  if (binary === undefined || faults.length > 0) throw new Error(`sha256.ts: ${faults.join('; ')}`)
  return binary
}

/** The module that carries those bytes to where no file can be read. */
export function wasmModuleSource(binary: Uint8Array): string {
  return `// Generated from packages/format/assembly/sha256.ts by \`node tools/build-wasm.ts\`; a test compiles it again and compares.

/** The WebAssembly module, ${binary.length} bytes, in base64. */
export const SHA256_WASM =
  '${Buffer.from(binary).toString('base64')}'
`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(GENERATED, wasmModuleSource(await compileSha256()))
}
