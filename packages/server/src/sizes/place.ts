/** Which layer a file of the data directory belongs to. Every file belongs to one, so the layers add up to the directory. */

export const DIRECTORY_LAYERS = [
  'entryTiles',
  'hashTiles',
  'checkpoints',
  'log',
  'vault',
  'keys',
  'state',
  'index',
  'directory',
] as const

export type DirectoryLayer = (typeof DIRECTORY_LAYERS)[number]

export interface Place {
  readonly layer: DirectoryLayer
  /** Whose it is; absent where ledgers share it. */
  readonly ledger?: string
}

/** Files of the keyring that are no ledger's, although a ledger may be called so. */
const ROOTS = new Set(['master.key', 'master.key.next', 'root.key', 'root.key.next'])

/** `path` is below the data directory; `ledgers` are the names of those in it. */
export function placeOf(path: string, ledgers: ReadonlySet<string>): Place {
  const [top, second = '', ...rest] = path.split('/')
  if (top === 'state' || top === 'index') return { layer: top }
  if (top === 'keyring') return keyringPlace(second, rest, ledgers)
  if (!ledgers.has(second)) return { layer: 'directory' }
  if (top === 'vault') return { layer: 'vault', ledger: second }
  if (top === 'ledgers') return { layer: ledgerLayer(rest), ledger: second }
  return { layer: 'directory' }
}

function ledgerLayer([part, level]: readonly string[]): DirectoryLayer {
  if (part === 'tile') return level === 'entries' ? 'entryTiles' : 'hashTiles'
  return part === 'wal' ? 'log' : 'checkpoints'
}

/** `NAME.keys`, `NAME.pages` and the like; settings lie in folders of their own. */
function keyringPlace(file: string, below: readonly string[], ledgers: ReadonlySet<string>): Place {
  const owners = [...ledgers].filter((name) => file.startsWith(`${name}.`))
  const ledger = owners.toSorted((a, b) => b.length - a.length)[0]
  if (below.length > 0 || ROOTS.has(file) || ledger === undefined) return { layer: 'directory' }
  return { layer: 'keys', ledger }
}
