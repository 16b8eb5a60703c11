import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix, relative, sep } from 'node:path'
import { cyclesOf } from './cycles.ts'
import {
  BY_NAME,
  FORBIDDEN_ARROWS,
  FORBIDDEN_NAMES,
  FORBIDDEN_WORDS,
  NO_CYCLES,
  SERVER_AREAS,
  UNKNOWN_AREA,
  UNREADABLE,
} from './rules.ts'
import { lineOf, scanSource } from './scan.ts'

export interface Violation {
  /** The file, from the root of the repository, with the line where there is one. */
  readonly file: string
  /** What was found, as `from → to` or as the thing used. */
  readonly arrow: string
  readonly why: string
}

interface SourceFile {
  readonly file: string
  readonly place: string
  readonly text: string
}

const NAMED_TREES = ['packages', 'test', 'tools', 'bench']
const SKIPPED = new Set(['node_modules', 'dist', 'vectors', 'results'])
const OURS: Readonly<Record<string, string>> = {
  '@deponent/format': 'format/index.ts',
  '@deponent/sdk': 'sdk/index.ts',
  '@deponent/dashboard': 'dashboard/index.ts',
  deponent: 'server/index.ts',
}
const BUILTIN = new Set(builtinModules)

/** Checks the tree below `root` against every rule; an empty answer means the house stands as drawn. */
export function checkArrows(root: string): Violation[] {
  const paths = NAMED_TREES.flatMap((tree) => filesBelow(root, tree))
  const sources = paths.flatMap((file) => sourceAt(root, file))
  const violations = [...nameViolations(paths), ...areaViolations(sources)]
  const edges: [string, string][] = []
  for (const source of sources) {
    const scan = scanSource(source.text)
    violations.push(...wordViolations(source, scan.code))
    for (const { specifier, line } of scan.imports) {
      const file = `${source.file}:${line}`
      if (specifier === undefined) {
        violations.push({ file, arrow: `${source.place} → a computed name`, why: UNREADABLE })
        continue
      }
      const target = targetOf(source.place, specifier)
      edges.push([source.place, target])
      violations.push(...arrowViolations(file, source.place, target, specifier))
    }
  }
  return [...violations, ...cycleViolations(edges)]
}

function filesBelow(root: string, tree: string): string[] {
  const found: string[] = []
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path)
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'))
    }
  }
  try {
    walk(join(root, tree))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return found
}

function sourceAt(root: string, file: string): SourceFile[] {
  const match = /^packages\/([^/]+)\/src\/(.+\.(?:[cm]?[jt]s|tsx|jsx))$/.exec(file)
  if (match === null) return []
  return [{ file, place: `${match[1]}/${match[2]}`, text: readFileSync(join(root, file), 'utf8') }]
}

function targetOf(place: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(place), specifier))
  const name = specifier.replace(/^node:/, '')
  if (specifier.startsWith('node:') || BUILTIN.has(name)) return `node:${name}`
  return OURS[specifier] ?? `npm:${specifier}`
}

/** Whether `place` is `pattern` or lies below it; `x/*` and `npm:*` mean anything that starts so. */
function isWithin(place: string, pattern: string): boolean {
  if (pattern.endsWith('*')) return place.startsWith(pattern.slice(0, -1))
  return place === pattern || place.startsWith(`${pattern}/`)
}

function isOneOf(place: string, patterns: readonly string[] = []): boolean {
  return patterns.some((pattern) => isWithin(place, pattern))
}

function arrowViolations(file: string, from: string, to: string, specifier: string): Violation[] {
  const arrow = `${from} → ${to}`
  const violations = FORBIDDEN_ARROWS.filter(
    (rule) =>
      isOneOf(from, rule.from) &&
      isOneOf(to, rule.to) &&
      !isOneOf(from, rule.unlessFrom) &&
      !isOneOf(to, rule.unlessTo),
  ).map(({ why }) => ({ file, arrow, why }))
  const leavesItsPackage = specifier.startsWith('.') && from.split('/')[0] !== to.split('/')[0]
  return leavesItsPackage ? [...violations, { file, arrow, why: BY_NAME }] : violations
}

function wordViolations({ file, place }: SourceFile, code: string): Violation[] {
  return FORBIDDEN_WORDS.filter((rule) => isOneOf(place, rule.from) && !isOneOf(place, rule.except)).flatMap(
    (rule) =>
      [...code.matchAll(rule.pattern)].map((match) => ({
        file: `${file}:${lineOf(code, match.index)}`,
        arrow: `${place} → ${rule.name} (${match[0].trim()})`,
        why: rule.why,
      })),
  )
}

function nameViolations(paths: readonly string[]): Violation[] {
  const banned = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/')
    parts.forEach((part, depth) => {
      const stem = part.split('.')[0] ?? part
      if (FORBIDDEN_NAMES.names.includes(stem)) banned.add(parts.slice(0, depth + 1).join('/'))
    })
  }
  return [...banned].map((file) => ({ file, arrow: 'a name without a meaning', why: FORBIDDEN_NAMES.why }))
}

function areaViolations(sources: readonly SourceFile[]): Violation[] {
  const areas = new Set(sources.map(({ place }) => /^server\/([^/]+)\//.exec(place)?.[1] ?? 'platform'))
  return [...areas]
    .filter((area) => !SERVER_AREAS.includes(area))
    .map((area) => ({ file: `packages/server/src/${area}`, arrow: `server/${area} → ?`, why: UNKNOWN_AREA }))
}

function cycleViolations(edges: readonly (readonly [string, string])[]): Violation[] {
  const inside = edges.filter(([, to]) => !/^(?:npm|node):/.test(to))
  return [...cyclesOf(inside), ...cyclesOf(inside.flatMap(folderEdge))].map((cycle) => ({
    file: cycle[0] ?? '',
    arrow: [...cycle, cycle[0]].join(' → '),
    why: NO_CYCLES,
  }))
}

/**
 * The arrow between the two folders in which a pair of files part ways. A folder and a folder inside it are one
 * topic, so a file directly in the folder where they part makes no arrow.
 */
function folderEdge([from, to]: readonly [string, string]): [string, string][] {
  const a = from.split('/')
  const b = to.split('/')
  let depth = 0
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++
  if (depth >= a.length - 1 || depth >= b.length - 1) return []
  return [[a.slice(0, depth + 1).join('/'), b.slice(0, depth + 1).join('/')]]
}
