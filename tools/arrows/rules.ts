// Which part of the house may know which, and why. A rule with a reason can be argued with; one without is only obeyed.
//
// Places are paths without `packages/` and `src/`: `format`, `server/ledger`, `server/app.ts`. A place covers
// everything below it. `npm:NAME` is a package from outside, `node:NAME` a part of Node, `*` anything at the end.

export interface ForbiddenArrow {
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Places under `from` that may, all the same. */
  readonly unlessFrom?: readonly string[]
  /** Places under `to` that are allowed, all the same. */
  readonly unlessTo?: readonly string[]
  readonly why: string
}

export const FORBIDDEN_ARROWS: readonly ForbiddenArrow[] = [
  {
    from: ['format'],
    to: ['sdk', 'server', 'dashboard'],
    why: 'a stranger must be able to verify with the format package alone',
  },
  {
    from: ['format'],
    to: ['npm:*'],
    unlessTo: ['npm:@noble/*'],
    why: 'what must be readable in twenty years leans on nothing but audited cryptography',
  },
  {
    from: ['format'],
    to: ['node:*'],
    why: 'the same verifier runs in browsers, and a pure function cannot be lied to by its surroundings',
  },
  {
    from: ['sdk'],
    to: ['server', 'dashboard', 'npm:*'],
    why: 'applications import the SDK: it brings no server and no dependency into their house',
  },
  {
    from: ['sdk'],
    to: ['node:*'],
    why: 'it is bundled for browsers and edges too: what a host offers beside web APIs is asked for when it runs',
  },
  {
    from: ['dashboard'],
    to: ['server', 'sdk'],
    why: 'the dashboard trusts the HTTP contract and checks proofs through format; server code would check itself',
  },
  {
    from: ['server'],
    to: ['dashboard'],
    why: 'the server hands out built files and must start without them',
  },
  {
    from: ['server/platform'],
    to: ['server/*'],
    unlessTo: ['server/platform'],
    why: 'the door to the outside knows nobody inside',
  },
  {
    from: ['server/ledger'],
    to: ['server/*'],
    unlessTo: ['server/ledger', 'server/platform'],
    why: 'the ledger is provable for ever: content (vault) can be erased and answers (projection) rebuilt without it',
  },
  {
    from: ['server/vault'],
    to: ['server/*'],
    unlessTo: ['server/vault', 'server/platform'],
    why: 'sealed content is kept and erased whether or not anything was indexed from it',
  },
  {
    from: ['server/projection'],
    to: ['server/*'],
    unlessTo: ['server/projection', 'server/platform'],
    why: 'a projection is disposable: it is handed entries, and nothing durable may depend on how it got them',
  },
  {
    from: ['server/ingest'],
    to: ['server/*'],
    unlessTo: ['server/ingest'],
    why: 'bytes of a dialect become records the same way wherever they are stored, so ingest knows no storage',
  },
  {
    from: ['server/access'],
    to: ['server/*'],
    unlessTo: ['server/access', 'server/platform'],
    why: 'who may do what is decided without looking at what was recorded',
  },
  {
    from: ['server/privacy'],
    to: ['server/*'],
    unlessTo: [
      'server/privacy',
      'server/settings',
      'server/platform',
      'server/vault/classify',
      'server/access/actor.ts',
    ],
    why: 'what becomes of a field is declared before and without looking at any record',
  },
  {
    from: ['server/vault/classify'],
    to: ['server/*'],
    unlessTo: ['server/vault/classify', 'server/vault/hmac.ts'],
    why: 'the same record is classified the same way wherever it comes from, so classifying knows nothing but the record and its policy',
  },
  {
    from: ['server/recording'],
    to: ['server/projection', 'server/access', 'server/rights', 'server/demo'],
    why: 'a record is kept before and without anything that answers questions about it',
  },
  {
    from: ['server/traces'],
    to: ['server/*'],
    unlessTo: [
      'server/traces',
      'server/ingest',
      'server/recording',
      'server/ledger/errors.ts',
      'server/vault/sealed-journal.ts',
      'server/platform',
    ],
    why: 'what waits for the rest of its trace is held and handed on before and without anything that answers questions about it',
  },
  {
    from: ['server/erasure'],
    to: ['server/*'],
    unlessTo: ['server/erasure', 'server/ledger', 'server/vault', 'server/recording', 'server/platform'],
    why: 'what must be gone is found in ledger and vault; the index and whoever asked are reached through what is handed in',
  },
  {
    from: ['server/rights'],
    to: ['server/*'],
    unlessTo: [
      'server/rights',
      'server/recording',
      'server/ledger',
      'server/vault',
      'server/calendar',
      'server/platform',
    ],
    why: 'what a person is told of and asks for comes from the records themselves: an index that lags must not leave anything out',
  },
  {
    from: ['server/labelling'],
    to: ['server/*'],
    unlessTo: ['server/labelling'],
    why: 'the label of a decision and whether it may be used follow from records alone, the same whoever asks and in whatever form it leaves',
  },
  {
    from: ['server/lineage'],
    to: ['server/*'],
    unlessTo: ['server/lineage'],
    why: 'what stood behind a decision is told from records alone, the same wherever these were read and whoever asks',
  },
  {
    from: ['server/settings'],
    to: ['server/*'],
    unlessTo: ['server/settings', 'server/platform', 'server/access/actor.ts'],
    why: 'how settings are kept and changed does not depend on what they are about',
  },
  {
    from: ['server/expiry'],
    to: ['server/*'],
    unlessTo: [
      'server/expiry',
      'server/retention',
      'server/calendar',
      'server/erasure',
      'server/recording',
      'server/ledger',
      'server/vault',
      'server/platform',
      'server/access/actor.ts',
    ],
    why: 'what has had its time is judged by the record itself; the index only says where to look, and is handed in',
  },
  {
    from: ['server/calendar'],
    to: ['server/*'],
    unlessTo: ['server/calendar'],
    why: 'how months are counted is a matter of law and depends on nothing of ours',
  },
  {
    from: ['server/retention'],
    to: ['server/*'],
    unlessTo: [
      'server/retention',
      'server/calendar',
      'server/settings',
      'server/platform',
      'server/access/actor.ts',
    ],
    why: 'when something goes is decided by policies and dates alone, so that a plan can be judged before anything is touched',
  },
  {
    from: ['server/cost'],
    to: ['server/*'],
    unlessTo: ['server/cost'],
    why: 'what is paid is reckoned from sizes and prices alone, so that whoever has both finds the same',
  },
  {
    from: ['server/reproduction'],
    to: ['server/*'],
    unlessTo: ['server/reproduction'],
    why: 'whether a replay gives the same is judged by what was recorded and what was answered alone, whoever ran it',
  },
  {
    from: ['server/sizes'],
    to: ['server/*'],
    unlessTo: [
      'server/sizes',
      'server/platform',
      'server/cost/layer.ts',
      'server/ledger/wal-frame.ts',
      'server/vault/segment.ts',
    ],
    why: 'sizes are those of files as they lie there, also where nothing runs; whoever counts or keeps something elsewhere is handed in',
  },
  {
    from: ['server/offsite'],
    to: ['server/*'],
    unlessTo: [
      'server/offsite',
      'server/erasure/eraser.ts',
      'server/recording/attachment.ts',
      'server/ledger',
      'server/vault',
      'server/platform',
    ],
    why: 'a copy is made of what lies in ledger and vault, whatever that says; what must be put on record of it is handed out',
  },
  {
    from: ['server/evidence'],
    to: ['server/*'],
    unlessTo: ['server/evidence', 'server/ledger', 'server/vault', 'server/platform'],
    why: 'what is handed to a stranger comes from ledger and vault themselves, never from an index of them',
  },
  {
    from: ['dashboard/evidence'],
    to: ['dashboard/*', 'npm:*'],
    unlessTo: ['dashboard/evidence', 'npm:@deponent/format'],
    why: 'the page in an evidence file is read by whoever doubts it: it is the verifier and a little markup, and nothing else',
  },
  {
    from: ['server/check'],
    to: [
      'server/ledger/ledger.ts',
      'server/ledger/publisher.ts',
      'server/ledger/signer.ts',
      'server/ledger/signer-process.ts',
      'server/ledger/signer-remote.ts',
      'server/recording/recorder.ts',
      'server/projection',
      'server/ingest',
      'server/access',
      'server/demo',
    ],
    why: 'a check reads the bytes on disk and distrusts whoever wrote them: it must not ask the running parts',
  },
  {
    from: ['server/residue'],
    to: [
      'server/erasure',
      'server/access',
      'server/ingest',
      'server/evidence',
      'server/demo',
      'server/ledger/ledger.ts',
      'server/recording/recorder.ts',
      'server/vault/vault.ts',
    ],
    why: 'a search for what was forgotten reads the bytes that lie there: it must not ask the parts that should have removed them',
  },
  {
    from: ['server'],
    to: ['server/residue'],
    unlessFrom: ['server/residue', 'server/cli'],
    why: 'an erasure that leaned on the search for what it left would be checked by itself',
  },
  {
    from: ['server/backup'],
    to: ['server/*'],
    unlessTo: [
      'server/backup',
      'server/check',
      'server/erasure/erasure.ts',
      'server/erasure/register.ts',
      'server/ledger',
      'server/platform',
      'server/recording/attachment.ts',
      'server/vault',
    ],
    why: 'a backup is made of the bytes that lie there and put back as them: it must work on a directory that no server opens',
  },
  {
    from: ['server/recovery'],
    to: ['server/*'],
    unlessTo: ['server/recovery', 'server/platform'],
    why: 'a note of a backup is left by whoever made it and read by whoever serves, and neither may know the other',
  },
  {
    from: ['server'],
    to: ['server/backup'],
    unlessFrom: ['server/backup', 'server/cli', 'server/drill'],
    why: 'what serves a ledger must not know where copies of it are: whoever took it over would find them',
  },
  {
    from: ['server/conformance'],
    to: ['server/*'],
    unlessTo: ['server/conformance'],
    why: 'it judges every implementation by the format alone; leaning on ours it would find only ours conforming',
  },
  {
    from: ['server'],
    to: ['server/drill'],
    unlessFrom: ['server/drill', 'server/cli'],
    why: 'it forges ledgers to show what finds it: nothing that keeps one may know how',
  },
  {
    from: ['server/monitor/statistics'],
    to: ['*'],
    unlessTo: ['server/monitor/statistics'],
    why: 'numbers that are published must be computable from their inputs alone',
  },
  {
    from: ['server'],
    to: ['server/api'],
    unlessFrom: ['server/api', 'server/app.ts', 'server/cli'],
    why: 'routes are composed by app.ts; what lies below HTTP must work without it',
  },
  {
    from: ['server/hosting'],
    to: ['server/api', 'server/ingest'],
    why: 'which ledgers run is settled before anybody asks for one: requests are judged above, so that no ledger opens differently for whoever asks',
  },
  {
    from: ['server'],
    to: ['server/hosting'],
    unlessFrom: ['server/hosting', 'server/app.ts', 'server/api', 'server/cli'],
    why: 'a ledger that knew its siblings on the same server could come to depend on them, and on which server it is',
  },
  {
    from: ['server'],
    to: ['server/app.ts'],
    unlessFrom: ['server/cli', 'server/index.ts'],
    why: 'app.ts is the list of choices; who imports it back chooses for everybody',
  },
  {
    from: ['server'],
    to: ['server/tenant.ts', 'server/directory.ts'],
    unlessFrom: [
      'server/app.ts',
      'server/api',
      'server/cli',
      'server/drill',
      'server/hosting',
      'server/tenant.ts',
      'server/rotate-key.ts',
      'server/rotate-root.ts',
      'server/succeed-ledger.ts',
    ],
    why: 'one ledger with all that belongs to it is put together above its parts, and a part that knew the whole could not stand alone',
  },
  {
    from: ['server'],
    to: ['server/cli'],
    unlessFrom: ['server/cli'],
    why: 'a command is the outermost caller and nothing may depend on how a person typed it',
  },
  {
    from: ['server'],
    to: ['node:*'],
    unlessFrom: ['server/platform'],
    unlessTo: [
      'node:assert',
      'node:async_hooks',
      'node:buffer',
      'node:crypto',
      'node:events',
      'node:path',
      'node:stream',
      'node:string_decoder',
      'node:url',
      'node:util',
      'node:zlib',
    ],
    why: 'disk, network, processes, threads and time enter through platform, so that a test can replay a crash',
  },
  {
    from: ['server'],
    to: ['npm:@aws-sdk/*'],
    unlessFrom: ['server/platform'],
    why: 'a client that finds its own credentials and speaks to the network is outside, and outside is reached by platform',
  },
  {
    from: ['server'],
    to: ['npm:@hono/node-server'],
    unlessFrom: ['server/platform'],
    why: 'it opens sockets, and sockets are opened by platform',
  },
]

/** The areas of the server: a new folder is added here together with its row above. */
export const SERVER_AREAS: readonly string[] = [
  'access',
  'api',
  'backup',
  'calendar',
  'check',
  'cli',
  'conformance',
  'cost',
  'demo',
  'drill',
  'erasure',
  'evidence',
  'expiry',
  'hosting',
  'ingest',
  'labelling',
  'ledger',
  'lineage',
  'monitor',
  'offsite',
  'platform',
  'privacy',
  'projection',
  'recording',
  'recovery',
  'reproduction',
  'residue',
  'retention',
  'rights',
  'settings',
  'sizes',
  'traces',
  'vault',
]

export interface ForbiddenWord {
  readonly pattern: RegExp
  readonly name: string
  readonly from: readonly string[]
  readonly except?: readonly string[]
  readonly why: string
}

const SIMULATED = 'a test replays a thousand crashes from one number only if'
const PURE = ['format', 'server']

export const FORBIDDEN_WORDS: readonly ForbiddenWord[] = [
  {
    name: 'the wall clock',
    pattern: /\bDate\.now\b|\bnew\s+Date\b(?!\s*\()|\bnew\s+Date\s*\(\s*\)|(?<![.\w$]|new\s+)Date\s*\(/g,
    from: PURE,
    except: ['server/platform'],
    why: `${SIMULATED} time comes from platform/clock`,
  },
  {
    name: 'the monotonic clock',
    pattern: /\bperformance\.(?:now|timeOrigin)\b|\bhrtime\b/g,
    from: PURE,
    except: ['server/platform'],
    why: `${SIMULATED} time comes from platform/clock`,
  },
  {
    name: 'a timer',
    pattern: /(?<![.\w$])(?:setTimeout|setInterval|setImmediate)\b|\bAbortSignal\.timeout\b/g,
    from: PURE,
    except: ['server/platform'],
    why: `${SIMULATED} waiting is time too and comes from platform/clock`,
  },
  {
    name: 'randomness',
    pattern:
      /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b|\bgenerateKey(?:Pair)?(?:Sync)?\b|\brandomSecretKey\b/g,
    from: PURE,
    except: ['server/platform'],
    why: `${SIMULATED} chance comes from platform/random`,
  },
  {
    name: 'the network',
    pattern: /(?<![.\w$])fetch\s*\(|\bnew\s+(?:WebSocket|EventSource|XMLHttpRequest)\b/g,
    from: PURE,
    except: ['server/platform'],
    why: 'every outbound call is configured, and platform/network is where that is enforced',
  },
  {
    name: 'a hidden import',
    pattern: /\bcreateRequire\b|\bgetBuiltinModule\b|\bprocess\.binding\b/g,
    from: PURE,
    except: ['server/platform'],
    why: 'an import this check cannot read is an arrow nobody can argue with',
  },
]

export const FORBIDDEN_NAMES = {
  names: ['utils', 'util', 'common', 'shared', 'core', 'lib', 'libs', 'helpers', 'helper'],
  why: 'it is a place, not an idea: name the thing that is inside',
}

export const NO_CYCLES =
  'what knows each other cannot be read, tested or replaced alone (imports of types included)'

export const UNREADABLE = 'a module named only at run time is an arrow nobody can check'

export const BY_NAME = 'packages meet at their names, so that what is published is what was tested'

export const UNKNOWN_AREA =
  'a new area of the server needs its own row, with its reason, in tools/arrows/rules.ts'
