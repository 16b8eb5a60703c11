// Completes package-lock.json after `npm install`.
//
// Native packages name one optional dependency per platform. Where the registry in use does not carry one of them, npm
// leaves it out of the lock, and `npm ci` then refuses that lock on every machine. What such an entry needs (version,
// operating system, processor, C library) follows from the package that names it, so it is written here. An entry for
// another platform is never downloaded; on its own platform npm fetches it by name and version.

import { readFileSync, writeFileSync } from 'node:fs'

interface LockEntry {
  version?: string
  cpu?: string[]
  dev?: boolean
  engines?: Record<string, string>
  libc?: string[]
  license?: string
  optional?: boolean
  os?: string[]
  optionalDependencies?: Record<string, string>
}

const LOCK = new URL('../package-lock.json', import.meta.url)
const PLATFORM =
  /[/-](android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(\w+))?$/

/** Where the package stands, as npm writes it: beside its parent or below it. */
function isLocked(packages: Record<string, LockEntry>, parent: string, name: string): boolean {
  return `node_modules/${name}` in packages || `${parent}/node_modules/${name}` in packages
}

/** The entry of a platform package, or undefined when its name does not tell its platform. */
function entryOf(name: string, version: string, parent: LockEntry): LockEntry | undefined {
  const [, os, cpu, abi] = PLATFORM.exec(name) ?? []
  if (os === undefined || cpu === undefined) return undefined
  const libc = abi?.startsWith('musl') ? 'musl' : 'glibc'
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true && { dev: true }),
    ...(os === 'linux' && abi !== undefined && { libc: [libc] }),
    ...(parent.license !== undefined && { license: parent.license }),
    optional: true,
    os: [os],
    ...(parent.engines !== undefined && { engines: parent.engines }),
  }
}

const lock: { packages: Record<string, LockEntry> } = JSON.parse(readFileSync(LOCK, 'utf8'))
let added = 0
for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const missing = isLocked(lock.packages, parent, name) ? undefined : entryOf(name, version, entry)
    if (missing === undefined) continue
    lock.packages[`node_modules/${name}`] = missing
    added++
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries(sorted)
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`package-lock.json: ${added} entries added`)
