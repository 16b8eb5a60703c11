import { existsSync, globSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pages, ROOT, textOf } from './tree.ts'

const TOP_LEVEL = new Set(readdirSync(ROOT))
const SCRIPTS: Record<string, string> = JSON.parse(textOf('package.json')).scripts

interface Page {
  /** The prose, without fenced blocks. */
  readonly prose: string
  /** The text of every fenced block. */
  readonly fenced: string
  /** Everything in single backticks in the prose. */
  readonly inline: readonly string[]
}

function read(file: string): Page {
  const parts = textOf(file).split(/^```.*$/m)
  const prose = parts.filter((_, i) => i % 2 === 0).join('\n')
  const fenced = parts.filter((_, i) => i % 2 === 1).join('\n')
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
  return { prose, fenced, inline }
}

/** A path of this repository: it starts with a name at its top, or is a page. `DIR/…` and URLs are not. */
function pathsIn({ inline }: Page): string[] {
  return inline.filter((text) => {
    if (!/^[\w.@*/-]+$/.test(text)) return false
    const top = text.split('/')[0] ?? ''
    return (text.includes('/') && TOP_LEVEL.has(top)) || /^[\w-]+\.md$/.test(text)
  })
}

function exists(path: string, from: string): boolean {
  if (path.includes('*')) return globSync(path, { cwd: ROOT }).length > 0
  return existsSync(join(ROOT, path)) || existsSync(join(ROOT, dirname(from), path))
}

function scriptsIn({ fenced, inline }: Page): string[] {
  const text = [fenced, ...inline].join('\n')
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '')
  const short = [...text.matchAll(/\bnpm (test|start)\b/g)].map((match) => match[1] ?? '')
  return [...named, ...short]
}

/** The commands of `deponent` a page tells a reader to type; the titles of our files (`deponent … v0`) are none. */
function commandsIn({ fenced, inline }: Page): string[] {
  const typed = /(?:^|[\s;&|$]|npx )deponent ([a-z][a-z-]*)/gm
  return [fenced, ...inline.filter((text) => !/ v\d+$/.test(text))].flatMap((text) =>
    [...text.matchAll(typed)].map((match) => match[1] ?? ''),
  )
}

/** The anchor a heading gets: lower case, words joined by hyphens, punctuation dropped. */
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

function anchorsOf(file: string): Set<string> {
  const headings = [...read(file).prose.matchAll(/^#{1,6} (.+)$/gm)]
  return new Set(headings.map((match) => slug(match[1] ?? '')))
}

function brokenLinks(file: string): string[] {
  const targets = [...read(file).prose.matchAll(/(?<!`)\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src="([^"]+)"/g)]
  return targets
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((target) => !/^(?:https?|mailto):/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const aim = path === '' ? file : normalize(join(dirname(file), path))
      if (!existsSync(join(ROOT, aim))) return true
      return anchor !== undefined && aim.endsWith('.md') && !anchorsOf(aim).has(anchor)
    })
}

describe.each(pages())('%s', (file) => {
  const page = read(file)

  test('names only paths that exist', () => {
    expect(pathsIn(page).filter((path) => !exists(path, file))).toEqual([])
  })

  test('names only npm scripts that exist', () => {
    expect(scriptsIn(page).filter((script) => SCRIPTS[script] === undefined)).toEqual([])
  })

  test('names only commands that exist', () => {
    const missing = commandsIn(page).filter(
      (name) => !existsSync(join(ROOT, 'packages/server/src/cli', `${name}.ts`)),
    )
    expect(missing).toEqual([])
  })

  test('links only to pages and headings that exist', () => {
    expect(brokenLinks(file)).toEqual([])
  })
})

describe('the check itself', () => {
  const page = {
    prose: '',
    fenced: 'npm ci && npm run demo\n$ npx deponent verify ./data\n',
    inline: [
      'packages/format/src',
      'DIR/keyring/',
      'nowhere.md',
      'npm test',
      'deponent serve',
      '/v1/decisions',
      'test/**/*.ts',
    ],
  }

  test('finds paths, scripts and commands', () => {
    expect(pathsIn(page)).toEqual(['packages/format/src', 'nowhere.md', 'test/**/*.ts'])
    expect(scriptsIn(page)).toEqual(['demo', 'test'])
    expect(commandsIn(page)).toEqual(['verify', 'serve'])
    expect(exists('nowhere.md', 'docs/cli.md')).toBe(false)
  })
})
