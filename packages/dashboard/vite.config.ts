import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const served = ['/v1', '/ledgers', '/readyz', '/healthz', '/openapi.json']
const server = 'http://127.0.0.1:4600'

/** `vite build` → packages/server/dist/dashboard: hashed files only, nothing inline and nothing from elsewhere, so that a strict CSP holds. */
export default defineConfig({
  plugins: [react()],
  resolve: {
    // The verifier is built from its sources, so that no build order matters.
    alias: { '@deponent/format': new URL('../format/src/index.ts', import.meta.url).pathname },
  },
  build: {
    outDir: '../server/dist/dashboard',
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // A data: URL would need img-src and font-src to allow more than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: Object.fromEntries(served.map((path) => [path, server])) },
})
