import { expect, test } from 'vitest'
import { valueText } from '../../packages/dashboard/src/evidence/words.ts'

test('a value that would turn or hide the text around it is shown as what it is', () => {
  expect(valueText('\u202edevorppa')).toBe(String.raw`\u{202e}devorppa`)
  expect(valueText('app\u200broved')).toBe(String.raw`app\u{200b}roved`)
  expect(valueText('two\nlines')).toBe('two\nlines')
  expect(valueText('größe 東京')).toBe('größe 東京')
})
