import { HASH_ENGINE } from '@deponent/format'
import { Command } from 'commander'
import { readDirectoryFormat } from '../ledger/identity.ts'
import { realDisk } from '../platform/disk.ts'
import { request } from '../platform/http-client.ts'
import { print } from '../platform/terminal.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './exit.ts'
import { withData } from './options.ts'
import { table } from './table.ts'

/** One thing looked at: what is so, and whether somebody should act. */
interface Observation {
  what: string
  state: 'ok' | 'attention' | 'problem'
  detail: string
}

const FREE_BYTES_LOW = 2 * 1024 ** 3

async function onDirectory(data: string): Promise<Observation[]> {
  const format = await readDirectoryFormat(realDisk, data)
  if (!format)
    return [{ what: 'data directory', state: 'attention', detail: `${data} is not one yet; serve makes it` }]
  const ledgers = Object.entries(format.ledgers).map(([name, { origin }]): Observation => ({
    what: `ledger ${name}`,
    state: 'ok',
    detail: origin,
  }))
  const free = await realDisk.freeBytes(data)
  const rootKey = await realDisk.size(`${data}/keyring/root.key`)
  return [
    {
      what: 'data directory',
      state: 'ok',
      detail: `format ${format.format} (draft: no release promises to read it)`,
    },
    ...ledgers,
    {
      what: 'free space',
      state: free < FREE_BYTES_LOW ? 'attention' : 'ok',
      detail: `${(free / 1024 ** 3).toFixed(1)} GiB`,
    },
    rootKey === undefined
      ? { what: 'root key', state: 'problem', detail: 'missing: no payload can be opened' }
      : {
          what: 'root key',
          state: 'attention',
          detail: 'beside the data it opens; keep a copy elsewhere and restrict who reads this directory',
        },
    {
      what: 'encryption at rest',
      state: 'attention',
      detail:
        'at_rest: host_responsibility (payloads are sealed; the index is not encrypted by this release)',
    },
    { what: 'retention', state: 'attention', detail: 'not configured: nothing is ever deleted' },
    { what: 'witnesses', state: 'attention', detail: "none: verdicts rest on the operator's own key" },
  ]
}

async function onServer(data: string): Promise<Observation> {
  const announced = await realDisk.read(`${data}/state/server.json`)
  if (!announced) return { what: 'server', state: 'ok', detail: 'not running on this directory' }
  const { url } = JSON.parse(new TextDecoder().decode(announced)) as { url: string }
  try {
    const { status, text } = await request(`${url}/readyz`, {}, 2_000)
    return { what: 'server', state: status === 200 ? 'ok' : 'problem', detail: `${url} ${text}` }
  } catch {
    return { what: 'server', state: 'ok', detail: 'not running on this directory' }
  }
}

export const doctor = withData(new Command('doctor'))
  .description('look at this installation and say what needs attention')
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent doctor --data ./data')
  .action(async (options: { data: string; json?: boolean }) => {
    const observations: Observation[] = [
      { what: 'version', state: 'ok', detail: `deponent ${VERSION}, node ${process.versions.node}` },
      { what: 'hash engine', state: HASH_ENGINE === 'simd' ? 'ok' : 'attention', detail: HASH_ENGINE },
      ...(await onDirectory(options.data)),
      await onServer(options.data),
    ]
    print(
      options.json
        ? JSON.stringify({ observations })
        : table(observations.map((observation) => ({ ...observation }))),
    )
    process.exitCode = observations.some(({ state }) => state === 'problem') ? EXIT.negative : EXIT.ok
  })
