import type { Disk, DiskFile } from '../../packages/server/src/platform/disk.ts'

/** A disk with some of its calls, and some of those of its open files, replaced. */
export function interposed(
  disk: Disk,
  calls: Partial<Disk>,
  fileCalls: (file: DiskFile) => Partial<DiskFile> = () => ({}),
): Disk {
  return {
    open: async (path, mode) => {
      const file = await disk.open(path, mode)
      const plain: DiskFile = {
        path,
        write: (bytes, position) => file.write(bytes, position),
        read: (position, length) => file.read(position, length),
        datasync: () => file.datasync(),
        size: () => file.size(),
        close: () => file.close(),
      }
      return { ...plain, ...fileCalls(file) }
    },
    read: (path) => disk.read(path),
    write: (path, bytes) => disk.write(path, bytes),
    writeDurably: (path, bytes, permissions) => disk.writeDurably(path, bytes, permissions),
    sync: (path) => disk.sync(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    list: (path) => disk.list(path),
    size: (path) => disk.size(path),
    makeDirectory: (path, permissions) => disk.makeDirectory(path, permissions),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    truncate: (path, bytes) => disk.truncate(path, bytes),
    freeBytes: (path) => disk.freeBytes(path),
    ...calls,
  }
}
