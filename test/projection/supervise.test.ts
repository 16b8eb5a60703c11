import { describe, expect, test } from 'vitest'
import type {
  ChildExit,
  ChildProcess,
  ChildProcesses,
} from '../../packages/server/src/platform/child-process.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { EngineStopped } from '../../packages/server/src/projection/engine/engine.ts'
import { SupervisedEngine } from '../../packages/server/src/projection/engine/supervise.ts'
import { DEFAULT_SETTINGS } from '../../packages/server/src/projection/settings.ts'

/** A child that lives and dies by word of the test. */
class ScriptedChild implements ChildProcess {
  readonly pid = undefined
  readonly exited: Promise<ChildExit>
  readonly told: { key: string; directory: string }[] = []
  inputClosed = false
  end!: (exit: ChildExit) => void
  ready!: (line: string | undefined) => void
  readonly #line: Promise<string | undefined>

  constructor() {
    this.exited = new Promise((resolve) => {
      this.end = resolve
    })
    this.#line = new Promise((resolve) => {
      this.ready = resolve
    })
  }

  readLine(): Promise<string | undefined> {
    return this.#line
  }

  writeLine(text: string): void {
    this.told.push(JSON.parse(text) as { key: string; directory: string })
  }

  closeInput(): void {
    this.inputClosed = true
  }

  kill(): void {
    this.ready(undefined)
    this.end({ code: null, signal: 'SIGKILL' })
  }

  errorTail(): string {
    return 'last words'
  }
}

class ScriptedProcesses implements ChildProcesses {
  readonly children: ScriptedChild[] = []
  readonly environments: Readonly<Record<string, string>>[] = []

  start(_script: URL, environment: Readonly<Record<string, string>>): ChildProcess {
    this.environments.push(environment)
    const child = new ScriptedChild()
    this.children.push(child)
    return child
  }

  get newest(): ScriptedChild {
    const child = this.children.at(-1)
    if (!child) throw new Error('nothing was started')
    return child
  }
}

function newEngine() {
  const processes = new ScriptedProcesses()
  const clock = new TestClock()
  const engine = new SupervisedEngine({
    directory: '/index',
    limits: DEFAULT_SETTINGS.limits,
    processes,
    clock,
    random: new SeededRandom(1),
  })
  return { engine, processes, clock }
}

/** Lets everything that is ready to run, run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

async function started() {
  const world = newEngine()
  const starting = world.engine.start()
  world.processes.newest.ready('4711')
  await starting
  return world
}

describe('the supervisor', () => {
  test('tells the child its key by pipe, never by environment', async () => {
    const { engine, processes } = await started()
    const { key } = processes.newest.told[0]!
    expect(engine.address).toEqual({
      generation: 1,
      url: 'http://127.0.0.1:4711',
      username: 'deponent',
      password: key,
    })
    expect(key).toHaveLength(32)
    expect(JSON.stringify(processes.environments)).not.toContain(key)
  })

  test('has at most one child alive, and gives each its own key', async () => {
    const { processes, clock } = await started()
    processes.newest.kill()
    await settle()
    expect(processes.children).toHaveLength(1)
    clock.advance(10_000)
    await settle()
    expect(processes.children).toHaveLength(2)
    expect(processes.children[1]!.told[0]!.key).not.toBe(processes.children[0]!.told[0]!.key)
  })

  test('waits longer for each child that dies young, up to ten seconds, and forgets it when one grows old', async () => {
    const { engine, processes, clock } = await started()
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      const before = processes.children.length
      processes.newest.kill()
      await settle()
      let waited = 0
      while (processes.children.length === before) {
        clock.advance(100)
        waited += 100
        await settle()
      }
      waits.push(waited)
      processes.newest.ready('4711')
      await settle()
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000])
    clock.advance(30_000)
    processes.newest.kill()
    await settle()
    expect(engine.state).toBe('restarting')
    clock.advance(100)
    await settle()
    expect(processes.children).toHaveLength(11)
  })

  test('has no address while nobody listens, and hands the new one to whoever waits', async () => {
    const { engine, processes, clock } = await started()
    processes.newest.kill()
    await settle()
    expect(engine.address).toBeUndefined()
    expect(engine.trouble).toContain('last words')
    const waiting = engine.whenReady()
    clock.advance(1_000)
    await settle()
    processes.newest.ready('4712')
    expect(await waiting).toMatchObject({ generation: 2, url: 'http://127.0.0.1:4712' })
  })

  test('gives up on a first child that does not open its data, and says why', async () => {
    const { engine, processes } = newEngine()
    const starting = engine.start()
    processes.newest.ready(undefined)
    processes.newest.end({ code: 75, signal: null })
    await expect(starting).rejects.toThrow(EngineStopped)
    await expect(engine.whenReady()).rejects.toThrow('exit 75')
    expect(processes.children).toHaveLength(1)
  })

  test('asks the child to leave, and ends it when it does not', async () => {
    const { engine, processes, clock } = await started()
    const waiting = engine.stop()
    await settle()
    expect(processes.newest.inputClosed).toBe(true)
    clock.advance(5_000)
    await waiting
    expect(await processes.newest.exited).toEqual({ code: null, signal: 'SIGKILL' })
    await expect(engine.whenReady()).rejects.toThrow(EngineStopped)
  })

  test('starts nobody after it was stopped in between', async () => {
    const { engine, processes, clock } = await started()
    processes.newest.kill()
    await settle()
    const stopping = engine.stop()
    clock.advance(20_000)
    await stopping
    clock.advance(20_000)
    await settle()
    expect(processes.children).toHaveLength(1)
  })
})
