import { Command } from 'commander'
import { utf8 } from '@deponent/format'
import { realDisk } from '../platform/disk.ts'
import { note, print } from '../platform/terminal.ts'
import { connect, type ConnectionOptions, jsonOf } from './connection.ts'
import { withConnection, withLedger } from './options.ts'

interface ProveOptions extends ConnectionOptions {
  epoch?: string
  from?: string
  to?: string
  out?: string
  json?: boolean
}

const emitter = withLedger(withConnection(new Command('emitter')))
  .description('write a file that shows which numbers of an emitter the ledger has, for a stranger to check')
  .argument('<name>', 'the emitter')
  .option('--epoch <number>', 'which of its epochs; without it the one heard from last')
  .option('--from <number>', 'first number; without it the first there is')
  .option('--to <number>', 'last number; without it the last the emitter stated a head for')
  .option('--out <file>', 'where to write it; without it standard output')
  .addHelpText(
    'after',
    '\nExample:\n  deponent prove emitter checkout-1 --from 1 --to 500 --out checkout-1.json\n  deponent verify checkout-1.json --trust trust.json --ledger ./data',
  )
  .action(async (name: string, options: ProveOptions) => {
    const connection = await connect(options)
    try {
      const query = new URLSearchParams()
      for (const member of ['epoch', 'from', 'to'] as const) {
        const value = options[member]
        if (value !== undefined) query.set(member, value)
      }
      const answer = await connection.get(
        `/v1/emitters/${encodeURIComponent(name)}/proof?${query.toString()}`,
      )
      const { claim, entries, losses } = jsonOf(answer) as {
        claim: { epoch: number; from: number; to: number }
        entries: unknown[]
        losses: unknown[]
      }
      if (options.out === undefined) print(answer.text.trimEnd())
      else {
        await realDisk.write(options.out, utf8(answer.text))
        if (options.json) print(JSON.stringify({ out: options.out, claim }))
      }
      note(
        `${name}, epoch ${claim.epoch}, numbers ${claim.from} to ${claim.to}: ${entries.length} entries, ${losses.length} declared losses`,
      )
    } finally {
      await connection.close()
    }
  })

export const prove = new Command('prove')
  .description('show a stranger something about this ledger')
  .addCommand(emitter.exitOverride())
