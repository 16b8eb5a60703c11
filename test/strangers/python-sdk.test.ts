import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { missingPython, PYTHON, PYTHON_DIRECTORY } from './python-judge.ts'
import { newDirectory, optionalStrangerSuite, run, strangerSuite } from './stranger.ts'

const PACKAGES = join(PYTHON_DIRECTORY, '..', 'packages')
const ENVIRONMENT = { PYTHONPATH: PYTHON_DIRECTORY, PYTHONDONTWRITEBYTECODE: '1' }

strangerSuite('the SDK in Python', missingPython(), () => {
  test('passes its own tests', async () => {
    const { code, stderr } = await run(
      PYTHON,
      ['-m', 'unittest', 'discover', '-s', join(PYTHON_DIRECTORY, 'tests')],
      ENVIRONMENT,
    )
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^Ran \d+ tests/m)
  })

  test('loses and doubles nothing while the server is gone, and leaves a ledger without a gap', async () => {
    const place = await newPlace()
    const spool = newDirectory()
    const before = await ServerProcess.start(place)
    const door = await Door.before(before)
    const application = new Application(door.url, before.key, spool)
    expect(await application.ask('decide 1 30 flush')).toMatchObject({ recorded: 30, waiting: 0 })

    await before.stop()
    const away = await application.ask('decide 31 90 spooled 60')
    expect(away).toMatchObject({ recorded: 30, spooled: 60, lost: 0 })
    expect(await filesIn(spool)).not.toEqual([])

    const after = await ServerProcess.start(place)
    door.leadsTo(after)
    expect(await application.ask('decide 91 100 flush')).toMatchObject({ recorded: 100, spooled: 0, lost: 0 })
    const { verdict } = await application.ask<{ verdict: string }>(
      `verify ${Buffer.from(JSON.stringify(await trustOf(place))).toString('base64')}`,
    )
    expect(verdict).toBe('valid')
    await application.end()
    expect(await filesIn(spool)).toEqual([])

    await after.indexed()
    const { items } = await after.get<{ items: { decisionId: string }[] }>('/v1/decisions?limit=1000')
    expect(items.map(({ decisionId }) => decisionId).toSorted()).toEqual(named(1, 100).toSorted())
    const { emitters, status } = await after.get<Coverage>('/v1/stats/coverage')
    expect({ status, emitters }).toMatchObject({
      status: 'complete',
      emitters: [{ emitter: 'application', missing: 0, lost: 0 }],
    })
    const { items: epochs } = await after.get<Emitters>('/v1/emitters')
    expect(epochs[0]!.epochs[0]).toMatchObject({
      ranges: [[1, 100]],
      chain: { state: 'verified', verifiedTo: 100 },
      closedAt: expect.any(Number),
    })
    await door.close()
    await after.stop()
    const checked = await runCommand(['verify', place.data, '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({ verdict: 'valid' })
  })

  test('that is killed leaves what it spooled to the next process, and its numbers to the ledger', async () => {
    const place = await newPlace()
    const spool = newDirectory()
    const before = await ServerProcess.start(place)
    const first = new Application(before.url, before.key, spool)
    await first.ask('decide 1 10 flush')
    await before.stop()
    await first.ask('decide 11 40 spooled 30')
    await first.kill()

    const after = await ServerProcess.start(place)
    const second = new Application(after.url, after.key, spool)
    await expect.poll(() => filesIn(spool), { timeout: 60_000 }).toEqual([])
    await second.end()
    const { items } = await after.get<Emitters>('/v1/emitters')
    const chained = items.flatMap(({ epochs }) => epochs).find(({ ranges }) => ranges.length > 0)
    expect(chained).toMatchObject({ ranges: [[1, 40]], chain: { state: 'verified', verifiedTo: 40 } })
    await after.stop()
  })
})

/** Undefined where Python can do it; otherwise what is missing. */
function missingUnless(runs: string, missing: string): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', runs], { stdio: 'ignore' })
    return undefined
  } catch {
    return missing
  }
}

const SETUPTOOLS = 'import setuptools; assert int(setuptools.__version__.split(".")[0]) >= 61'
const BUILDS_WHEELS =
  'import setuptools, pip, venv; setuptools.Distribution().get_command_class("bdist_wheel")'
const missingSetuptools =
  missingPython() ?? missingUnless(SETUPTOOLS, 'setuptools 61 or newer is not installed')
const missingWheel =
  missingSetuptools ?? missingUnless(BUILDS_WHEELS, 'pip, venv and what builds wheels are not all installed')

/** A copy, because building leaves files beside what it builds. */
async function copied(): Promise<string> {
  const copy = join(newDirectory(), 'python')
  await cp(PYTHON_DIRECTORY, copy, { recursive: true })
  return copy
}

const USED = `
import deponent, deponent_verify, os
assert os.path.exists(os.path.join(os.path.dirname(deponent.__file__), 'py.typed'))
with deponent.Deponent(sink=deponent.StdoutSink()) as client:
    client.record(model_id='m', prediction=1)
`

optionalStrangerSuite('the Python package', missingSetuptools, () => {
  test('has the number of the other packages', async () => {
    const { version } = JSON.parse(await readFile(join(PACKAGES, 'sdk/package.json'), 'utf8')) as {
      version: string
    }
    const project = await readFile(join(PYTHON_DIRECTORY, 'pyproject.toml'), 'utf8')
    expect(/^version = "(.*)"$/m.exec(project)?.[1]).toBe(version)
  })

  test('is built with every module and its types', async () => {
    const source = await copied()
    const command = `cd "${source}" && ${PYTHON} -c 'import setuptools; setuptools.setup()' -q build --build-lib out`
    expect(await run('bash', ['-c', command])).toMatchObject({ code: 0 })
    const { code, stdout } = await run(PYTHON, ['-c', USED], { PYTHONPATH: join(source, 'out') })
    expect({ code, record: JSON.parse(stdout) }).toMatchObject({ code: 0, record: { prediction: 1 } })
  })
})

optionalStrangerSuite('the Python package, by pip', missingWheel, () => {
  test('is installed without a network', async () => {
    const home = newDirectory()
    expect(await run(PYTHON, ['-m', 'venv', '--system-site-packages', home])).toMatchObject({ code: 0 })
    const inside = join(home, 'bin', 'python')
    const flags = ['--no-index', '--no-build-isolation', '--no-deps', '--quiet']
    const installed = await run(inside, ['-m', 'pip', 'install', ...flags, await copied()])
    expect(installed).toMatchObject({ code: 0 })
    expect(await run(inside, ['-I', '-c', USED])).toMatchObject({ code: 0 })
  })
})

interface Coverage {
  status: string
  emitters: object[]
}

interface Emitters {
  items: { epochs: { ranges: [number, number][] }[] }[]
}

const named = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `loan-${first + i}`)

async function filesIn(spool: string): Promise<string[]> {
  return (await readdir(spool, { recursive: true })).filter((name) => name.endsWith('.batch'))
}

async function trustOf(place: Place): Promise<object> {
  const { ledgers } = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
    ledgers: { default: object }
  }
  return { ledgers: [{ ...ledgers.default, witnesses: [], quorum: 0, timestampRoots: [] }] }
}

/** An address that stays while the server behind it goes and another comes. */
class Door {
  readonly #server: Server
  #port: number

  private constructor(server: Server, port: number) {
    this.#server = server
    this.#port = port
  }

  static async before(behind: ServerProcess): Promise<Door> {
    const server = createServer()
    const door = new Door(server, portOf(behind))
    server.on('connection', (outer) => {
      const inner = connect(door.#port, '127.0.0.1')
      outer.on('error', () => inner.destroy())
      inner.on('error', () => outer.destroy())
      outer.pipe(inner).pipe(outer)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return door
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  leadsTo(behind: ServerProcess): void {
    this.#port = portOf(behind)
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const portOf = ({ url }: ServerProcess): number => Number(new URL(url).port)

/** A program that has its decisions recorded, in a process of its own: it does what it is told and answers with its numbers. */
class Application {
  readonly #child
  readonly #answers

  constructor(url: string, key: string, spool: string) {
    this.#child = spawn(PYTHON, ['-c', SOURCE, url, key, spool], {
      env: { ...process.env, ...ENVIRONMENT },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ask<T = Record<string, number>>(words: string): Promise<T> {
    this.#child.stdin.write(`${words}\n`)
    const { value } = (await this.#answers.next()) as { value: string | undefined }
    if (value === undefined) throw new Error(`the application ended at "${words}"`)
    return JSON.parse(value) as T
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    await this.#over()
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#over()
  }

  async #over(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await new Promise((resolve) => this.#child.once('exit', resolve))
  }
}

const SOURCE = `
import base64, json, logging, sys, time
from deponent import Deponent, Spool

logging.getLogger('deponent').setLevel('CRITICAL')
url, key, directory = sys.argv[1:]
deponent = Deponent(url, key, emitter_id='application', batch_size=10, flush_interval=0.05,
                    spool=Spool(directory, plaintext=True))

@deponent.audit(model_id='credit', describe=lambda result, number: {'decision_id': 'loan-%d' % number})
def decide(number):
    return {'score': number / 7, 'words': 'größer'}

for line in sys.stdin:
    words = line.split()
    while words:
        what = words.pop(0)
        if what == 'decide':
            for number in range(int(words.pop(0)), int(words.pop(0)) + 1):
                decide(number)
        elif what == 'flush':
            deponent.flush(60)
        elif what == 'spooled':
            expected = int(words.pop(0))
            while deponent.stats()['spooled'] < expected:
                time.sleep(0.01)
        else:
            trust = base64.b64decode(words.pop(0)).decode()
    print(json.dumps(deponent.verify('loan-50', trust) if what == 'verify' else deponent.stats()), flush=True)
`
