import { mkdirSync, writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a test run with one plain line, `N passed, N failed, N skipped`, and keeps the same three numbers with the
 * name and reason of every skipped test in `.cache/test-count.json` for `.ci/run`.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    const skips: { test: string; why: string }[] = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') count.passed++
        else if (result.state === 'failed') count.failed++
        else {
          count.skipped++
          const why = result.state === 'skipped' ? (result.note ?? 'no reason given') : 'did not run'
          skips.push({ test: `${module.relativeModuleId}: ${test.fullName}`, why })
        }
      }
      // A file that does not load, or a hook that throws, fails the run without any test of it failing.
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    mkdirSync('.cache', { recursive: true })
    writeFileSync('.cache/test-count.json', `${JSON.stringify({ ...count, skips }, null, 2)}\n`)
    for (const { test, why } of skips) console.log(`skipped: ${test} (${why})`)
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
