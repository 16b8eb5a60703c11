/** Whether the disk under a path is seen to be encrypted, by what Linux tells of it. What it does not tell is not guessed. */
import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'

/** What is known of the disk under a path; `how` says by what it is known, or why nothing is. */
export interface DiskEncryption {
  readonly isEncrypted: boolean
  readonly how: string
}

/** Where Linux tells of mounts and block devices. */
export interface KernelFiles {
  readonly mounts: string
  readonly devices: string
}

const KERNEL: KernelFiles = { mounts: '/proc/self/mountinfo', devices: '/sys/class/block' }
/** Devices that lie on one another: a volume on an encrypted disk on a raid, and some to spare. */
const DEPTH_MAX = 8

/** Looks for dm-crypt (LUKS and plain) under the file system that holds `path`. */
export async function diskEncryption(path: string, kernel: KernelFiles = KERNEL): Promise<DiskEncryption> {
  try {
    const mounts = await readFile(kernel.mounts, 'utf8')
    const source = sourceOf(mounts, await realpath(path))
    if (source === undefined)
      return { isEncrypted: false, how: 'the file system under it is on no device of this machine' }
    const name = basename(await realpath(source).catch(() => source))
    const crypt = await cryptUnder(kernel.devices, name, 0)
    if (crypt === undefined)
      return { isEncrypted: false, how: `${name} and what it lies on are not dm-crypt` }
    return { isEncrypted: true, how: `${crypt} under it is dm-crypt: its dm/uuid begins with CRYPT-` }
  } catch {
    return { isEncrypted: false, how: 'this system does not tell what lies under it' }
  }
}

/** The device a path is on: that of the mount with the longest matching place, the last of those, as it lies over the others. */
function sourceOf(mounts: string, path: string): string | undefined {
  let best = ''
  let source: string | undefined
  for (const line of mounts.split('\n')) {
    const [before = '', after] = line.split(' - ')
    const place = unescaped(before.split(' ')[4] ?? '')
    const isAbove = place === '/' || path === place || path.startsWith(`${place}/`)
    if (after === undefined || !isAbove || place.length < best.length) continue
    best = place
    source = unescaped(after.split(' ')[1] ?? '')
  }
  return source?.startsWith('/dev/') ? source : undefined
}

/** Mount places escape blanks as octal digits. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** The first device that is dm-crypt, from this one downwards; every device below must lie on one. */
async function cryptUnder(devices: string, name: string, depth: number): Promise<string | undefined> {
  const uuid = await readFile(`${devices}/${name}/dm/uuid`, 'utf8').catch(() => '')
  if (uuid.startsWith('CRYPT-')) return name
  if (depth === DEPTH_MAX) return undefined
  const below = await readdir(`${devices}/${name}/slaves`).catch(() => [])
  const found = await Promise.all(below.map((each) => cryptUnder(devices, each, depth + 1)))
  return found.length > 0 && found.every((each) => each !== undefined) ? found[0] : undefined
}
