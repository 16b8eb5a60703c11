/** The whole ledger rebuilt around a lie and signed with the real keys, by somebody who holds them. */
import type { CanonicalRecord } from '@deponent/format'
import { entryIdOf } from '../../recording/entry-id.ts'
import { type Contents, copyContents, type Item } from '../contents.ts'
import { checkpointOf } from '../statements.ts'
import { renumber } from '../numbers.ts'
import { type Attack, putSignerState, rebuild, type Scene } from '../scene.ts'
import { NoPlaceForAttack, recordOf, reseal } from '../sealing.ts'

const DAY_MS = 86_400_000

/** A copy with a change made to it, and the numbers of its sources to match. */
function changed(scene: Scene, change: (items: Item[], victim: number) => void): Contents {
  const contents = copyContents(scene.truth.contents)
  change(contents.items, scene.truth.marks.victim)
  renumber(scene, contents.items)
  return contents
}

const tellOtherwise = (record: CanonicalRecord): CanonicalRecord => ({
  ...record,
  prediction: record.prediction === 'approved' ? 'declined' : 'approved',
})

/** A decision nobody sent, told like the attacked one, received at `at`. */
function invented(scene: Scene, at: number): Item {
  const item = { ...scene.truth.contents.items[scene.truth.marks.victim]! }
  delete item.mark
  delete item.link
  const record = { ...recordOf(scene, item), decisionId: 'invented' }
  reseal(scene, item, tellOtherwise(record), { id: entryIdOf(at, scene.random.bytes(10)), receivedAt: at })
  return item
}

const lastReceived = (items: readonly Item[]): number => items.at(-1)!.entry.receivedAt

export const rewriteDecision: Attack = {
  name: 'rewrite-decision',
  what: 'change what a decision says, seal it again, rebuild the ledger and sign it with the real keys',
  needs: 'keys',
  run: (scene) => rebuild(scene, rewritten(scene)),
}

export const rewriteDecisionWithState: Attack = {
  name: 'rewrite-decision-with-signer-state',
  what: "the same, and the signer's own state to match",
  needs: 'keys and signer state',
  async run(scene) {
    const contents = rewritten(scene)
    await rebuild(scene, contents)
    await putSignerState(scene, checkpointOf(scene.keys, scene.origin, contents))
  },
}

const rewritten = (scene: Scene): Contents =>
  changed(scene, (items, victim) =>
    reseal(scene, items[victim]!, tellOtherwise(recordOf(scene, items[victim]!))),
  )

export const deleteEntry: Attack = {
  name: 'delete-entry',
  what: 'leave an entry out, number what follows anew, and rebuild the ledger with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items, victim) => void items.splice(victim, 1)),
    ),
}

export const deleteEntryLeavingGap: Attack = {
  name: 'delete-entry-leaving-gap',
  what: 'the same, and leave the numbers of its source as they were',
  needs: 'keys',
  run: (scene) => {
    const contents = copyContents(scene.truth.contents)
    contents.items.splice(scene.truth.marks.victim, 1)
    return rebuild(scene, contents)
  },
}

export const insertEntry: Attack = {
  name: 'insert-entry',
  what: 'put an invented decision between two others and rebuild the ledger with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items, victim) => {
        items.splice(victim, 0, invented(scene, items[victim]!.entry.receivedAt))
      }),
    ),
}

export const reorderEntries: Attack = {
  name: 'reorder-entries',
  what: 'exchange two entries and rebuild the ledger with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items, victim) => {
        const [one, other] = [items[victim]!, items[victim + 1]!]
        items[victim] = { ...other, entry: { ...other.entry, receivedAt: one.entry.receivedAt } }
        items[victim + 1] = { ...one, entry: { ...one.entry, receivedAt: other.entry.receivedAt } }
      }),
    ),
}

export const repeatEntry: Attack = {
  name: 'repeat-entry',
  what: 'append an entry a second time, under the id it has, and sign it with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items, victim) => {
        const { mark: _mark, link: _link, ...item } = items[victim]!
        items.push({ ...item, entry: { ...item.entry, receivedAt: lastReceived(items) } })
      }),
    ),
}

export const inventRecord: Attack = {
  name: 'invent-record',
  what: 'append a decision that nobody sent, and sign it with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items) => void items.push(invented(scene, scene.now))),
    ),
}

export const backdateRecord: Attack = {
  name: 'backdate-record',
  what: 'append a decision and say that it was received when the one before it was',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items) => void items.push(invented(scene, lastReceived(items)))),
    ),
}

export const shiftTimes: Attack = {
  name: 'shift-times',
  what: 'say of every entry that it was received a day earlier, and rebuild the ledger with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items) => {
        for (const item of items) item.entry = { ...item.entry, receivedAt: item.entry.receivedAt - DAY_MS }
      }),
    ),
}

export const renameSystem: Attack = {
  name: 'rename-system',
  what: 'change the name of an AI system in the sealed record that declares it, and rebuild with the real keys',
  needs: 'keys',
  run: (scene) =>
    rebuild(
      scene,
      changed(scene, (items) => {
        const declared = items.find(({ entry }) => entry.kind === 'system.declared')
        if (!declared) throw new NoPlaceForAttack('no system is declared')
        reseal(scene, declared, { ...recordOf(scene, declared), name: 'another-system' })
      }),
    ),
}

export const rebuildEverything: Attack = {
  name: 'rebuild-everything',
  what: 'write the whole ledger anew, with new ids, salts and times, and sign it with the real keys',
  needs: 'keys',
  async run(scene) {
    const contents = changed(scene, (items) =>
      items.forEach((item, i) => {
        const at = scene.now - (items.length - i) * 1_000
        const id = entryIdOf(at, scene.random.bytes(10))
        reseal(scene, item, recordOf(scene, item), { id, receivedAt: at })
      }),
    )
    await rebuild(scene, contents)
  },
}
