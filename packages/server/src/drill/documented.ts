/**
 * What each attack comes to, as `docs/threat-model.md` says: one mark for each kind of knowledge, in the order of `KNOWLEDGE`. A drill
 * that ends differently is news, good or bad. Where `*` stands it depends on the ledger: a server that starts reads the old tiles it
 * needs and no others.
 */
const DOCUMENTED: Readonly<Record<string, string>> = {
  'alter-entry-byte': '✓✓✓✓✓✓✓*',
  'alter-entry-and-tiles': '✓✓✓✓✓✓✓✓',
  'alter-hash-tile': '✓✓✓✓✓✓✓*',
  'plant-tile': '✓✓✓✓✓✓✓–',
  'alter-payload-byte': '✓✓✓✓✓✓✓–',
  'alter-payload-and-footer': '✓✓✓✓✓✓✓–',
  'swap-payloads': '✓✓✓✓✓✓✓–',
  'delete-segment': '✓✓✓✓✓✓✓–',
  'damage-keyring': '✓✓✓✓✓✓✓–',
  'damage-dictionary': '✓✓✓✓✓✓✓–',
  'remove-root-key': 'iiiiiii–',
  'damage-log': '✓✓✓✓✓✓✓✓',
  'cut-log': '✓✓✓✓✓✓✓✓',
  'change-dedupe-mark': '––––––––',
  'remove-checkpoint': '???????–',
  'strip-cosignatures': '––––?–––',
  'remove-anchors': '––––––––',
  'truncate-files': '✓✓✓✓✓✓✓✓',
  'truncate-to-old-checkpoint': '––✓✓–✓?✓',
  'cut-behind-old-checkpoint': 'iii✓i✓?✓',
  'roll-back': '––✓✓–✓?✓',
  'swap-checkpoint-key': '✓✓✓✓✓✓✓–',
  'swap-promise-key': '–??????–',
  'swap-sizes': '✓–––––––',
  'drop-ledger': '✓✓✓✓✓✓✓✓',
  'add-ledger': '–??????–',
  'substitute-signer': '–✓✓✓✓✓✓✓',
  'substitute-ledger': '–??????✓',
  'forge-hand-over': '✓✓✓✓✓✓✓✓',
  'rewrite-decision': '––✓✓?✓–✓',
  'delete-entry': '––✓✓?✓?✓',
  'delete-entry-leaving-gap': '??✓✓?✓?✓',
  'insert-entry': '––✓✓?✓✓✓',
  'reorder-entries': '––✓✓?✓✓✓',
  'repeat-entry': '✓✓✓✓✓✓✓–',
  'rename-system': '––✓–?✓–✓',
  'shift-times': '––✓✓?✓–✓',
  'rebuild-everything': '––✓✓?✓–✓',
  'truncate-and-sign': '––✓✓?✓?✓',
  'withhold-tail': '–––✓?✓?✓',
  'show-two-ledgers': '–––✓?✓–✓',
  'invent-record': '––––––✓–',
  'backdate-record': '–––––✓✓–',
  'hand-over-keys': '–iii?ii✓',
  'rewrite-decision-with-signer-state': '––✓✓?✓––',
  'roll-back-with-signer-state': '––✓✓–✓?–',
}

/** Whether marks, one for each kind of knowledge, are those the page shows for an attack. */
export function isAsDocumented(attack: string, marks: readonly string[]): boolean {
  const documented = Array.from(DOCUMENTED[attack] ?? '')
  return (
    marks.length === documented.length && documented.every((mark, i) => mark === '*' || mark === marks[i])
  )
}
