import { parseBundle, utf8 } from '@deponent/format'
import { Command } from 'commander'
import { EvidencePage } from '../evidence/evidence-page.ts'
import { realDisk } from '../platform/disk.ts'
import { print } from '../platform/terminal.ts'
import { connect, type ConnectionOptions, jsonOf, mustBeDirectory } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { labelled } from './export-labelled.ts'
import { index, withConnection, withLedger } from './options.ts'
import { purposeHeader } from './purpose.ts'

interface ExportOptions extends ConnectionOptions {
  id?: string[]
  from?: number
  to?: number
  disclose?: string
  purpose?: string
  bundle?: string
  html?: string
  json?: boolean
}

/** What the server is asked for; CommandError when the options name no entries, or name them twice. */
function orderOf({ id, from, to, disclose }: ExportOptions): object {
  const isRange = from !== undefined || to !== undefined
  if ((id === undefined) === !isRange)
    throw new CommandError(EXIT.usage, 'say which entries: --id ID…, or --from INDEX --to INDEX')
  if (isRange && (from === undefined || to === undefined))
    throw new CommandError(EXIT.usage, '--from and --to go together; --to is the index after the last')
  const pointers = disclose === undefined || disclose === 'all' ? disclose : disclose.split(',')
  return { ...(isRange ? { from, to } : { ids: id }), ...(pointers !== undefined && { disclose: pointers }) }
}

async function bundleText(options: ExportOptions, order: object): Promise<string> {
  const connection = await connect(options)
  try {
    const answer = await connection.post('/v1/bundles', JSON.stringify(order), purposeHeader(options.purpose))
    if (answer.status >= 400) jsonOf(answer)
    return answer.text
  } finally {
    await connection.close()
  }
}

export const exportCommand = withLedger(withConnection(new Command('export')))
  // What stands behind `labelled` is its own.
  .enablePositionalOptions()
  .description('write evidence to hand on: entries with chosen fields, and everything needed to check them')
  .option('--id <id...>', 'decisions, by entry id or by the id their sender gave them')
  .option('--from <index>', 'first entry of a range', index)
  .option('--to <index>', 'the index after its last entry', index)
  .option(
    '--disclose <pointers>',
    'fields to disclose, such as /modelId,/prediction, or all; by default only the names of the fields',
  )
  .option('--purpose <words>', 'why sealed fields are exported; it is recorded')
  .option('--bundle <file>', 'write the bundle as JSON')
  .option('--html <file>', 'write it as a page that verifies itself')
  .addHelpText(
    'after',
    '\nExample:\n  deponent export --id loan-1 --disclose /modelId,/prediction --bundle loan-1.json --html loan-1.html',
  )
  .action(async (options: ExportOptions) => {
    const { bundle: jsonFile, html: pageFile } = options
    if (jsonFile === undefined && pageFile === undefined)
      throw new CommandError(EXIT.usage, 'say where to write: --bundle FILE, --html FILE, or both')
    const order = orderOf(options)
    if (options.url === undefined) await mustBeDirectory(options.data)
    const text = await bundleText(options, order)
    const page = new EvidencePage(realDisk)
    if (jsonFile !== undefined) await realDisk.write(jsonFile, utf8(`${text}\n`))
    if (pageFile !== undefined) await realDisk.write(pageFile, utf8(await page.pageOf(text)))
    const { origin, entries } = parseBundle(text)
    const verifier = pageFile === undefined ? undefined : await page.verifierDigest()
    const files = [jsonFile, pageFile].filter((file) => file !== undefined)
    if (options.json) {
      print(JSON.stringify({ origin, entries: entries.length, files, ...(verifier && { verifier }) }))
      return
    }
    print(`${entries.length} ${entries.length === 1 ? 'entry' : 'entries'} of ${origin}: ${files.join(', ')}`)
    if (verifier !== undefined) print(`verifier in the page, SHA-256: ${verifier}`)
  })
  .addCommand(labelled.exitOverride())
