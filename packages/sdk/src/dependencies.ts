/** What an application is built of: the lock file that fixes it, and what is installed. */
import { fileDigest, textOf } from './host-files.ts'

const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  'deno.lock',
]
/** One record holds 4,096 values. */
const LISTED_MAX = 1_500
const LEVELS_MAX = 32

interface Package {
  name: string
  version: string
}

export interface Dependencies {
  /** Absent where none was found. */
  lockFile?: { name: string; digest: string }
  /** Sorted by name; the direct ones where the installed set is not known; not all of them where `count` is more. */
  installed: Package[]
  count: number
}

/** Those of the application in `directory`, or of the nearest one above it. */
export async function dependenciesOf(directory: string): Promise<Dependencies> {
  const lockFile = await lockFileAt(directory)
  const installed = (await installedAt(directory)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    ...(lockFile && { lockFile }),
    installed: installed.slice(0, LISTED_MAX),
    count: installed.length,
  }
}

async function lockFileAt(directory: string): Promise<{ name: string; digest: string } | undefined> {
  for (const place of upFrom(directory)) {
    for (const name of LOCK_FILES) {
      try {
        return { name, digest: await fileDigest(`${place}/${name}`) }
      } catch {
        // Not there: the next name, the next directory.
      }
    }
  }
  return undefined
}

async function installedAt(directory: string): Promise<Package[]> {
  for (const place of upFrom(directory)) {
    const written = jsonOf(await textOf(`${place}/node_modules/.package-lock.json`))
    if (written) return packagesIn(written)
  }
  for (const place of upFrom(directory)) {
    const manifest = jsonOf(await textOf(`${place}/package.json`))
    if (manifest) return directOnes(place, manifest)
  }
  return []
}

/** What npm says it installed. */
function packagesIn({ packages }: Json): Package[] {
  const found = new Map<string, Package>()
  for (const [path, about] of Object.entries(objectOf(packages))) {
    const { version } = objectOf(about)
    const at = path.lastIndexOf('node_modules/')
    const name = path.slice(at + 'node_modules/'.length)
    if (at >= 0 && typeof version === 'string') found.set(`${name} ${version}`, { name, version })
  }
  return [...found.values()]
}

async function directOnes(place: string, { dependencies }: Json): Promise<Package[]> {
  const found: Package[] = []
  for (const name of Object.keys(objectOf(dependencies))) {
    const { version } = jsonOf(await textOf(`${place}/node_modules/${name}/package.json`)) ?? {}
    if (typeof version === 'string') found.push({ name, version })
  }
  return found
}

type Json = Record<string, unknown>

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function jsonOf(text: string | undefined): Json | undefined {
  try {
    return text === undefined ? undefined : objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A directory and those above it. */
function* upFrom(directory: string): Generator<string> {
  let place = directory.replace(/[/\\]+$/, '')
  for (let level = 0; level < LEVELS_MAX; level += 1) {
    yield place
    const above = place.slice(0, Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\'), 0))
    if (above === place || above === '') return
    place = above
  }
}
