/** Deployments as they are drawn: a lane for each place, on one scale of time. */
import type { Deployment } from './life.ts'

interface Lane {
  readonly system: string
  readonly environment: string
  readonly deployments: readonly Deployment[]
}

export function lanesOf(deployments: readonly Deployment[]): Lane[] {
  const lanes = new Map<string, Lane>()
  for (const deployment of deployments) {
    const { environment, system } = deployment
    const key = JSON.stringify([environment, system])
    const known = lanes.get(key)?.deployments ?? []
    lanes.set(key, { system, environment, deployments: [...known, deployment] })
  }
  return inOrder([...lanes.values()])
}

/** Production first; the others by name. */
export function inOrder<T extends Pick<Lane, 'environment' | 'system'>>(places: readonly T[]): T[] {
  return places.toSorted((a, b) => (sortText(a) < sortText(b) ? -1 : 1))
}

function sortText({ environment, system }: Pick<Lane, 'environment' | 'system'>): string {
  return `${environment === 'production' ? '0' : '1'} ${environment} ${system}`
}

/** From the first deployment to now, or to what is further: Unix milliseconds, `to` after `from`. */
export function spanOf(deployments: readonly Deployment[], now: number): { from: number; to: number } {
  const moments = deployments
    .flatMap(({ from, to }) => [from, ...(to === null ? [] : [to])])
    .map((time) => Date.parse(time))
  const from = Math.min(...moments)
  return { from, to: Math.max(now, ...moments, from + 1) }
}
