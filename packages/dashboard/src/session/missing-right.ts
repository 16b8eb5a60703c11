/** Which right a refused request lacked, in words: the server says that one is missing, the address says which. */
import { RIGHTS } from './shape.ts'
import type { Action } from './shape.ts'

/** The first that fits counts. */
const NEEDED: readonly [method: RegExp, path: RegExp, action: Action][] = [
  [/GET/, /^\/v1\/decisions\/[^/]+\/access$/, 'access'],
  [/GET/, /^\/v1\/decisions\/[^/]+\/(proof)$/, 'prove'],
  [/GET/, /^\/v1\/decisions\/[^/]+\/bundle$/, 'export'],
  [/POST/, /^\/v1\/bundles$/, 'export'],
  [/GET/, /^\/v1\/decisions\/[^/]+/, 'read'],
  [/GET/, /^\/v1\/decisions$/, 'list'],
  [/POST/, /^\/v1\/subjects:lookup$/, 'lookup'],
  [/GET/, /^\/v1\/subjects\/[^/]+\/access$/, 'own_access'],
  [/GET/, /^\/v1\/subjects\/[^/]+\/export$/, 'own_export'],
  [/GET/, /^\/v1\/subjects\/[^/]+\/decisions$/, 'list'],
  [/GET/, /^\/v1\/(subjects\/[^/]+|requests(\/[^/]+)?)$/, 'persons'],
  [/POST/, /^\/v1\/(requests|subjects)/, 'rights'],
  [/DELETE/, /^\/v1\/subjects\/[^/]+$/, 'erase'],
  [/GET/, /^\/v1\/erasures/, 'erasures'],
  [/POST/, /^\/v1\/erasures/, 'erase'],
  [/GET/, /^\/v1\/holds/, 'holds'],
  [/POST/, /^\/v1\/holds/, 'hold'],
  [/GET/, /^\/v1\/(stats\/coverage|emitters|tiers)$/, 'status'],
  [/GET/, /^\/v1\/(aggregate|stats\/)/, 'aggregate'],
  [/GET/, /^\/v1\/(models|datasets|lineage|assess)/, 'models'],
  [/GET/, /^\/v1\/systems(\/[^/]+\/fields)?$/, 'systems'],
  [/POST/, /^\/v1\/systems\/[^/]+\/fields:preview$/, 'privacy'],
  [/GET/, /^\/v1\/privacy$/, 'settings'],
  [/PUT/, /^\/v1\/privacy$/, 'privacy'],
  [/GET/, /^\/v1\/access$/, 'access'],
  [/./, /^\/v1\/keys/, 'keys'],
  [/GET/, /^\/v1\/policy$/, 'settings'],
  [/PUT/, /^\/v1\/policy$/, 'policy'],
  [/POST/, /^\/v1\/ledgers\/[^/]+\/archive$/, 'ledgers'],
  [/GET/, /^\/v1\/(settings|retention|storage|storage\/cost)$/, 'settings'],
  [/GET/, /^\/v1\/retention\/runs$/, 'erasures'],
  [/./, /^\/v1\/retention/, 'retention'],
  [/GET/, /^\/v1\/tiers$/, 'status'],
  [/POST/, /^\/v1\/tiers\//, 'operate'],
  [/GET/, /^\/ledgers\//, 'ledger'],
]

/** The right a request asks for; undefined where any key will do. */
export function rightFor(method: string, path: string): Action | undefined {
  const [bare = ''] = path.split('?')
  return NEEDED.find(([methods, paths]) => methods.test(method) && paths.test(bare))?.[2]
}

/** What is missing, as a sentence; undefined when the refusal is about something else. */
export function missingRight(code: unknown, method: string, path: string): string | undefined {
  if (code !== 'forbidden') return undefined
  const right = rightFor(method, path)
  return right && `The roles of your key do not let you ${RIGHTS[right]} (right “${right}”).`
}
