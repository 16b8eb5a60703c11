/** The newest part of the ledger taken away, or another put in its place. */
import { formatNote, parseNote, tilePath } from '@deponent/format'
import { readKeyFrames } from '../../vault/key-frames.ts'
import { frameHead } from '../../vault/seal.ts'
import { type Contents, copyContents } from '../contents.ts'
import { removeAnchors, rewrite } from '../rewrite.ts'
import { recordOf, reseal } from '../sealing.ts'
import { checkpointOf } from '../statements.ts'
import {
  type Attack,
  bytesOf,
  ledgerFile,
  putCheckpoint,
  putSignerState,
  rebuild,
  type Scene,
} from '../scene.ts'

function shortened(scene: Scene, size: number): Contents {
  const contents = copyContents(scene.truth.contents)
  contents.items = contents.items.slice(0, size)
  return contents
}

export const removeCheckpoint: Attack = {
  name: 'remove-checkpoint',
  what: 'delete the checkpoint',
  needs: 'files',
  run: (scene) => scene.disk.remove(ledgerFile(scene, 'checkpoint')),
}

export const stripCosignatures: Attack = {
  name: 'strip-cosignatures',
  what: 'take the cosignatures of witnesses off the checkpoint',
  needs: 'files',
  async run(scene) {
    const { text, signatures } = parseNote(await bytesOf(scene, ledgerFile(scene, 'checkpoint')))
    const own = signatures.filter(({ name }) => name === scene.origin)
    await putCheckpoint(scene, formatNote(text, own))
  },
}

export const removeAllAnchors: Attack = {
  name: 'remove-anchors',
  what: 'delete the anchors, so that the directory no longer shows when others saw it',
  needs: 'files',
  run: removeAnchors,
}

export const plantTile: Attack = {
  name: 'plant-tile',
  what: 'put a tile where the ledger has not come to yet',
  needs: 'files',
  async run(scene) {
    const bytes = await bytesOf(scene, ledgerFile(scene, tilePath(0, 0)))
    await scene.disk.write(ledgerFile(scene, tilePath(0, 900)), bytes)
  },
}

export const truncateFiles: Attack = {
  name: 'truncate-files',
  what: 'cut the newest entries off, in every file, and leave the checkpoint',
  needs: 'files',
  concerns: 'newest',
  run: (scene) => rewrite(scene, shortened(scene, scene.truth.marks.backup)),
}

export const truncateToOldCheckpoint: Attack = {
  name: 'truncate-to-old-checkpoint',
  what: 'cut the newest entries off and put back the checkpoint that was signed before them',
  needs: 'files',
  concerns: 'newest',
  async run(scene) {
    await rewrite(scene, shortened(scene, scene.truth.marks.backup))
    await putCheckpoint(scene, scene.truth.backupCheckpoint)
  },
}

export const cutBehindOldCheckpoint: Attack = {
  name: 'cut-behind-old-checkpoint',
  what: 'put back an older checkpoint and cut entries off behind it, where it covers nothing',
  needs: 'files',
  concerns: 'newest',
  async run(scene) {
    await rewrite(scene, shortened(scene, scene.truth.marks.newest))
    await putCheckpoint(scene, scene.truth.backupCheckpoint)
  },
}

export const truncateAndSign: Attack = {
  name: 'truncate-and-sign',
  what: 'cut the newest entries off and sign what is left with the real key',
  needs: 'keys',
  concerns: 'newest',
  run: (scene) => rebuild(scene, shortened(scene, scene.truth.marks.backup)),
}

export const withholdTail: Attack = {
  name: 'withhold-tail',
  what: 'show somebody the ledger without what came after the checkpoint they know, signed with the real key',
  needs: 'keys',
  concerns: 'newest',
  run: (scene) => rebuild(scene, shortened(scene, scene.truth.marks.kept)),
}

export const showTwoLedgers: Attack = {
  name: 'show-two-ledgers',
  what: 'show one reader other newest entries than another, both signed with the real key',
  needs: 'keys',
  concerns: 'newest',
  async run(scene) {
    const contents = copyContents(scene.truth.contents)
    const { fork, newest } = scene.truth.marks
    const other = contents.items[newest]!
    reseal(scene, other, { ...recordOf(scene, other), prediction: 'what this reader is to see' })
    contents.loggedFrom = Math.min(contents.loggedFrom, fork)
    await rebuild(scene, contents)
  },
}

export const rollBack: Attack = {
  name: 'roll-back',
  what: 'put back an older, complete copy of the data directory',
  needs: 'files',
  concerns: 'newest',
  async run(scene) {
    await truncateToOldCheckpoint.run(scene)
    await cutKeyring(scene)
  },
}

/** Leaves the keyring as it was at the time of the backup: with the keys that were in use by then. */
async function cutKeyring(scene: Scene): Promise<void> {
  const { contents, marks } = scene.truth
  const used = contents.items.slice(0, marks.backup).flatMap(({ frame }) => frameHead(frame).keyNumbers)
  const highest = Math.max(...used)
  const path = `${scene.directory}/keyring/${scene.ledger}.keys`
  const bytes = await bytesOf(scene, path)
  const last = readKeyFrames(bytes).frames.find(({ first, count }) => first + count > highest)
  await scene.disk.write(path, bytes.subarray(0, last?.end))
}

export const rollBackWithState: Attack = {
  name: 'roll-back-with-signer-state',
  what: "put back an older, complete copy of the data directory and of the signer's state",
  needs: 'keys and signer state',
  concerns: 'newest',
  async run(scene) {
    await rollBack.run(scene)
    const { contents, marks } = scene.truth
    await putSignerState(scene, checkpointOf(scene.keys, scene.origin, contents, marks.backup))
  },
}
