import { utf8 } from '@deponent/format'
import { Command, Option } from 'commander'
import { realDisk } from '../platform/disk.ts'
import { note, print } from '../platform/terminal.ts'
import { asked, type AskingOptions, speaking } from './asking.ts'
import { jsonOf } from './connection.ts'
import { withConnection, withLedger } from './options.ts'
import { purposeHeader } from './purpose.ts'
import { table } from './table.ts'

interface Standing {
  handle: string
  ids: number
  records: number
  kinds: Record<string, number>
  restrictedBy: string[]
  requests: { requestId: string; requestType: string; state: string; dueAt: string }[]
  holds: { holdId: string; ground: string }[]
  erasures: { erasureId: string; waitingFor: string | null }[]
}

interface ExportOptions extends AskingOptions {
  purpose?: string
  out: string
  format: string
  provided?: boolean
  request?: string
}

interface EraseOptions extends AskingOptions {
  ground?: string
  reason?: string
  request?: string
}

/** The handle of a person, so that no id stands in an address, where servers and proxies write it down. */
async function handleOf(options: AskingOptions, subject: string): Promise<string> {
  const body = JSON.stringify({ subject })
  const answer = await speaking(options, (connection) => connection.post('/v1/subjects:lookup', body))
  return (jsonOf(answer) as { handle: string }).handle
}

const show = withLedger(withConnection(new Command('show')))
  .description(
    'what is kept of a person, in numbers, and what stands: requests, restriction, holds, erasures',
  )
  .argument('<subject>', 'the id of the person')
  .addHelpText('after', '\nExample:\n  deponent subject show applicant-7 --data ./data')
  .action(async (subject: string, options: AskingOptions) => {
    const handle = await handleOf(options, subject)
    await asked<Standing>(options, (connection) => connection.get(`/v1/subjects/${handle}`), shown)
  })

function shown({ erasures, handle, holds, ids, kinds, records, requests, restrictedBy }: Standing): string {
  const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join('\n'))
  return table([
    { what: 'handle', is: handle },
    { what: 'ids of the person', is: ids },
    {
      what: 'records',
      is: `${records}: ${Object.entries(kinds)
        .map(([kind, n]) => `${n} ${kind}`)
        .join(', ')}`,
    },
    { what: 'restricted by', is: list(restrictedBy) },
    {
      what: 'requests',
      is: list(
        requests.map(
          ({ dueAt, requestId, requestType, state }) => `${requestId} ${requestType}, ${state}, due ${dueAt}`,
        ),
      ),
    },
    { what: 'holds', is: list(holds.map(({ ground, holdId }) => `${holdId} on ${ground}`)) },
    {
      what: 'erasures',
      is: list(
        erasures.map(
          ({ erasureId, waitingFor }) =>
            `${erasureId}${waitingFor === null ? '' : `, waits for ${waitingFor}`}`,
        ),
      ),
    },
  ])
}

const exportCommand = withLedger(withConnection(new Command('export')))
  .description('write everything recorded about a person into a file, for them')
  .argument('<subject>', 'the id of the person')
  .requiredOption('--out <file>', 'where to write')
  .requiredOption('--purpose <words>', 'why; it is recorded')
  .addOption(
    new Option('--format <format>', 'for machines, or a page to read and print')
      .choices(['json', 'html'])
      .default('json'),
  )
  .option('--provided', 'only what the person provided (portability)')
  .option('--request <id>', 'the request it answers; its identity check must be confirmed')
  .addHelpText(
    'after',
    '\nExample:\n  deponent subject export applicant-7 --out applicant-7.html --format html --purpose "access request r-1"',
  )
  .action(async (subject: string, options: ExportOptions) => {
    const { format, out, provided, purpose = '', request } = options
    const handle = await handleOf(options, subject)
    const query = new URLSearchParams({
      format,
      scope: provided ? 'provided' : 'all',
      ...(request !== undefined && { request }),
    })
    const answer = await speaking(options, (connection) =>
      connection.get(`/v1/subjects/${handle}/export?${query.toString()}`, undefined, purposeHeader(purpose)),
    )
    if (answer.status >= 400) jsonOf(answer)
    await realDisk.write(out, utf8(answer.text))
    print(options.json ? JSON.stringify({ handle, file: out }) : out)
    note('the file holds what is sealed in the ledger: hand it over, and do not keep it')
  })

const erase = withLedger(withConnection(new Command('erase')))
  .description(
    'erase everything recorded about a person; waits for holds, and for a second person where that is asked for',
  )
  .argument('<subject>', 'the id of the person')
  .option('--ground <code>', 'gdpr_17_1_a … gdpr_17_1_f, or other')
  .option('--reason <words>', 'why; it is sealed with the erasure')
  .option('--request <id>', 'the request it answers')
  .addHelpText(
    'after',
    '\nExample:\n  deponent subject erase applicant-7 --ground gdpr_17_1_a --request r-0123456789abcdef',
  )
  .action(async (subject: string, options: EraseOptions) => {
    const { ground, reason, request } = options
    const handle = await handleOf(options, subject)
    const body = JSON.stringify({
      ...(ground !== undefined && { ground }),
      ...(reason !== undefined && { reason }),
      ...(request !== undefined && { requestRef: request }),
    })
    await asked<{ erasureId: string; status: string }>(
      options,
      (connection) => connection.send('DELETE', `/v1/subjects/${handle}`, body),
      ({ erasureId, status }) => `${erasureId} is ${status}`,
    )
  })

const merge = withLedger(withConnection(new Command('merge')))
  .description('say that two ids are one person; what is asked of either is from then on asked of both')
  .argument('<from>', 'one id')
  .argument('<into>', 'the other')
  .requiredOption('--reason <words>', 'how that is known; it is recorded')
  .addHelpText(
    'after',
    '\nExample:\n  deponent subject merge applicant-7 customer-12 --reason "one passport"',
  )
  .action((from: string, into: string, options: AskingOptions & { reason: string }) =>
    asked<{ mergeId: string; handles: string[] }>(
      options,
      (connection) =>
        connection.post('/v1/subjects:merge', JSON.stringify({ from, into, reason: options.reason })),
      ({ handles, mergeId }) => `${mergeId}: one person under ${handles.length} ids`,
    ),
  )

export const subject = new Command('subject')
  .description('what is kept of one person: shown, exported, erased, joined')
  .addCommand(show.exitOverride())
  .addCommand(exportCommand.exitOverride())
  .addCommand(erase.exitOverride())
  .addCommand(merge.exitOverride())
