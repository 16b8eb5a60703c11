import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    // Tests read the sources, so that a test run never meets a stale build.
    alias: {
      '@deponent/format': source('packages/format/src/index.ts'),
      '@deponent/sdk/ai': source('packages/sdk/src/ai.ts'),
      '@deponent/sdk/anthropic': source('packages/sdk/src/anthropic.ts'),
      '@deponent/sdk/langchain': source('packages/sdk/src/langchain.ts'),
      '@deponent/sdk/openai': source('packages/sdk/src/openai.ts'),
      '@deponent/sdk': source('packages/sdk/src/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: tests start servers, kill children and change signal handlers.
    pool: 'forks',
    // Every core, also where there are two: much of a test is waiting for a disk, a timer or a server it started.
    maxWorkers: '100%',
    globalSetup: './test/scratch/of-run.ts',
    setupFiles: './test/scratch/of-file.ts',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    reporters: ['default', './tools/count-reporter.ts'],
  },
})
