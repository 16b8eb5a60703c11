/** What the directory says of itself, changed: who signs for which ledger. */
import { EMPTY_ROOT, formatCheckpoint, utf8 } from '@deponent/format'
import {
  type DirectoryFormat,
  type LedgerIdentity,
  readDirectoryFormat,
  writeDirectoryFormat,
} from '../../ledger/identity.ts'
import { SigningKey, writeSeed } from '../../ledger/signing-key.ts'
import { filesBelow } from '../../platform/scratch.ts'
import { copyContents } from '../contents.ts'
import { type LedgerKeys } from '../statements.ts'
import { type Attack, rebuild, type Scene } from '../scene.ts'
import { makeSynthetic } from '../synthetic.ts'

/** Decisions of a ledger put in the place of the true one. */
const OTHER_RECORDS = 30

async function changeFormat(scene: Scene, change: (format: DirectoryFormat) => void): Promise<void> {
  const format = await readDirectoryFormat(scene.disk, scene.directory)
  if (!format) throw new Error('the copy has no format.json')
  change(format)
  await writeDirectoryFormat(scene.disk, scene.directory, format)
}

/** Keys of the attacker's own, put into the keyring under the names of the true ones. */
async function ownKeys(scene: Scene, ledger: string, origin: string): Promise<LedgerKeys> {
  const [checkpoint, promise] = [scene.random.bytes(32), scene.random.bytes(32)]
  await writeSeed(scene.disk, `${scene.directory}/keyring/${ledger}.checkpoint.key`, checkpoint)
  await writeSeed(scene.disk, `${scene.directory}/keyring/${ledger}.promise.key`, promise)
  return {
    checkpoint: new SigningKey(origin, checkpoint),
    promise: new SigningKey(`${origin}/promise`, promise),
  }
}

const identityOf = (origin: string, { checkpoint, promise }: LedgerKeys): LedgerIdentity => ({
  origin,
  keys: [
    { vkey: checkpoint.vkey, use: 'checkpoint', sizes: '0..' },
    { vkey: promise.vkey, use: 'promise', sizes: '0..' },
  ],
})

export const substituteSigner: Attack = {
  name: 'substitute-signer',
  concerns: 'newest',
  what: 'cut the newest entries off and sign what is left with other keys, named in format.json as if they were its own',
  needs: 'files',
  async run(scene) {
    const { ledger, origin, truth } = scene
    const keys = await ownKeys(scene, ledger, origin)
    await changeFormat(scene, ({ ledgers }) => {
      ledgers[ledger] = identityOf(origin, keys)
    })
    const contents = copyContents(truth.contents)
    contents.items.splice(truth.marks.backup)
    await rebuild({ ...scene, keys }, contents)
  },
}

export const substituteLedger: Attack = {
  name: 'substitute-ledger',
  what: 'put another ledger in the place of this one, sound in itself, with an origin and keys of its own',
  needs: 'files',
  async run({ disk, random, directory, ledger }) {
    for (const path of await filesBelow(directory)) await disk.remove(`${directory}/${path}`)
    const signerDirectory = `${directory}/signer`
    await makeSynthetic({ disk, random, directory, ledger, signerDirectory, records: OTHER_RECORDS })
    for (const path of await filesBelow(signerDirectory)) await disk.remove(`${signerDirectory}/${path}`)
  },
}

export const swapCheckpointKey: Attack = {
  name: 'swap-checkpoint-key',
  what: 'name another checkpoint key in format.json',
  needs: 'files',
  async run(scene) {
    const other = new SigningKey(scene.origin, scene.random.bytes(32))
    await changeFormat(scene, ({ ledgers }) => {
      ledgers[scene.ledger]!.keys.find(({ use }) => use === 'checkpoint')!.vkey = other.vkey
    })
  },
}

export const swapPromiseKey: Attack = {
  name: 'swap-promise-key',
  what: 'put another receipt key into the keyring and into format.json, so that receipts given from now on bind nobody',
  needs: 'files',
  async run(scene) {
    const seed = scene.random.bytes(32)
    const other = new SigningKey(`${scene.origin}/promise`, seed)
    await writeSeed(scene.disk, `${scene.directory}/keyring/${scene.ledger}.promise.key`, seed)
    await changeFormat(scene, ({ ledgers }) => {
      ledgers[scene.ledger]!.keys.find(({ use }) => use === 'promise')!.vkey = other.vkey
    })
  },
}

export const swapSizes: Attack = {
  name: 'swap-sizes',
  what: 'let the checkpoint key in format.json count for other sizes of the ledger only',
  needs: 'files',
  run: (scene) =>
    changeFormat(scene, ({ ledgers }) => {
      ledgers[scene.ledger]!.keys.find(({ use }) => use === 'checkpoint')!.sizes =
        `${scene.truth.contents.items.length + 1}..`
    }),
}

export const dropLedger: Attack = {
  name: 'drop-ledger',
  what: 'name no ledger in format.json any more',
  needs: 'files',
  run: (scene) =>
    changeFormat(scene, (format) => {
      format.ledgers = {}
    }),
}

export const addLedger: Attack = {
  name: 'add-ledger',
  what: 'add a second, empty ledger with keys of its own beside the true one',
  needs: 'files',
  async run(scene) {
    const origin = 'deponent.invalid/00000000/second'
    const keys = await ownKeys(scene, 'second', origin)
    await changeFormat(scene, ({ ledgers }) => {
      ledgers.second = identityOf(origin, keys)
    })
    const note = keys.checkpoint.note(formatCheckpoint({ origin, size: 0, root: EMPTY_ROOT }))
    await scene.disk.makeDirectory(`${scene.directory}/ledgers/second`)
    await scene.disk.write(`${scene.directory}/ledgers/second/checkpoint`, utf8(note))
  },
}
