/** Every attack the drill knows, in the order it shows them: by what an attacker needs. */
import type { Attack } from '../scene.ts'
import * as bytes from './bytes.ts'
import * as handOver from './hand-over.ts'
import * as identity from './identity.ts'
import * as rebuild from './rebuild.ts'
import * as tail from './tail.ts'

export const ATTACKS: readonly Attack[] = [
  bytes.alterEntryByte,
  bytes.alterEntryAndTiles,
  bytes.alterHashTile,
  tail.plantTile,
  bytes.alterPayloadByte,
  bytes.alterPayloadAndFooter,
  bytes.swapPayloads,
  bytes.deleteSegment,
  bytes.damageKeyring,
  bytes.removeRootKey,
  bytes.damageLog,
  bytes.cutLog,
  bytes.changeDedupeMark,
  tail.removeCheckpoint,
  tail.stripCosignatures,
  tail.truncateFiles,
  tail.truncateToOldCheckpoint,
  tail.cutBehindOldCheckpoint,
  tail.rollBack,
  identity.swapCheckpointKey,
  identity.swapPromiseKey,
  identity.swapSizes,
  identity.dropLedger,
  identity.addLedger,
  identity.substituteSigner,
  identity.substituteLedger,
  handOver.forgeHandOver,
  rebuild.rewriteDecision,
  rebuild.deleteEntry,
  rebuild.deleteEntryLeavingGap,
  rebuild.insertEntry,
  rebuild.reorderEntries,
  rebuild.repeatEntry,
  rebuild.renameSystem,
  rebuild.shiftTimes,
  rebuild.rebuildEverything,
  tail.truncateAndSign,
  tail.withholdTail,
  tail.showTwoLedgers,
  rebuild.inventRecord,
  rebuild.backdateRecord,
  handOver.handOverKeys,
  rebuild.rewriteDecisionWithState,
  tail.rollBackWithState,
]
