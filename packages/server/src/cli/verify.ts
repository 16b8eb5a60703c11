import { fromUtf8, parseTrust, type Trust, verifyReceipt, type VerifyReport } from '@deponent/format'
import { Command } from 'commander'
import { checkDirectory } from '../check/directory.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { realDisk } from '../platform/disk.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { EXIT } from './exit.ts'
import { fileBytes } from './file.ts'

interface VerifyOptions {
  trust?: string
  against?: string[]
  json?: boolean
}

const EXIT_OF = { valid: EXIT.ok, invalid: EXIT.negative, incomplete: EXIT.incomplete } as const

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

async function trustOf(path: string | undefined): Promise<Trust | undefined> {
  return path === undefined ? undefined : parseTrust(await textOf(path))
}

async function verifyTarget(target: string, options: VerifyOptions): Promise<VerifyReport> {
  const trust = await trustOf(options.trust)
  const against = await Promise.all((options.against ?? []).map(textOf))
  if (await isDirectory(target)) {
    const onProgress = (done: number, total: number): void => progress(`${done} of ${total} entries`)
    const report = await checkDirectory(realDisk, target, { ...(trust && { trust }), against, onProgress })
    endProgress()
    return report
  }
  return verifyReceipt(await textOf(target), trust, { against, verifySignature: nativeVerify })
}

function printReport({ verdict, findings, checked }: VerifyReport): void {
  for (const { severity, code, index, message } of findings) {
    print(`${severity.padEnd(5)} ${code}${index === undefined ? '' : ` at ${index}`}: ${message}`)
  }
  print(
    `${verdict}: ${checked.entries} entries, ${checked.checkpoints} checkpoints, ${checked.payloads} payloads, ${checked.erased} erased`,
  )
}

export const verify = new Command('verify')
  .description('say whether anything recorded has changed: a data directory, or a saved receipt')
  .argument('<target>', 'data directory or receipt file')
  .option('--trust <file>', 'whose signatures to believe; without it the keys in the directory')
  .option('--against <file...>', 'checkpoints or receipts known from elsewhere')
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent verify ./data --against receipt.json')
  .action(async (target: string, options: VerifyOptions) => {
    const report = await verifyTarget(target, options)
    if (options.json) print(JSON.stringify(report))
    else printReport(report)
    process.exitCode = EXIT_OF[report.verdict]
  })
