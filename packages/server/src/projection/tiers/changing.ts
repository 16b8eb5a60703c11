/** Changes rows of one month, whether its files lie open or in archives. */
import type { IndexClient } from '../engine/client.ts'
import type { FieldSlot } from '../fields.ts'
import { type Archiver, sourcesOf } from './archiving.ts'
import { changeMonth } from './file-changes.ts'
import { manifestKey } from './keys.ts'
import { manifestOf } from './manifest.ts'
import type { Remains } from './remains.ts'
import type { RowChange } from './row-change.ts'
import type { TierMonth } from './tier-month.ts'
import { scratchFile, type TierStore } from './tier-store.ts'
import { writeFile, writeScratchFile } from './tier-writer.ts'

export interface Changing {
  readonly client: IndexClient
  readonly store: TierStore
  readonly archiver: Archiver
  readonly remains: Remains
  features(): readonly FieldSlot[]
  /** A number for the name of a file. */
  takeNumber(): number
  /** Remembers, durably, that a month is now so; one without rows is none any more. */
  remember(month: TierMonth): Promise<void>
  prefix(tier: 'warm' | 'cold'): string
}

/** The month after the changes, which is remembered with all of its new objects in the store; the same object when they do not touch it. */
export function changedMonth(
  at: Changing,
  month: TierMonth,
  changes: readonly RowChange[],
): Promise<TierMonth> {
  return month.state === 'archived' ? changedArchives(at, month, changes) : changedFiles(at, month, changes)
}

async function changedFiles(
  at: Changing,
  month: TierMonth,
  changes: readonly RowChange[],
): Promise<TierMonth> {
  const { client, store } = at
  const rewriting = {
    client,
    prefix: at.prefix('warm'),
    takeNumber: () => at.takeNumber(),
    write: writeFile.bind(undefined, client, store),
  }
  const changed = await changeMonth(rewriting, month, featuresOf(at, month), changes, ({ key }, structure) =>
    store.reading(key, structure),
  )
  if (changed === month) return month
  if (changed.files.length > 0) await tell(at, changed)
  await at.remember(changed)
  return changed
}

/**
 * Archives are unpacked, and packed again when something in them changed. What the index keeps of the month follows when that is
 * remembered: as long as it is older, or a part, the month is known by its archives alone.
 */
async function changedArchives(
  at: Changing,
  month: TierMonth,
  changes: readonly RowChange[],
): Promise<TierMonth> {
  const { archiver, client, remains, store } = at
  const isKnown = await remains.areWhole(month)
  const touching: RowChange[] = []
  for (const change of changes)
    if (!isKnown || (await remains.mayTouch(month.month, change))) touching.push(change)
  if (touching.length === 0) return month
  return archiver.unpacked(month, async (paths) => {
    const reading = ({ key }: { key: string }, structure: string) => scratchFile(paths.get(key)!, structure)
    const rewriting = {
      client,
      prefix: at.prefix('warm'),
      takeNumber: () => at.takeNumber(),
      write: (key: string, rows: Parameters<typeof writeScratchFile>[4]) => {
        const path = store.scratchPath('parquet')
        paths.set(key, path)
        return writeScratchFile(client, store, path, key, rows)
      },
    }
    const changed = await changeMonth(rewriting, month, featuresOf(at, month), touching, reading)
    if (changed === month && isKnown) return month
    const sources = sourcesOf(changed, reading)
    let packed = month
    if (changed !== month) {
      packed = await archiver.pack(changed, sources, ({ key }) => store.readScratch(paths.get(key)!))
      await at.remember(packed)
    }
    await remains.fill(month.month, sources, changed.features)
    return packed
  })
}

/** Has what tells of a month say what it is now. */
export async function tell(at: Changing, month: TierMonth): Promise<void> {
  if (month.state === 'archived') await at.archiver.tellAgain(month)
  else await at.store.replace(manifestKey(at.prefix('warm'), month.month), manifestOf(month))
}

/** What is changed may be in a column that no file had yet when the month was moved. */
function featuresOf(at: Changing, { features }: TierMonth): FieldSlot[] {
  const known = new Set(features.map(({ slot }) => slot))
  return [...features, ...at.features().filter(({ slot }) => !known.has(slot))]
}
