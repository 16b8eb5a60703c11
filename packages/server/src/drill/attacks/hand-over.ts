/** The ledger handed on to a key of the attacker's, as a change of keys hands it on. */
import { formatRotation } from '@deponent/format'
import { readDirectoryFormat, writeDirectoryFormat } from '../../ledger/identity.ts'
import { noteBy, SigningKey, writeSeed } from '../../ledger/signing-key.ts'
import { entryIdOf } from '../../recording/entry-id.ts'
import { frameHead } from '../../vault/seal.ts'
import { copyContents } from '../contents.ts'
import { type Attack, rebuild, type Scene } from '../scene.ts'
import { NoPlaceForAttack, reseal } from '../sealing.ts'

/** Appends the entry that a change of keys leaves, signed by `signers`, and goes on under a key of its own. */
async function handOver(scene: Scene, signers: (next: SigningKey) => readonly SigningKey[]): Promise<void> {
  const { disk, directory, ledger, origin, keys, random } = scene
  const seed = random.bytes(32)
  const next = new SigningKey(origin, seed)
  const contents = copyContents(scene.truth.contents)
  const open = contents.items.find(({ frame }) => frameHead(frame).isPublic)
  if (!open) throw new NoPlaceForAttack('the ledger holds no public record to copy the form of')
  const from = contents.items.length + 1
  const previous = keys.checkpoint.vkey
  const text = formatRotation({ origin, use: 'checkpoint', from, previous, next: next.vkey })
  const record = { use: 'checkpoint', vkey: next.vkey, previousVkey: previous, basis: 'observed' }
  const item = { entry: open.entry, frame: open.frame }
  const changes = { id: entryIdOf(scene.now, random.bytes(10)), kind: 'key.rotated', receivedAt: scene.now }
  reseal(scene, item, { ...record, statement: noteBy(text, signers(next)) }, changes)
  contents.items.push(item)
  await writeSeed(disk, `${directory}/keyring/${ledger}.checkpoint.key`, seed)
  const format = await readDirectoryFormat(disk, directory)
  const known = format!.ledgers[ledger]!.keys.map((key) =>
    key.use === 'checkpoint' ? { ...key, sizes: `0..${from}` } : key,
  )
  format!.ledgers[ledger]!.keys = [...known, { vkey: next.vkey, use: 'checkpoint', sizes: `${from}..` }]
  await writeDirectoryFormat(disk, directory, format!)
  await rebuild({ ...scene, keys: { ...keys, checkpoint: next } }, contents)
}

export const forgeHandOver: Attack = {
  name: 'forge-hand-over',
  what: 'record a change to another checkpoint key that the true key has not signed, and sign with the other one',
  needs: 'files',
  run: (scene) => handOver(scene, (next) => [next]),
}

export const handOverKeys: Attack = {
  name: 'hand-over-keys',
  what: 'record a change to a key of the attacker, signed by the true one, so that the ledger goes on under it',
  needs: 'keys',
  run: (scene) => handOver(scene, (next) => [scene.keys.checkpoint, next]),
}
