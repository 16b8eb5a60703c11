/** The static files of the dashboard; every address that is not a file is the application itself. */
import { extname, normalize } from 'node:path'
import type { ServerServices } from '../call.ts'
import { Problem } from '../problem.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}

export async function getDashboard(
  request: Request,
  { disk, dashboardDirectory }: Pick<ServerServices, 'disk' | 'dashboardDirectory'>,
): Promise<Response> {
  const path = pathOf(request)
  const isFile = path.startsWith('/assets/') || (extname(path) !== '' && path.lastIndexOf('/') === 0)
  const bytes = extname(path) !== '' && isFile ? await disk.read(`${dashboardDirectory}${path}`) : undefined
  if (isFile && !bytes) throw new Problem(404, 'not_found', 'no such file')
  const page = bytes ?? (await disk.read(`${dashboardDirectory}/index.html`))
  if (!page) throw new Problem(404, 'dashboard_missing', 'the dashboard is not built; run npm run build')
  const type = TYPES[isFile ? extname(path) : '.html'] ?? 'application/octet-stream'
  const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  return new Response(new Uint8Array(page), { headers: { 'Content-Type': type, 'Cache-Control': cache } })
}

/** The path decoded; one that says less than it means (`..`, `//`, a NUL) is refused. */
function pathOf(request: Request): string {
  let path = ''
  try {
    path = decodeURIComponent(new URL(request.url).pathname)
  } catch {
    // Malformed percent-encoding: refused below.
  }
  if (path === '' || path.includes('\0') || normalize(path) !== path)
    throw new Problem(400, 'bad_path', 'the path is malformed')
  return path
}
