/** What an MLflow tracking server has kept, by its REST API: versions of models, runs and traces of all experiments, page by page. */
import type { JsonObject } from '@deponent/format'
import type { RowReading } from '../ingest/source-row.ts'
import { askService, rowsOfPage } from './import-pages.ts'

const PAGE_ROWS = 100

/** Credentials, where the server wants some: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. */
export async function* mlflowHistory(url: string): AsyncGenerator<RowReading> {
  const experiments: string[] = []
  for await (const { row } of pages(`${url}/api/2.0/mlflow/experiments/search`, 'experiments', {})) {
    const id = row?.values.experiment_id
    if (typeof id === 'string') experiments.push(id)
  }
  let line = 0
  for await (const row of all()) {
    line += 1
    yield row.row === undefined ? { ...row, line } : { row: { ...row.row, line } }
  }

  async function* all(): AsyncGenerator<RowReading> {
    yield* pages(`${url}/api/2.0/mlflow/model-versions/search`, 'model_versions', undefined)
    for (const id of experiments) {
      yield* pages(`${url}/api/2.0/mlflow/runs/search`, 'runs', { experiment_ids: [id] })
      const locations = [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: id } }]
      yield* pages(`${url}/api/3.0/mlflow/traces/search`, 'traces', { locations })
    }
  }
}

/** `body`: of a search that is posted; undefined where it is asked for. */
async function* pages(
  address: string,
  member: string,
  body: JsonObject | undefined,
): AsyncGenerator<RowReading> {
  let token: string | undefined
  do {
    const { page } = await askService(...requestFor(address, body, token))
    yield* rowsOfPage(page[member], 0)
    const next: unknown = page.next_page_token
    token = typeof next === 'string' && next !== '' ? next : undefined
  } while (token !== undefined)
}

function requestFor(
  address: string,
  body: JsonObject | undefined,
  token: string | undefined,
): [string, RequestInit] {
  const headers = { 'Content-Type': 'application/json', ...authorization() }
  const paging = { max_results: PAGE_ROWS, ...(token !== undefined && { page_token: token }) }
  if (body !== undefined)
    return [address, { method: 'POST', headers, body: JSON.stringify({ ...body, ...paging }) }]
  const query = new URLSearchParams({
    max_results: `${PAGE_ROWS}`,
    ...(token !== undefined && { page_token: token }),
  })
  return [`${address}?${query.toString()}`, { headers }]
}

function authorization(): Record<string, string> {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: secret,
  } = process.env
  if (token !== undefined) return { Authorization: `Bearer ${token}` }
  if (name === undefined) return {}
  return { Authorization: `Basic ${Buffer.from(`${name}:${secret ?? ''}`).toString('base64')}` }
}
