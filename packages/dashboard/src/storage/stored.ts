/** What a ledger takes, as the server measured it, and the parts a reader is shown it in. */

/** `GET /v1/storage`. */
export interface Stored {
  readonly measuredAt: string
  readonly entries: number
  /** Null while the index does not say. */
  readonly decisions: number | null
  readonly layers: readonly StoredLayer[]
  /** One a day, the earliest first. */
  readonly history: readonly StoredDay[]
  /** What whoever made backups and drills has noted. */
  readonly recovery: { readonly backup: NotedBackup | null; readonly drill: NotedDrill | null }
}

export interface NotedBackup {
  readonly at: string
  readonly seconds: number
  /** How many entries of this ledger are in it. */
  readonly entries: number
  /** Bytes of what it holds, and of those what was put that time; null where other ledgers are in it. */
  readonly bytes: number | null
  readonly newBytes: number | null
}

export interface NotedDrill {
  readonly at: string
  readonly verdict: string
  readonly hasPassed: boolean
  readonly entriesBefore: number
  readonly entriesBack: number
  readonly steps: readonly { readonly step: string; readonly seconds: number }[]
}

export interface StoredLayer {
  readonly name: string
  readonly tier: StorageTier
  readonly bytes: number
  /** Whether all ledgers share it, and this is the part of one, by the number of its entries. */
  readonly isShared?: boolean
}

export type StorageTier = 'hot' | 'warm' | 'cold'

export interface StoredDay {
  readonly day: string
  readonly entries: number
  /** Bytes by name of the layer. */
  readonly layers: Readonly<Record<string, number>>
}

/** The parts of a drawing, in its order; `holds` names layers. */
export const PARTS = [
  {
    id: 'ledger',
    name: 'Ledger',
    note: 'entries, hashes, checkpoints; kept for ever',
    holds: ['entryTiles', 'hashTiles', 'checkpoints'],
  },
  { id: 'vault', name: 'Vault', note: 'sealed content', holds: ['vault'] },
  { id: 'keys', name: 'Keys', note: 'the keyring', holds: ['keys'] },
  { id: 'index', name: 'Index', note: 'what is searched; can be made again', holds: ['index'] },
  { id: 'warm', name: 'Warm', note: 'months in Parquet files', holds: ['warm'] },
  { id: 'cold', name: 'Cold', note: 'months in archives', holds: ['cold'] },
  {
    id: 'rest',
    name: 'Log and state',
    note: 'set aside for what comes next; grows little',
    holds: ['log', 'state', 'directory'],
  },
] as const

/** What grows with records. */
export const GROWING = PARTS.filter(({ id }) => id !== 'rest')

export type PartId = (typeof PARTS)[number]['id']

export interface Part {
  readonly id: PartId
  readonly name: string
  readonly note: string
  readonly bytes: number
}

/** The parts that take anything. */
export function partsOf(layers: readonly StoredLayer[]): readonly Part[] {
  return PARTS.map(({ id, name, note }) => ({
    id,
    name,
    note,
    bytes: sumOf(layers.filter((layer) => partOf(layer.name, layer.tier) === id).map(({ bytes }) => bytes)),
  })).filter(({ bytes }) => bytes > 0)
}

/** entryTiles → entry tiles. */
export function layerText(layer: string): string {
  return layer.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** Which part a layer belongs to; one of a newer server belongs to the rest. */
export function partOf(layer: string, tier: StorageTier = 'hot'): PartId {
  if (tier === 'warm' || tier === 'cold') return tier
  return PARTS.find(({ holds }) => (holds as readonly string[]).includes(layer))?.id ?? 'rest'
}

export interface DaySizes {
  readonly day: string
  readonly total: number
  readonly parts: readonly { readonly id: PartId; readonly bytes: number }[]
}

/** What records took each day, or on the last of each few days when there are more than `limit`; log and state are left out. */
export function sizesByDay(history: readonly StoredDay[], limit: number): readonly DaySizes[] {
  const every = Math.max(1, Math.ceil(history.length / limit))
  return history
    .filter((_, n) => (history.length - 1 - n) % every === 0)
    .map(({ day, layers }) => {
      const here = Object.entries(layers)
      const parts = GROWING.map(({ id }) => ({
        id,
        bytes: sumOf(here.filter(([name]) => partOf(name) === id).map(([, bytes]) => bytes)),
      }))
      return { day, parts, total: sumOf(parts.map(({ bytes }) => bytes)) }
    })
}

const DAY_MS = 86_400_000
const PACE_DAYS = 30

/** Decisions a day over the last days that were measured, at most thirty; undefined while one day says nothing. */
export function paceOf({ history, entries, decisions }: Stored): number | undefined {
  const last = history.at(-1)
  if (last === undefined || decisions === null || decisions === 0 || entries === 0) return undefined
  const until = Date.parse(last.day)
  const first = history.find(({ day }) => Date.parse(day) >= until - PACE_DAYS * DAY_MS)!
  const days = (until - Date.parse(first.day)) / DAY_MS
  if (days < 1 || last.entries <= first.entries) return undefined
  return Math.max(1, Math.round(((last.entries - first.entries) / days) * (decisions / entries)))
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
