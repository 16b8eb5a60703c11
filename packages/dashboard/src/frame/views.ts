/** Which views a reader has. The server decides about every answer; this is so that nobody is led to a closed door. */
import type { Action, Session } from '../session/shape.ts'

export interface View {
  readonly to:
    | '/'
    | '/decisions'
    | '/models'
    | '/coverage'
    | '/verify'
    | '/access'
    | '/access/policy'
    | '/access/keys'
    | '/storage'
    | '/settings'
    | '/person'
    | '/erasures'
    | '/holds'
    | '/systems'
  readonly name: string
  /** The letter that goes there after `g`. */
  readonly key: string
  /** Other addresses that belong to it, with all below them. */
  readonly also?: readonly string[]
}

/** The views of a session, in the order of the navigation. */
export function viewsFor(session: Session): readonly View[] {
  if (isOwnReader(session))
    return [
      { to: '/', name: 'My decisions', key: 'o' },
      { to: '/verify', name: 'Verify', key: 'v' },
    ]
  const may = (...actions: readonly Action[]) => actions.some((action) => session.actions.includes(action))
  return [
    { to: '/', name: 'Overview', key: 'o' },
    ...(may('list') ? [{ to: '/decisions', name: 'Decisions', key: 'd' } as const] : []),
    ...(may('models') ? [{ to: '/models', name: 'Models', key: 'm' } as const] : []),
    ...(may('status') ? [{ to: '/coverage', name: 'Coverage', key: 'c' } as const] : []),
    ...privacyView(may),
    { to: '/verify', name: 'Verify', key: 'v' },
    ...accessView(may),
    ...(may('settings') ? [{ to: '/storage', name: 'Storage', key: 'b' } as const] : []),
    ...(may('settings', 'ledgers') ? [{ to: '/settings', name: 'Settings', key: 's' } as const] : []),
  ]
}

/** What the privacy page has for the reader, in its order. */
export function privacyParts(may: (...actions: readonly Action[]) => boolean): readonly Part[] {
  return [
    ...(may('persons') ? [{ to: '/person', name: 'People' } as const] : []),
    ...(may('erasures') ? [{ to: '/erasures', name: 'Erasures', also: ['/erasure'] } as const] : []),
    ...(may('holds') ? [{ to: '/holds', name: 'Holds' } as const] : []),
    ...(may('systems') ? [{ to: '/systems', name: 'Fields' } as const] : []),
  ]
}

/** A part of a view that has an address of its own. */
export type Part = Pick<View, 'to' | 'name' | 'also'>

function privacyView(may: (...actions: readonly Action[]) => boolean): readonly View[] {
  const parts = privacyParts(may)
  const [first] = parts
  if (first === undefined) return []
  const also = parts.flatMap(({ to, also: more = [] }) => [to, ...more])
  return [{ to: first.to, name: 'Privacy', key: 'p', also }]
}

/** Whether an address belongs to a view or a part of one. */
export function isWithin(path: string, { to, also = [] }: Part): boolean {
  return [to, ...also].some((place) => path === place || (place !== '/' && path.startsWith(`${place}/`)))
}

/** The first part of the access page that is open to the reader. */
function accessView(may: (...actions: readonly Action[]) => boolean): readonly View[] {
  const view = { name: 'Access', key: 'a' } as const
  if (may('access')) return [{ ...view, to: '/access' }]
  if (may('keys')) return [{ ...view, to: '/access/keys' }]
  return may('settings') ? [{ ...view, to: '/access/policy' }] : []
}

/** Whether this is a person who reads what is about them, and nothing else. */
export function isOwnReader({ identity }: Session): boolean {
  return identity.subject !== undefined
}
