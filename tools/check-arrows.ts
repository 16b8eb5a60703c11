import { fileURLToPath } from 'node:url'
import { checkArrows } from './arrows/check.ts'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))
const violations = checkArrows(root)

for (const { file, arrow, why } of violations) console.log(`${file}\n  ${arrow}\n  forbidden: ${why}\n`)
console.log(
  violations.length === 0
    ? 'arrows: every import points where it may'
    : `arrows: ${violations.length} forbidden`,
)
process.exitCode = violations.length === 0 ? 0 : 1
