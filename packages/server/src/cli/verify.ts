import {
  bundleOfPage,
  type BundleReport,
  type EntryReport,
  finding,
  fromUtf8,
  parseTrust,
  reportOf,
  toHex,
  type Trust,
  verifyBundle,
  verifyReceipt,
  type VerifyReport,
  verifySavedProof,
} from '@deponent/format'
import { Command } from 'commander'
import { checkDirectory, type DirectoryReport } from '../check/directory.ts'
import { threadsFor } from '../check/stretch-threads.ts'
import { checkRemote, type LedgerSource } from '../check/remote.ts'
import { targetKind } from '../check/target.ts'
import { EvidencePage, PageMissing } from '../evidence/evidence-page.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { requestBytes } from '../platform/http-client.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { threadsAvailable } from '../platform/worker.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'
import { threads } from './options.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'
import { verifyEmitterText } from './verify-emitter.ts'

interface VerifyOptions extends RootKeyOptions {
  trust?: string
  against?: string[]
  entry?: string
  key?: string
  ledger?: string
  threads?: number
  json?: boolean
}

/** What every target is checked with. */
interface Given {
  trust?: Trust
  against: readonly string[]
}

const EXIT_OF = { valid: EXIT.ok, invalid: EXIT.negative, incomplete: EXIT.incomplete } as const
const ENTRIES_SHOWN = 20
const DEFAULT_LEDGER_PATH = '/ledgers/default'
const UNDERSTOOD =
  'a data directory, an evidence bundle (.json or .html), a saved receipt, a saved tlog-proof, an emitter proof, or the URL of a ledger'

async function textOf(path: string): Promise<string> {
  return fromUtf8(await fileBytes(path))
}

/** Whether the target is a directory of ours rather than a file. */
async function isDirectory(target: string): Promise<boolean> {
  try {
    return (await realDisk.size(`${target}/format.json`)) !== undefined
  } catch {
    return false
  }
}

async function givenIn({ trust, against }: VerifyOptions): Promise<Given> {
  return {
    ...(trust !== undefined && { trust: parseTrust(await textOf(trust)) }),
    against: await Promise.all((against ?? []).map(textOf)),
  }
}

/** Tells how far a check is, how fast it goes and how long it will still take. */
function progressTeller(): (done: number, total: number) => void {
  const startedMs = realClock.monotonicMs()
  return (done, total) => {
    const seconds = (realClock.monotonicMs() - startedMs) / 1_000
    const rate = done / Math.max(seconds, 0.001)
    const left = Math.ceil((total - done) / Math.max(rate, 1))
    progress(`${done} of ${total} entries, ${Math.round(rate)} a second, ${left} s left`)
  }
}

type AnyReport = VerifyReport | BundleReport | DirectoryReport

async function verifyTarget(target: string, options: VerifyOptions): Promise<AnyReport> {
  const given = await givenIn(options)
  if (/^https?:\/\//.test(target)) return verifyUrl(target, options, given)
  if (!(await isDirectory(target))) return verifyFile(target, options, given)
  const report = await checkDirectory(realDisk, target, {
    ...given,
    root: rootOf(options, target),
    threads: (entries) => options.threads ?? threadsFor(entries, threadsAvailable()),
    onProgress: progressTeller(),
  })
  endProgress()
  return report
}

async function verifyFile(
  path: string,
  { entry, ledger }: VerifyOptions,
  given: Given,
): Promise<VerifyReport | BundleReport> {
  const text = await textOf(path)
  const check = { ...given, verifySignature: nativeVerify }
  switch (targetKind(text)) {
    case 'receipt':
      return verifyReceipt(text, given.trust, check)
    case 'proof':
      return verifySavedProof(text, {
        ...check,
        ...(entry !== undefined && { entry: await fileBytes(entry) }),
      })
    case 'bundle':
      return verifyBundle(text, check)
    case 'emitter proof':
      return verifyEmitterText(text, given, ledger)
    case 'page':
      return verifyPage(text, verifyBundle(bundleOfPage(text), check))
    case undefined:
      throw new CommandError(EXIT.usage, `${path} is nothing that can be verified: expected ${UNDERSTOOD}`)
  }
}

/** Says when the rest of a page is not what this version writes around a bundle. */
async function verifyPage(page: string, report: BundleReport): Promise<BundleReport> {
  const ours = await new EvidencePage(realDisk).pageOf(bundleOfPage(page)).catch((error: unknown) => {
    if (error instanceof PageMissing) return undefined
    throw error
  })
  if (ours?.trim() === page.trim()) return report
  return { ...report, ...reportOf([...report.findings, finding('info', 'verifier_unknown')], report.checked) }
}

async function verifyUrl(target: string, { key }: VerifyOptions, given: Given): Promise<VerifyReport> {
  if (!URL.canParse(target)) throw new CommandError(EXIT.usage, 'the address of the ledger cannot be read')
  const url = new URL(target)
  const path = url.pathname.replace(/\/+$/, '')
  const prefix = `${url.origin}${path === '' ? DEFAULT_LEDGER_PATH : path}`
  const report = await checkRemote(served(prefix, key ?? process.env.DEPONENT_KEY), {
    ...given,
    onProgress: progressTeller(),
  })
  endProgress()
  return report
}

/** A ledger behind an address; the key goes nowhere but there. */
function served(prefix: string, key: string | undefined): LedgerSource {
  const headers: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` }
  return async (path, bytesMax) => {
    const { status, bytes } = await requestBytes(`${prefix}/${path}`, { headers }, bytesMax).catch(() => {
      throw new CommandError(EXIT.internal, `no answer from ${prefix}`)
    })
    if (status === 200) return bytes
    if (status === 404 || status === 409 || status === 410) return undefined
    if (status === 401 || status === 403)
      throw new CommandError(EXIT.usage, `${prefix} needs a key: --key KEY or DEPONENT_KEY`)
    throw new CommandError(EXIT.internal, `${prefix} answered ${status}`)
  }
}

/** Text from a stranger, with whatever a terminal would obey made visible. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  )
}

function printReport(report: AnyReport): void {
  const { verdict, checked } = report
  const findings: DirectoryReport['findings'] = report.findings
  if ('entries' in report) printEntries(report.entries)
  for (const { severity, code, index, ledger, message } of findings) {
    const where = [index === undefined ? '' : ` at ${index}`, ledger === undefined ? '' : ` in ${ledger}`]
    print(`${severity.padEnd(5)} ${code}${where.join('')}: ${visible(message)}`)
  }
  if ('ledgers' in report && report.ledgers.length > 1)
    for (const ledger of report.ledgers)
      print(`ledger ${ledger.name}: ${ledger.verdict}, ${countsOf(ledger.checked)}`)
  print(`${verdict}: ${countsOf(checked)}`)
}

function countsOf({ entries, checkpoints, payloads, erased }: VerifyReport['checked']): string {
  return `${entries} entries, ${checkpoints} checkpoints, ${payloads} payloads, ${erased} erased`
}

function printEntries(entries: readonly EntryReport[]): void {
  for (const report of entries.slice(0, ENTRIES_SHOWN)) {
    const { index, entry, proven, payload, withheld } = report
    const hidden = payload === 'disclosed' && withheld !== undefined ? `${withheld} fields withheld` : payload
    print(`#${index} ${entry?.kind ?? 'unreadable'}, ${proven ? 'proven' : 'NOT PROVEN'}, ${hidden}`)
    for (const { pointer, value } of report.fields) print(visible(`   ${pointer}  ${JSON.stringify(value)}`))
    for (const line of timeLines(report)) print(visible(`   ${line}`))
  }
  if (entries.length > ENTRIES_SHOWN)
    print(`… and ${entries.length - ENTRIES_SHOWN} more; --json lists them all`)
}

function timeLines({ time }: EntryReport): string[] {
  if (!time) return []
  const { receivedAt, notBefore, notAfter } = time
  const at = (ms: number): string => {
    const date = new Date(ms)
    return Number.isNaN(date.valueOf()) ? 'an impossible time' : date.toISOString()
  }
  return [
    `received ${at(receivedAt)} by the operator's own clock`,
    ...(notBefore ? [`not in the ledger shown to ${notBefore.source} at ${at(notBefore.timeMs)}`] : []),
    ...(notAfter ? [`in the ledger shown to ${notAfter.source} by ${at(notAfter.timeMs)}`] : []),
  ]
}

/** The report as JSON: what every target has, for a directory its ledgers, and for a bundle what it shows. */
function jsonOfReport(report: AnyReport): object {
  if ('ledgers' in report) {
    const ledgers = report.ledgers.map(({ name, origin, verdict, checked }) => ({
      name,
      origin,
      verdict,
      checked,
    }))
    return { ...report, ledgers }
  }
  if (!('entries' in report)) return report
  const { verdict, findings, checked, origin, checkpoint, entries, statement } = report
  return {
    verdict,
    findings,
    checked,
    origin,
    checkpoint: checkpoint && {
      size: checkpoint.size,
      root: toHex(checkpoint.root),
      signed: checkpoint.signed,
    },
    entries: entries.map(({ entry, ...shown }) => ({
      ...shown,
      id: entry?.id,
      kind: entry?.kind,
      system: entry?.system,
    })),
    statement,
  }
}

export const verify = withRootKey(new Command('verify'))
  .description('say whether anything recorded has changed')
  .argument('<target>', UNDERSTOOD)
  .option(
    '--trust <file>',
    'whose signatures to believe; a directory without it is checked with its own keys',
  )
  .option('--against <file...>', 'checkpoints or receipts known from elsewhere')
  .option('--entry <file>', 'the entry a tlog-proof is about')
  .option('--key <key>', 'key for a URL that needs one (or DEPONENT_KEY)')
  .option(
    '--ledger <place>',
    'data directory or server to read whole, for what an emitter proof cannot show alone',
  )
  .option(
    '--threads <n>',
    'threads that check a directory; as many as there are cores, and fewer for a small one, when not given',
    threads,
  )
  .option('--json', 'answer in JSON')
  .addHelpText(
    'after',
    '\nExample:\n  deponent verify ./data --against receipt.json\n  deponent verify evidence.html --trust trust.json',
  )
  .action(async (target: string, options: VerifyOptions) => {
    const report = await verifyTarget(target, options)
    if (options.json) print(JSON.stringify(jsonOfReport(report)))
    else printReport(report)
    process.exitCode = EXIT_OF[report.verdict]
  })
