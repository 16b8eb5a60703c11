/** What a route asks of its caller; `open` routes need no key. */
export type Right = 'open' | 'record' | 'read' | 'ledger' | 'metrics'
