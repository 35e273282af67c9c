/** Where paths of the command line lead. Node only. */
import { constants, fstat } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { NoiseSuppressorError } from '../shared/errors';

/** Standard input or output, on the command line. */
export const STANDARD = '-';
/** As Linux has it (MAXSYMLINKS). */
const MAX_LINKS = 40;

const statDescriptor = promisify(fstat);

/**
 * The path after all its links, the last one too; what it ends at need not exist.
 * @throws {NoiseSuppressorError} 'invalid-input' for a loop of links
 */
export async function followed(path: string): Promise<string> {
  let at = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links++) {
    // Links of the folders: `..` in a link counts from where the link really is.
    const folder = await realpath(dirname(at)).catch(() => dirname(at));
    at = join(folder, basename(at));
    // Links to open descriptors lead nowhere by name.
    if (isDescriptorFolder(folder)) return at;
    const next = await readlink(at).catch(() => null);
    if (next === null) return at;
    at = resolve(folder, next);
  }
  throw new NoiseSuppressorError('invalid-input', `${path}: too many symbolic links, or a loop of them`);
}

/** The number of the descriptor of this process that a path like /dev/stdout names, or null. `-` is `standard`. */
export async function descriptorOf(path: string, standard: 0 | 1): Promise<number | null> {
  if (path === STANDARD) return standard;
  const at = await followed(path).catch(() => '');
  const own = await realpath('/proc/self/fd').catch(() => '/dev/fd');
  return [own, '/dev/fd'].includes(dirname(at)) && /^\d+$/.test(basename(at)) ? Number(basename(at)) : null;
}

/**
 * The same, to read or write: none of those that Node.js works with itself, where our bytes would crash or hang its event loop.
 * @throws {NoiseSuppressorError} 'invalid-input' for one of them
 */
export async function givenDescriptor(path: string, standard: 0 | 1): Promise<number | null> {
  const descriptor = await descriptorOf(path, standard);
  // Without /proc nothing tells.
  const leads = descriptor === null || descriptor <= 2 ? null : await target(String(descriptor));
  if (leads !== null && (leads.startsWith('anon_inode:') || (leads.startsWith('pipe:') && (await hasBothEnds(leads)))))
    throw new NoiseSuppressorError(
      'invalid-input',
      `${path}: is a descriptor of Node.js itself, not one that was opened for this command; a shell opens one with 3>file`,
    );
  return descriptor;
}

function target(descriptor: string): Promise<string | null> {
  return readlink(`/proc/self/fd/${descriptor}`).catch(() => null);
}

/** Whether both ends of a pipe are in this process, which then talks to itself. */
async function hasBothEnds(pipe: string): Promise<boolean> {
  const ends = new Set<number>();
  for (const name of await readdir('/proc/self/fd').catch(() => [])) {
    if ((await target(name)) !== pipe) continue;
    // The link's permissions say what the descriptor was opened for.
    const link = await lstat(`/proc/self/fd/${name}`).catch(() => null);
    if (link) ends.add(link.mode & (constants.S_IRUSR | constants.S_IWUSR));
  }
  return ends.size > 1;
}

/** Whether the names in a folder are those of open descriptors. */
export function isDescriptorFolder(folder: string): boolean {
  return /^\/(proc\/.*\/fd|dev\/fd)$/.test(folder);
}

/** What two names of one file share, and two files do not; null where there is none. `-` is `standard`. */
export async function identity(path: string, standard: 0 | 1): Promise<string | null> {
  const descriptor = await descriptorOf(path, standard);
  const found = descriptor === null ? stat(path, { bigint: true }) : statDescriptor(descriptor, { bigint: true });
  const stats = await found.catch(() => null);
  // A terminal or a socket may be both ends at once.
  if (!stats || (descriptor !== null && !stats.isFile())) return null;
  return `${stats.dev}:${stats.ino}`;
}
