import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseSearch, stringifySearch } from './address.ts'
import type { Search } from './address.ts'
import { Frame } from './frame/frame.tsx'
import { NotFound } from './frame/not-found.tsx'
import { RouteError } from './frame/route-error.tsx'

const rootRoute = createRootRoute({ component: Frame, notFoundComponent: NotFound })

/** Every view keeps all of its state in flat search values. */
const validateSearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(
    Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch,
  component: lazyRouteComponent(() => import('./overview/overview.tsx'), 'Overview'),
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

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    overviewRoute,
    decisionsRoute,
    decisionRoute,
    coverageRoute,
    verifyRoute,
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
