/** Writes the vectors of tree, notes and proofs to test/vectors. The same bytes on every run. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleVectors } from './vectors/bundles.ts'
import { codingVectors } from './vectors/codings.ts'
import { emitterVectors } from './vectors/emitters.ts'
import { erasureVectors } from './vectors/erasures.ts'
import { rotationVectors, successionVectors } from './vectors/key-changes.ts'
import {
  checkpointVectors,
  noteVectors,
  promiseVectors,
  signerVectors,
  vkeyVectors,
} from './vectors/notes.ts'
import { sealedBatchVectors } from './vectors/sealed-batches.ts'
import {
  consistencyVectors,
  entryTileVectors,
  inclusionVectors,
  tilePathVectors,
  treeVectors,
} from './vectors/trees.ts'
import { receiptVectors, tlogProofVectors } from './vectors/verdicts.ts'

/** The text of every file, by its name. */
export async function proofVectorFiles(): Promise<Map<string, string>> {
  const files: [string, object][] = [
    ['tree.json', treeVectors()],
    ['inclusion.json', inclusionVectors()],
    ['consistency.json', await consistencyVectors()],
    ['tile-paths.json', tilePathVectors()],
    ['entry-tiles.json', entryTileVectors()],
    ['vkeys.json', vkeyVectors()],
    ['notes.json', noteVectors()],
    ['checkpoints.json', checkpointVectors()],
    ['promises.json', promiseVectors()],
    ['rotations.json', rotationVectors()],
    ['successions.json', successionVectors()],
    ['tlog-proofs.json', tlogProofVectors()],
    ['receipts.json', receiptVectors()],
    ['bundles.json', await bundleVectors()],
    ['emitter-chain.json', emitterVectors()],
    ['payload-codings.json', codingVectors()],
    ['erasures.json', erasureVectors()],
    ['sealed-batches.json', await sealedBatchVectors()],
    ['signers.json', signerVectors()],
  ]
  return new Map(files.map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]))
}

if (import.meta.main) {
  for (const [name, text] of await proofVectorFiles()) {
    writeFileSync(fileURLToPath(new URL(`../test/vectors/${name}`, import.meta.url)), text)
    console.log(`test/vectors/${name}: ${text.length} bytes`)
  }
}
