/** A whole server in this process, for benchmarks that ask it things. */
import { join } from 'node:path'
import { type App, startApp } from '../packages/server/src/app.ts'
import type { Decision } from './decisions/workload.ts'

/** Starts it over a fresh directory in `folder`; close it before the folder is removed. */
export function runningApp(folder: string): Promise<App> {
  return startApp({
    directory: join(folder, 'data'),
    host: '127.0.0.1',
    port: 0,
    signerDirectory: join(folder, 'signer'),
    diagnose: (message, details) => console.error(message, details ?? ''),
  })
}

/** Headers of a request as the first identity. */
export function headersOf({ adminToken }: App): Record<string, string> {
  return { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' }
}

const BATCH = 500

/** Sends decisions over HTTP and waits until the index has them; gives their entry ids. @throws Error unless all are recorded */
export async function record(app: App, workload: readonly Decision[]): Promise<string[]> {
  const ids: string[] = []
  for (let done = 0; done < workload.length; done += BATCH) {
    const body = JSON.stringify(workload.slice(done, done + BATCH))
    const response = await fetch(`${app.url}/v1/decisions`, { method: 'POST', headers: headersOf(app), body })
    if (response.status !== 201) throw new Error(`answered ${response.status}`)
    const { receipts } = (await response.json()) as { receipts: { id: string }[] }
    ids.push(...receipts.map(({ id }) => id))
  }
  const { projection, tenant } = app.ledgers.default
  await projection.visible(tenant.ledger.size - 1)
  return ids
}
