/** Where results are kept until they are saved: on disk where the browser has files of its own for a page, else in memory. */
import { BufferTarget, StreamTarget, type StreamTargetChunk, type Target } from 'mediabunny';

export interface Place {
  readonly target: Target;
  /** What was written, once all is. */
  file(): Promise<Blob>;
  /** Frees it. */
  remove(): Promise<void>;
}

/** Of workers alone, and so not among TypeScript's types of pages. */
interface SyncAccess {
  write(data: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}

const FOLDER = 'percepnet-wasm-file-page';
const WRITE_BYTES = 2 ** 20;

let ours: Promise<FileSystemDirectoryHandle> | undefined;
let files = 0;

/** The folder of this worker. Those of pages that are gone are removed: a lock tells who is still there. */
async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle(FOLDER, { create: true });
  const name = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  await new Promise<void>((held) => {
    navigator.locks.request(`${FOLDER}/${name}`, () => {
      held();
      return new Promise(() => {});
    });
  });
  const { held = [] } = await navigator.locks.query();
  const living = new Set(held.map((lock) => lock.name));
  for await (const old of (all as unknown as { keys(): AsyncIterable<string> }).keys()) {
    if (!living.has(`${FOLDER}/${old}`)) await all.removeEntry(old, { recursive: true }).catch(() => {});
  }
  return all.getDirectoryHandle(name, { create: true });
}

export async function place(): Promise<Place> {
  try {
    ours ??= folder();
    const directory = await ours;
    const name = String(++files);
    const handle = await directory.getFileHandle(name, { create: true });
    const access = await (
      handle as unknown as { createSyncAccessHandle(): Promise<SyncAccess> }
    ).createSyncAccessHandle();
    const writable = new WritableStream<StreamTargetChunk>({
      write: ({ data, position }) => {
        for (let at = 0; at < data.length; ) {
          const written = access.write(data.subarray(at), { at: position + at });
          if (written <= 0) throw new DOMException('The disk is full.', 'QuotaExceededError');
          at += written;
        }
      },
      close: () => access.close(),
      abort: () => access.close(),
    });
    return {
      target: new StreamTarget(writable, { chunked: true, chunkSize: WRITE_BYTES }),
      file: () => handle.getFile(),
      async remove() {
        access.close();
        await directory.removeEntry(name);
      },
    };
  } catch {
    // Private windows of some browsers, and old ones.
    ours = undefined;
    const target = new BufferTarget();
    return { target, file: async () => new Blob([target.buffer!]), remove: async () => {} };
  }
}
