/**
 * A real S3 server for tests: the gateway of Ceph (Debian's radosgw 16.2) over one monitor and one store in memory. It has versions and
 * Object Lock, and enforces them by itself: what it refuses, nobody here has refused.
 *
 * For tests only: its credentials are fixed, nothing is replicated or kept, its parts trust each other. Where it differs from Amazon's
 * service is in `s3-behaviour.test.ts`.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'

const run = promisify(execFile)

const PARTS = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph', 'monmaptool']
const lacking = PARTS.filter((part) => spawnSync('which', [part]).status !== 0)

/** Why there is no such server; undefined when there is. */
export const noRadosgw =
  lacking.length === 0 ? undefined : 'no S3 server is installed (radosgw ceph-mon ceph-osd ceph-common)'

const MEMORY_BYTES = 2 * 1_073_741_824
const START_MS = 120_000
const LOOK_MS = 50

export interface BucketOptions {
  readonly hasLocks?: boolean
  readonly keepsVersions?: boolean
}

export class Radosgw {
  readonly endpoint: string
  readonly credentials = { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' }
  readonly region = 'us-east-1'
  readonly #parts: ChildProcess[] = []
  readonly #root: string
  readonly #client: S3Client
  #buckets = 0

  private constructor(root: string, port: number) {
    this.#root = root
    this.endpoint = `http://127.0.0.1:${port}`
    this.#client = this.client()
  }

  /** Starts a server with nothing in it; about two seconds. */
  static async start(): Promise<Radosgw> {
    const root = mkdtempSync(join(tmpdir(), 'radosgw-'))
    const [port, monitorPort] = await freePorts(2)
    const server = new Radosgw(root, port!)
    await server.#start(port!, monitorPort!)
    return server
  }

  /** What a process needs in its environment to be let in. */
  get environment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: this.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
      AWS_REGION: this.region,
    }
  }

  /** Amazon's client, for what the product itself never does. */
  client(settings: S3ClientConfig = {}): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region: this.region,
      credentials: this.credentials,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...settings,
    })
  }

  /** Makes a bucket of a new name. */
  async newBucket({ hasLocks = false, keepsVersions = hasLocks }: BucketOptions = {}): Promise<string> {
    this.#buckets += 1
    const Bucket = `bucket-${this.#buckets}`
    await this.#client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: hasLocks }))
    if (keepsVersions && !hasLocks)
      await this.#client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      )
    return Bucket
  }

  /** The address of a bucket as settings and commands take it. */
  address(bucket: string, prefix = ''): string {
    return `s3://${bucket}/${prefix}?region=${this.region}&endpoint=${encodeURIComponent(this.endpoint)}`
  }

  async stop(): Promise<void> {
    this.#client.destroy()
    for (const part of this.#parts.toReversed()) {
      const ended = new Promise((resolve) => part.once('exit', resolve))
      if (part.exitCode !== null || part.signalCode !== null) continue
      part.stdin?.end()
      await ended
    }
  }

  async #start(port: number, monitorPort: number): Promise<void> {
    for (const name of ['run', 'log', 'mon', 'osd', 'rgw', 'crash']) mkdirSync(join(this.#root, name))
    const id = randomUUID()
    writeFileSync(this.#path('keyring'), '')
    writeFileSync(this.#path('ceph.conf'), configuration(this.#root, id, port, monitorPort))
    const addresses = `[v2:127.0.0.1:${monitorPort}]`
    await this.#tool(
      'monmaptool',
      `--create --clobber --fsid ${id} --addv a ${addresses}`,
      this.#path('monmap'),
    )
    await this.#tool('ceph-mon', '--mkfs -i a --monmap', this.#path('monmap'))
    this.#launch('ceph-mon', '-f -i a')
    const osd = randomUUID()
    await this.#tool('ceph', `osd new ${osd}`)
    await this.#tool('ceph-osd', `-i 0 --mkfs --osd-uuid ${osd} --no-mon-config`)
    await this.#tool('ceph', 'osd crush add osd.0 1.0 root=default host=local')
    this.#launch('ceph-osd', '-f -i 0')
    this.#launch('radosgw', '-f -n client.rgw')
    await this.#answers()
    const { accessKeyId, secretAccessKey } = this.credentials
    const user = `--uid test --display-name test --access-key ${accessKeyId} --secret-key ${secretAccessKey}`
    await this.#tool('radosgw-admin', `-n client.rgw user create ${user}`)
  }

  #path(name: string): string {
    return join(this.#root, name)
  }

  /** Runs a programme to its end; `words` are its arguments, of which none has a space in it, and `last` one that may. */
  async #tool(programme: string, words: string, last?: string): Promise<void> {
    const args = [...words.split(' '), ...(last === undefined ? [] : [last])]
    // It is told by CEPH_CONF where the rest is.
    await run(programme, args, { timeout: START_MS, env: this.#environment })
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, CEPH_CONF: this.#path('ceph.conf') }
  }

  /** Starts a part that ends when this process does, however that ends: its standard input is then closed. */
  #launch(programme: string, words: string): void {
    const script = `exec 3<&0; "$0" "$@" <&- & part=$!
(cat <&3 >/dev/null; kill -9 $part) 2>/dev/null &
wait $part`
    const options = {
      stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'],
      env: this.#environment,
    }
    this.#parts.push(spawn('sh', ['-c', script, programme, ...words.split(' ')], options))
  }

  async #answers(): Promise<void> {
    for (let waited = 0; waited < START_MS; waited += LOOK_MS) {
      const answer = await fetch(this.endpoint).catch(() => undefined)
      if (answer) return
      const ended = this.#parts.find(({ exitCode }) => exitCode !== null)
      if (ended)
        throw new Error(`a part of the S3 server ended with ${ended.exitCode}; see ${this.#root}/log`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    throw new Error(`the S3 server does not answer; see ${this.#root}/log`)
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address) ports.push(address.port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/**
 * One of each part, and no authentication between them. The gateway asks for a secure link to the monitor unless told otherwise, which
 * needs it; every pool it makes waits for the monitor's next proposal, so these are made quick.
 */
function configuration(root: string, id: string, port: number, monitorPort: number): string {
  return `[global]
fsid = ${id}
mon host = [v2:127.0.0.1:${monitorPort}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
keyring = ${root}/keyring
run dir = ${root}/run
admin socket = ${root}/run/$name.$pid.asok
log file = ${root}/log/$name.log
crash dir = ${root}/crash
pid file =
debug ms = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
[mon]
mon data = ${root}/mon
mon data avail warn = 1
mon data avail crit = 0
mon cluster log file = ${root}/log/cluster.log
paxos propose interval = 0.05
paxos min wait = 0.01
auth allow insecure global id reclaim = false
[osd]
osd data = ${root}/osd
osd objectstore = memstore
memstore device bytes = ${MEMORY_BYTES}
osd class load list = *
osd class default list = *
osd crush update on start = false
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw thread pool size = 32
rgw data = ${root}/rgw
rgw enable usage log = false
rgw enable ops log = false
rgw lc debug interval = -1
rgw verify ssl = false
rgw crypt require ssl = false
rgw enable apis = s3, admin
`
}
