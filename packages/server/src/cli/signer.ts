import { Command, Option } from 'commander'
import { SignerProcess } from '../ledger/signer-process.ts'
import { realDisk } from '../platform/disk.ts'
import { listenLocal } from '../platform/local-socket.ts'
import { realRandom } from '../platform/random.ts'
import { holdLock } from '../platform/state-store.ts'
import { print, stopSignal } from '../platform/terminal.ts'
import { diagnostics } from './diagnostics.ts'
import { withData } from './options.ts'

interface SignerOptions {
  data: string
  state: string
  socket: string
  ledger: string
}

export const signer = withData(new Command('signer'))
  .description('sign the checkpoints of a ledger in a process of its own, which alone holds the key')
  .addOption(
    new Option('--state <dir>', 'where the signer keeps its key and its last checkpoint')
      .env('DEPONENT_SIGNER_STATE')
      .makeOptionMandatory(),
  )
  .addOption(
    new Option(
      '--socket <path>',
      'Unix socket to listen on, for `serve --signer-socket`',
    ).makeOptionMandatory(),
  )
  .option('--ledger <name>', 'the ledger to sign for', 'default')
  .addHelpText(
    'after',
    '\nExample:\n  deponent signer --data ./data --state /var/lib/deponent-signer --socket /run/deponent/signer.sock',
  )
  .action(async ({ data, state, socket, ledger }: SignerOptions) => {
    const stopping = stopSignal()
    const diagnose = diagnostics()
    await realDisk.makeDirectory(state, 0o700)
    const lock = holdLock(`${state}/lock.db`)
    const process = await SignerProcess.open({
      disk: realDisk,
      random: realRandom,
      directory: data,
      ledger,
      state,
      onRefusal: (code, message) => diagnose('the signer refused', { code, message }),
    })
    const listener = await listenLocal(socket, (line) => process.answer(line))
    print(`signer ready at ${socket}`)
    await stopping
    await listener.close()
    lock.release()
  })
