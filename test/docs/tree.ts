import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage', 'data', '__pycache__'])
const BINARY = /\.(?:png|jpe?g|ico|woff2?|wasm|gz|zst|db|tsbuildinfo)$/

/** Every text file a checkout holds below `folder`, from the root of the repository, sorted. */
export function filesOf(folder = '.'): string[] {
  const found: string[] = []
  const walk = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name)
      if (entry.isDirectory() && !NOT_OURS.has(entry.name)) walk(inside)
      else if (entry.isFile() && !BINARY.test(entry.name))
        found.push(relative(ROOT, inside).split(sep).join('/'))
    }
  }
  if (existsSync(join(ROOT, folder))) walk(join(ROOT, folder))
  return found.toSorted()
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The pages a reader is pointed at. */
export function pages(): string[] {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  return [...atRoot, ...filesOf('docs').filter((name) => name.endsWith('.md'))]
}

/** Every match of `pattern` in `text`, as `line: match`. */
export function findings(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(
    (match) => `${text.slice(0, match.index).split('\n').length}: ${match[0].trim()}`,
  )
}
