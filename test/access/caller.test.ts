import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { AccessControl } from '../../packages/server/src/access/access-control.ts'
import { type Caller, callerOf } from '../../packages/server/src/access/caller.ts'
import { DEFAULT_POLICY } from '../../packages/server/src/access/default-policy.ts'
import type { Role } from '../../packages/server/src/access/role.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'

const by = { id: 'i-0', name: 'Grace', role: 'admin' }
const clock = new TestClock()
let control: AccessControl

beforeAll(async () => {
  control = await AccessControl.open({
    disk: realDisk,
    clock,
    random: realRandom,
    data: await mkdtemp(join(tmpdir(), 'deponent-caller-')),
    ledger: 'default',
    record: () => Promise.resolve(0),
    remembered: () => undefined,
    remember: () => undefined,
  })
})

async function callerWith(roles: Role[], systems: string[] | null = null): Promise<Caller> {
  const asked = { name: 'x', roles, systems, period: {}, purposes: null, expiresAt: null }
  const { token } = await control.make(asked, by)
  return callerOf(control, control.holderOf(token)!, () => clock.now())
}

describe('groups', () => {
  test('may be of any size for whoever may see each decision in them', async () => {
    expect((await callerWith(['auditor'])).smallCells('aggregate', false)).toBeUndefined()
    expect((await callerWith(['auditor'], ['credit'])).smallCells('sql', false)).toBeUndefined()
  })

  test('must be large for whoever may not, also where two roles reach differently far', async () => {
    expect((await callerWith(['operator'])).smallCells('aggregate', false)).toBe(10)
    const rules = [
      ...DEFAULT_POLICY.rules,
      {
        role: 'writer' as const,
        actions: ['list' as const],
        fields: ['plain' as const],
        systems: ['credit'],
        purpose: false,
      },
      {
        role: 'writer' as const,
        actions: ['sql' as const],
        fields: ['plain' as const],
        systems: null,
        purpose: false,
      },
    ]
    await control.changePolicy({ ...control.policy, rules }, 'a test', by)
    const mixed = await callerWith(['operator', 'writer'])
    expect(mixed.smallCells('aggregate', false)).toBe(10)
    expect(mixed.smallCells('sql', false)).toBe(10)
  })
})

describe('an actor', () => {
  test('is named in the role that allows what was done', async () => {
    const caller = await callerWith(['operator', 'auditor'])
    expect(caller.actor('reveal')).toMatchObject({ role: 'auditor' })
    expect(caller.actor('metrics')).toMatchObject({ role: 'operator' })
    expect(caller.actor('keys')).toMatchObject({ role: 'operator' })
  })
})
