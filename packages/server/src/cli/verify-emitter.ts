/** `verify FILE` of an emitter proof, with `--ledger` against every entry there is. */
import {
  decodeEntryTile,
  EmitterScan,
  type Finding,
  shownIn,
  TILE_WIDTH,
  tilePath,
  type Trust,
  verifyEmitterProof,
  type VerifyReport,
} from '@deponent/format'
import { LedgerWalk } from '../check/ledger-walk.ts'
import { readDirectoryFormat } from '../ledger/identity.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import { realDisk } from '../platform/disk.ts'
import { requestBytes } from '../platform/http-client.ts'
import { progress, endProgress } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'

/** Entries [from, to) of a ledger somewhere. */
type EntrySource = (from: number, to: number) => Promise<Uint8Array[]>

/** Checks the text of an emitter proof; `ledger`: data directory, or address of a server, that holds the whole ledger. */
export async function verifyEmitterText(
  text: string,
  { trust, against }: { trust?: Trust; against: readonly string[] },
  ledger: string | undefined,
): Promise<VerifyReport> {
  const findings = ledger === undefined ? undefined : await scanLedger(text, ledger)
  return verifyEmitterProof(text, trust, nativeVerify, findings && (() => findings), against)
}

async function scanLedger(text: string, ledger: string): Promise<readonly Finding[]> {
  const shown = shownIn(text)
  if (!shown) return []
  const { origin } = JSON.parse(text) as { origin: string }
  const scan = new EmitterScan(shown)
  const source = URL.canParse(ledger)
    ? fromServer(ledger.replace(/\/$/, ''), origin, shown.size)
    : await fromDirectory(ledger, origin)
  for (let from = 0; from < shown.size; from += TILE_WIDTH) {
    const entries = await source(from, Math.min(from + TILE_WIDTH, shown.size))
    if (entries.length === 0) break
    for (const entry of entries) scan.take(entry)
    progress(`${from + entries.length} of ${shown.size} entries`)
  }
  endProgress()
  return scan.findings()
}

async function fromDirectory(directory: string, origin: string): Promise<EntrySource> {
  const format = await readDirectoryFormat(realDisk, directory)
  const name = Object.entries(format?.ledgers ?? {}).find(([, ledger]) => ledger.origin === origin)?.[0]
  if (name === undefined)
    throw new CommandError(EXIT.usage, `${directory} does not hold the ledger of the proof`)
  const walk = await LedgerWalk.open(realDisk, `${directory}/ledgers/${name}`, ledgerIdOf(origin), [])
  return (from, to) => walk.range(from, to)
}

function fromServer(url: string, origin: string, size: number): EntrySource {
  const key = process.env.DEPONENT_KEY
  const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` }
  const name = origin.slice(origin.lastIndexOf('/') + 1)
  return async (from) => {
    const n = Math.floor(from / TILE_WIDTH)
    const width = Math.min(TILE_WIDTH, size - n * TILE_WIDTH)
    const { status, bytes } = await requestBytes(`${url}/ledgers/${name}/${tilePath('entries', n, width)}`, {
      headers,
    })
    if (status !== 200 || !bytes)
      throw new CommandError(
        EXIT.usage,
        `${url} does not serve this ledger (${status}); DEPONENT_KEY may be missing`,
      )
    return decodeEntryTile(bytes)
  }
}
