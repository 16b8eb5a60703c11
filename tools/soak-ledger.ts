// Tells many more stories of ledger, keyring, vault segments and erasures on failing disks than the tests have time for.
//
//   npm run soak -- [--stories N] [--from SEED] [--only ledger|vault|grown|tenant|keyring|segments|erasure]
//
// Each story is told from its seed alone: one that breaks a promise is printed with its seed, and told again by
// `--from SEED --stories 1 --only …`. Exit code 1 when a promise was broken.

import { parseArgs } from 'node:util'
import { TILE_WIDTH } from '@deponent/format'
import { tellErasureStory } from '../test/erasure/erasure-story.ts'
import { tellGrownLedgerStory, tellLedgerStory } from '../test/ledger/ledger-story.ts'
import { Tally } from '../test/platform/lives.ts'
import { tellTenantStory } from '../test/recording/tenant-story.ts'
import { tellKeyringStory } from '../test/vault/keyring-story.ts'
import { tellSegmentsStory } from '../test/vault/segments-story.ts'

type Tell = (seed: number, tally: Tally) => Promise<void>

/** A ledger whose first tile of the second level fills up early in its troubles. */
const tellGrown: Tell = (seed, tally) =>
  tellGrownLedgerStory(seed, tally, TILE_WIDTH ** 2 - 1 - (seed % (2 * TILE_WIDTH)))

/** One of so many stories is of this kind; a grown ledger takes a hundred times as long to tell. */
const SUBJECTS: { name: string; tell: Tell; every: number }[] = [
  { name: 'ledger', tell: (seed, tally) => tellLedgerStory(seed, tally, 'memory'), every: 1 },
  { name: 'vault', tell: (seed, tally) => tellLedgerStory(seed, tally, 'vault'), every: 1 },
  { name: 'grown', tell: tellGrown, every: 100 },
  { name: 'tenant', tell: tellTenantStory, every: 2 },
  { name: 'keyring', tell: tellKeyringStory, every: 1 },
  { name: 'segments', tell: tellSegmentsStory, every: 1 },
  { name: 'erasure', tell: tellErasureStory, every: 2 },
]

const { values } = parseArgs({
  options: {
    stories: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const [stories, from] = [Number(values.stories), Number(values.from)]
const chosen = SUBJECTS.filter(({ name }) => values.only === undefined || values.only === name)
if (!Number.isSafeInteger(stories) || !Number.isSafeInteger(from) || chosen.length === 0) {
  console.error(
    'usage: npm run soak -- [--stories N] [--from SEED] [--only ledger|vault|grown|tenant|keyring|segments|erasure]',
  )
  process.exit(2)
}

let broken = 0
for (const { name, tell, every } of chosen) {
  const tally = new Tally()
  const count = Math.ceil(stories / every)
  for (let seed = from; seed < from + count; seed += 1) {
    await tell(seed, tally).catch((error: unknown) => {
      broken += 1
      console.log(`${name} ${seed}: ${error instanceof Error ? error.message : String(error)}\n`)
    })
  }
  const counted = [...tally.counts].map(([what, times]) => `${what} ${times}`).join(', ')
  console.log(`${name}: ${count} stories from seed ${from} (${counted})`)
}
console.log(broken === 0 ? 'every promise was kept' : `${broken} stories broke a promise`)
process.exitCode = broken === 0 ? 0 : 1
