/** People with keys who ask a server. */
import { expect } from 'vitest'
import type { ServerProcess } from './server-process.ts'

export class KeyHolders {
  readonly #server: () => ServerProcess
  readonly #keys = new Map<string, string>()

  constructor(server: () => ServerProcess) {
    this.#server = server
  }

  /** Makes a key of this name. */
  async make(name: string, roles: readonly string[], more: object = {}): Promise<void> {
    const response = await this.#server().post('/v1/keys', { name, roles, ...more })
    expect(response.status).toBe(201)
    this.#keys.set(name, ((await response.json()) as { key: string }).key)
  }

  /** A request of theirs. */
  as(
    name: string,
    more: Record<string, string> = {},
    rest: RequestInit = {},
  ): RequestInit & { headers: Record<string, string> } {
    return { ...rest, headers: { Authorization: `Bearer ${this.#keys.get(name)}`, ...more } }
  }

  async post(name: string, path: string, body: unknown, status = 201): Promise<Record<string, never>> {
    const text = await this.#text(path, this.posting(name, body), status)
    return JSON.parse(text) as Record<string, never>
  }

  posting(name: string, body: unknown, more: Record<string, string> = {}): RequestInit {
    const asked = { method: 'POST', body: JSON.stringify(body) }
    return this.as(name, { 'Content-Type': 'application/json', ...more }, asked)
  }

  async get<T>(name: string, path: string, more: Record<string, string> = {}): Promise<T> {
    return JSON.parse(await this.#text(path, this.as(name, more), 200)) as T
  }

  async #text(path: string, request: RequestInit, status: number): Promise<string> {
    const response = await this.#server().fetch(path, request)
    const text = await response.text()
    expect({ status: response.status, text }).toEqual({ status, text })
    return text
  }
}
