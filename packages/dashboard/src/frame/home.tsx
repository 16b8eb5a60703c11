import { Overview } from '../overview/overview.tsx'
import { Own } from '../own/own.tsx'
import { useSession } from '../session/state.ts'
import { isOwnReader } from './views.ts'

/** The first view: of all decisions for whoever may see over them, of their own for a person. */
export function Home() {
  return isOwnReader(useSession()) ? <Own /> : <Overview />
}
