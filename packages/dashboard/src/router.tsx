import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router'
import { parseSearch, stringifySearch } from './address.ts'
import type { Search } from './address.ts'
import { Frame } from './frame/frame.tsx'
import { NotFound } from './frame/not-found.tsx'
import { RouteError } from './frame/route-error.tsx'

/** Every view keeps all of its state in flat search values. */
const validateSearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(
    Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )

interface RootSearch {
  /** The ledger that is looked at; the key's own, or the first, when absent. */
  readonly ledger?: string | undefined
}

const rootRoute = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  validateSearch: ({ ledger }: Record<string, unknown>): RootSearch =>
    typeof ledger === 'string' && ledger !== '' ? { ledger } : {},
  // A link inside the page stays in its ledger.
  search: { middlewares: [retainSearchParams<RootSearch>(['ledger'])] },
})

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch,
  component: lazyRouteComponent(() => import('./frame/home.tsx'), 'Home'),
})

const decisionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/decisions',
  validateSearch,
  component: lazyRouteComponent(() => import('./decisions/decisions.tsx'), 'Decisions'),
})

const decisionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/decisions/$id',
  validateSearch,
  component: lazyRouteComponent(() => import('./decision/decision.tsx'), 'Decision'),
})

const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  validateSearch,
  component: lazyRouteComponent(() => import('./models/models.tsx'), 'ModelsPage'),
})

const modelRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$model',
  validateSearch,
  component: lazyRouteComponent(() => import('./models/model-page.tsx'), 'ModelPage'),
})

const coverageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/coverage',
  component: lazyRouteComponent(() => import('./coverage/coverage.tsx'), 'CoveragePage'),
})

const verifyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/verify',
  component: lazyRouteComponent(() => import('./verify/verify.tsx'), 'Verify'),
})

const accessRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/access',
  component: lazyRouteComponent(() => import('./access/access.tsx'), 'Access'),
})

const looksRoute = createRoute({
  getParentRoute: () => accessRoute,
  path: '/',
  validateSearch,
  component: lazyRouteComponent(() => import('./access/looks.tsx'), 'Looks'),
})

const keysRoute = createRoute({
  getParentRoute: () => accessRoute,
  path: '/keys',
  component: lazyRouteComponent(() => import('./access/keys.tsx'), 'Keys'),
})

const policyRoute = createRoute({
  getParentRoute: () => accessRoute,
  path: '/policy',
  component: lazyRouteComponent(() => import('./access/policy-page.tsx'), 'PolicyPage'),
})

const storageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/storage',
  validateSearch,
  component: lazyRouteComponent(() => import('./storage/storage.tsx'), 'StoragePage'),
})

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/settings.tsx'), 'Settings'),
})

/** The screens of privacy share a heading; each has an address of its own. */
const privacyRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'privacy',
  component: lazyRouteComponent(() => import('./frame/privacy.tsx'), 'Privacy'),
})

const peopleRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/person',
  validateSearch,
  component: lazyRouteComponent(() => import('./people/people.tsx'), 'People'),
})

const personRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/person/$handle',
  validateSearch,
  component: lazyRouteComponent(() => import('./people/person-page.tsx'), 'PersonPage'),
})

const erasuresRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/erasures',
  validateSearch,
  component: lazyRouteComponent(() => import('./erasure/erasures.tsx'), 'Erasures'),
})

const erasureRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/erasure/$id',
  component: lazyRouteComponent(() => import('./erasure/erasure-page.tsx'), 'ErasurePage'),
})

const holdsRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/holds',
  validateSearch,
  component: lazyRouteComponent(() => import('./holds/holds.tsx'), 'Holds'),
})

const systemsRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/systems',
  component: lazyRouteComponent(() => import('./fields/systems.tsx'), 'SystemsPage'),
})

const systemRoute = createRoute({
  getParentRoute: () => privacyRoute,
  path: '/systems/$system',
  validateSearch,
  component: lazyRouteComponent(() => import('./fields/system-page.tsx'), 'SystemPage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    overviewRoute,
    decisionsRoute,
    decisionRoute,
    modelsRoute,
    modelRoute,
    coverageRoute,
    verifyRoute,
    accessRoute.addChildren([looksRoute, keysRoute, policyRoute]),
    privacyRoute.addChildren([
      peopleRoute,
      personRoute,
      erasuresRoute,
      erasureRoute,
      holdsRoute,
      systemsRoute,
      systemRoute,
    ]),
    storageRoute,
    settingsRoute,
  ]),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: RouteError,
  defaultPreload: 'intent',
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
