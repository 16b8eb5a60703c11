/**
 * The HTTP contract: one table from which the router, the access check, the record of looks and the OpenAPI document are made. A
 * route that is not in this table does not exist.
 */
import type { Route } from './route.ts'
import { ACCESS } from './routes/access.ts'
import { ARTIFACTS } from './routes/artifacts.ts'
import { ERASURE } from './routes/erasure.ts'
import { FINDING } from './routes/finding.ts'
import { HOLDS } from './routes/holds.ts'
import { LEDGER } from './routes/ledger.ts'
import { MODELS } from './routes/models.ts'
import { PERSONS } from './routes/persons.ts'
import { PRIVACY } from './routes/privacy.ts'
import { RETENTION } from './routes/retention.ts'
import { RECORDING } from './routes/recording.ts'
import { STORAGE } from './routes/storage.ts'
import { TIERS } from './routes/tiers.ts'
import { TELEMETRY } from './routes/telemetry.ts'

export const ROUTES: readonly Route[] = [
  ...RECORDING,
  ...TELEMETRY,
  ...ARTIFACTS,
  ...FINDING,
  ...MODELS,
  ...PERSONS,
  ...HOLDS,
  ...ACCESS,
  ...ERASURE,
  ...PRIVACY,
  ...RETENTION,
  ...STORAGE,
  ...TIERS,
  ...LEDGER,
]
