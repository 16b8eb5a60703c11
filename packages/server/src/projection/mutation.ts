/** Mutations rewrite parts and may take long; nobody waits for them but the projector. */
export const MUTATION = { mutations_sync: 2, alter_sync: 2, max_execution_time: 900 } as const
