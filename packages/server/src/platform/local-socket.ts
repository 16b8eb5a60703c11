/** One line asked, one line answered, over a Unix socket that only this user may use (mode 0600). */
import { chmod, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Longest line either side takes, in bytes. */
const LINE_BYTES_MAX = 1_048_576
/** What the system's socket addresses hold on every platform, in bytes. */
const PATH_BYTES_MAX = 103

export interface LocalListener {
  close(): Promise<void>
}

/** The first line of what a socket sends, without its newline; rejects when it ends or grows too long before one. */
async function lineFrom(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const end = chunk.indexOf(0x0a)
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    bytes += chunk.length
    if (end >= 0) return Buffer.concat(chunks).toString('utf8')
    if (bytes > LINE_BYTES_MAX) break
  }
  throw new Error('the peer ended without a line')
}

/** Asks whoever listens at `path`; rejects when nobody does, or not within `timeoutMs`. */
export async function askLocal(path: string, line: string, timeoutMs: number): Promise<string> {
  const socket = createConnection(checked(path))
  const timer = setTimeout(() => socket.destroy(new Error(`no answer at ${path}`)), timeoutMs)
  try {
    socket.write(`${line}\n`)
    return await lineFrom(socket)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

/**
 * Listens at `path`, in place of a socket that a process left behind. The caller must hold whatever says that no other process
 * listens there. `answer` must not reject.
 */
export async function listenLocal(
  path: string,
  answer: (line: string) => Promise<string>,
): Promise<LocalListener> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Who hangs up hears no answer; that is all there is to it.
    socket.on('error', () => undefined)
    void answerOne(socket, answer)
  })
  await rm(checked(path), { force: true })
  await listening(server, path)
  await chmod(path, 0o600)
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function answerOne(socket: Socket, answer: (line: string) => Promise<string>): Promise<void> {
  try {
    const line = await answer(await lineFrom(socket))
    socket.end(`${line}\n`)
  } catch {
    socket.destroy()
  }
}

/** Binds under a mask that gives nobody else anything, not even for the moment before the mode is set. */
function listening(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177)
  try {
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(mask)
  }
}

function checked(path: string): string {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw new Error(`the path of a socket is at most ${PATH_BYTES_MAX} bytes; this one is longer`)
  return path
}
