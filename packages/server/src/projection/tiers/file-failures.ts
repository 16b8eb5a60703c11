/** What the engine refuses a statement with when it could not read a file, rather than the statement. */
import { StatementRefused } from '../engine/client.ts'

/** INCORRECT_DATA: a file that ends too early, but also what a statement itself is given. */
const DATA_CODE = 117
const FILE_CODES = new Set([
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  86, // RECEIVED_ERROR_FROM_REMOTE_IO_SERVER
  107, // FILE_DOESNT_EXIST
  DATA_CODE,
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  1000, // POCO_EXCEPTION
])

/** Whether a question may have failed because of a file. */
export function isOfFiles(error: unknown): boolean {
  return error instanceof StatementRefused && FILE_CODES.has(error.code)
}

/** Whether it may as well have failed because of what it was asked with. */
export function isOfData(error: unknown): boolean {
  return error instanceof StatementRefused && error.code === DATA_CODE
}
