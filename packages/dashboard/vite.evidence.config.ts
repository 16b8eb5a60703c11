import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'
import { defineConfig } from 'vite'

const source = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** What would end a script before its end, or open a place where its end is not seen. */
const UNSAFE = /<\/script|<script|<!--/i

/** Puts script and style into one page whose policy allows exactly these two, and nothing else at all. */
function selfContained(): Plugin {
  return {
    name: 'self-contained-page',
    generateBundle(_, bundle) {
      const [chunk, ...others] = Object.values(bundle)
      if (chunk?.type !== 'chunk' || others.length > 0) throw new Error('the verifier is not one script')
      if (UNSAFE.test(chunk.code)) throw new Error('the verifier holds a text that would end its script')
      delete bundle[chunk.fileName]
      const script = `\n${chunk.code.trim()}\n`
      const style = `\n${source('./src/style/tokens.css')}${source('./src/evidence/page.css')}`
      const policy = [
        "default-src 'none'",
        `script-src ${digest(script)} 'wasm-unsafe-eval'`,
        `style-src ${digest(style)}`,
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; ')
      const page = source('./src/evidence/page.html')
        .replace('%POLICY%', () => policy)
        .replace(/(?<=<style>)\s*%STYLE%\s*(?=<\/style>)/, () => style)
        .replace(/(?<=<script id="verifier">)\s*%VERIFIER%\s*(?=<\/script>)/, () => script)
      this.emitFile({ type: 'asset', fileName: 'index.html', source: page })
    },
  }
}

/**
 * → packages/server/dist/evidence-page/index.html. Not minified: whoever doubts the verifier can read it in the
 * file it came in.
 */
export default defineConfig({
  plugins: [selfContained()],
  resolve: { alias: { '@deponent/format': new URL('../format/src/index.ts', import.meta.url).pathname } },
  publicDir: false,
  build: {
    outDir: '../server/dist/evidence-page',
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    minify: false,
    modulePreload: false,
    lib: {
      entry: new URL('./src/evidence/main.ts', import.meta.url).pathname,
      formats: ['iife'],
      name: 'deponent',
      fileName: () => 'verifier.js',
    },
  },
})
