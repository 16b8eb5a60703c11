import { expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import { textOf } from './tree.ts'

test('docs/http-api.md explains every route there is, and no other', () => {
  const page = textOf('docs/http-api.md')
  const named = [...page.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[^\s`?|]*)/g)]
  const documented = new Set(named.map(([, method, path = '']) => `${method} ${path}`))
  const routes = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/(?<=\/):(\w+)\*?/g, '{$1}')}`)
  expect([...documented].toSorted()).toEqual(routes.toSorted())
})
