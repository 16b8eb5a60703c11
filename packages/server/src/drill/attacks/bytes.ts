/** Bytes changed where they lie, by somebody who can write the files and holds no key. */
import { tilePath, TILE_WIDTH } from '@deponent/format'
import { packTile, unpackTile } from '../../ledger/tile-packing.ts'
import { scanWal } from '../../ledger/wal-scan.ts'
import { ledgerIdOf } from '../../ledger/wal-frame.ts'
import { segmentName, SEGMENT_HEADER_BYTES } from '../../vault/segment.ts'
import { copyContents } from '../contents.ts'
import { rewrite } from '../rewrite.ts'
import { type Attack, bytesOf, flipBit, ledgerFile, type Scene } from '../scene.ts'
import { NoPlaceForAttack } from '../sealing.ts'

export const alterEntryByte: Attack = {
  name: 'alter-entry-byte',
  what: 'change one bit of an entry in its tile',
  needs: 'files',
  async run(scene) {
    const { victim } = scene.truth.marks
    const path = ledgerFile(scene, tilePath('entries', Math.floor(victim / TILE_WIDTH)))
    const bytes = unpackTile(await bytesOf(scene, path)).slice()
    let at = 0
    for (let i = 0; i < victim % TILE_WIDTH; i += 1) at += 2 + ((bytes[at]! << 8) | bytes[at + 1]!)
    bytes[at + 10]! ^= 0x01
    await scene.disk.write(path, packTile(bytes))
  },
}

export const alterEntryAndTiles: Attack = {
  name: 'alter-entry-and-tiles',
  what: 'change an entry, and every tile and log frame to match, up to the root',
  needs: 'files',
  async run(scene) {
    const contents = copyContents(scene.truth.contents)
    const item = contents.items[scene.truth.marks.victim]!
    item.entry = { ...item.entry, retention: 'r9' }
    await rewrite(scene, contents)
  },
}

export const alterHashTile: Attack = {
  name: 'alter-hash-tile',
  what: 'change one bit of a tile of hashes',
  needs: 'files',
  run: (scene) => flipBit(scene, ledgerFile(scene, tilePath(0, 0)), 100),
}

export const alterPayloadByte: Attack = {
  name: 'alter-payload-byte',
  what: 'change one bit of a sealed payload in its vault segment',
  needs: 'files',
  async run(scene) {
    await flipBit(scene, segmentPath(scene), SEGMENT_HEADER_BYTES + 40)
  },
}

export const alterPayloadAndFooter: Attack = {
  name: 'alter-payload-and-footer',
  what: 'change a sealed payload, and the digests of its segment to match',
  needs: 'files',
  async run(scene) {
    const contents = copyContents(scene.truth.contents)
    const item = contents.items[scene.truth.marks.victim]!
    item.frame = item.frame.slice()
    item.frame[item.frame.length - 20]! ^= 0x01
    await rewrite(scene, contents, true)
  },
}

export const swapPayloads: Attack = {
  name: 'swap-payloads',
  what: 'exchange the sealed payloads of two entries, and the digests of their segment to match',
  needs: 'files',
  async run(scene) {
    const contents = copyContents(scene.truth.contents)
    const { victim } = scene.truth.marks
    const [one, other] = [contents.items[victim]!, contents.items[victim + 1]!]
    ;[one.frame, other.frame] = [other.frame, one.frame]
    await rewrite(scene, contents, true)
  },
}

export const deleteSegment: Attack = {
  name: 'delete-segment',
  what: 'delete a vault segment',
  needs: 'files',
  async run(scene) {
    const path = segmentPath(scene)
    await bytesOf(scene, path)
    await scene.disk.remove(path)
  },
}

export const damageKeyring: Attack = {
  name: 'damage-keyring',
  what: 'change one bit of the wrapped keys of subjects',
  needs: 'files',
  run: (scene) => flipBit(scene, `${scene.directory}/keyring/${scene.ledger}.keys`, 60),
}

export const damageDictionary: Attack = {
  name: 'damage-dictionary',
  what: 'change one bit of a dictionary that payloads are coded with',
  needs: 'files',
  async run(scene) {
    const path = `${scene.directory}/vault/${scene.ledger}`
    const name = (await scene.disk.list(path)).find((found) => found.endsWith('.dict'))
    if (name === undefined) throw new NoPlaceForAttack('no dictionary was learned yet')
    await flipBit(scene, `${path}/${name}`, 60)
  },
}

export const removeRootKey: Attack = {
  name: 'remove-root-key',
  what: 'delete the root key, so that nothing sealed can be opened any more',
  needs: 'files',
  async run(scene) {
    const path = `${scene.directory}/keyring/root.key`
    await bytesOf(scene, path)
    await scene.disk.remove(path)
  },
}

export const damageLog: Attack = {
  name: 'damage-log',
  what: 'change one bit of an acknowledged frame of the write-ahead log',
  needs: 'files',
  async run(scene) {
    const [frame, next] = await framesOf(scene)
    if (!frame || !next) throw new NoPlaceForAttack('the write-ahead log holds fewer than two frames')
    await flipBit(scene, ledgerFile(scene, `wal/${frame.file}`), frame.location.position + 200)
  },
}

export const cutLog: Attack = {
  name: 'cut-log',
  what: 'fill the newest frame of the write-ahead log with zeros, as if it had never been written',
  needs: 'files',
  concerns: 'newest',
  async run(scene) {
    const frames = await framesOf(scene)
    const newest = frames.findLast(({ content }) => content.first <= scene.truth.marks.newest)
    if (!newest) throw new NoPlaceForAttack('the write-ahead log holds no frame')
    for (const { file, location } of frames.slice(frames.indexOf(newest))) {
      const path = ledgerFile(scene, `wal/${file}`)
      const bytes = await bytesOf(scene, path)
      bytes.fill(0, location.position, location.position + location.paddedBytes)
      await scene.disk.write(path, bytes)
    }
  },
}

export const changeDedupeMark: Attack = {
  name: 'change-dedupe-mark',
  what: 'change what the write-ahead log keeps to recognise a record that is sent again',
  needs: 'files',
  async run(scene) {
    const contents = copyContents(scene.truth.contents)
    const marked = contents.items.findLast(({ mark }) => mark !== undefined)
    if (!marked?.mark) throw new NoPlaceForAttack('the write-ahead log holds no mark of a record')
    marked.mark = { ...marked.mark, key: 'another 16 bytes' }
    await rewrite(scene, contents, true)
  },
}

const segmentPath = (scene: Scene): string =>
  `${scene.directory}/vault/${scene.ledger}/${segmentName(scene.truth.contents.segments[0]?.first ?? 0)}`

async function framesOf(scene: Scene): Promise<Awaited<ReturnType<typeof scanWal>>['frames']> {
  return (await scanWal(scene.disk, ledgerFile(scene, 'wal'), ledgerIdOf(scene.origin))).frames
}
