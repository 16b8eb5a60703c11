/**
 * What each attack comes to, as `docs/threat-model.md` says: one mark for each kind of knowledge, in the order of `KNOWLEDGE`. A drill
 * that ends differently is news, good or bad.
 */
export const DOCUMENTED: Readonly<Record<string, string>> = {}
