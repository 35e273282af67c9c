/**
 * Puts the addresses of the repository into package.json: `repository`, `homepage` and `bugs`, from the git remote of this clone. They are
 * not kept in the repository, so that a fork publishes its own (docs/releasing.md).
 *   node scripts/addresses.mjs [--remote=origin]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { started } from './serve.mjs';

/** https, ssh, git or as scp writes it: HOST/OWNER/NAME, with or without user, port and .git. */
const REMOTE =
  /^(?:(?:git\+)?(?:https?|ssh|git):\/\/(?:[^@/]+@)?([^/:]+)(?::\d+)?\/|[^@/\s]+@([^/:\s]+):)([^\s?#]+?)(?:\.git)?\/?$/;

/**
 * @param {string} remote as `git remote get-url` prints it
 * @returns {{ repository: { type: string, url: string }, homepage: string, bugs: { url: string } }}
 * @throws {Error} for a remote that is no public address, as a folder is none
 */
export function addresses(remote) {
  const [, first, second, path = ''] = REMOTE.exec(remote.trim()) ?? [];
  const host = first ?? second ?? '';
  if (!host.includes('.') || path.split('/').length < 2) {
    throw new Error(`"${remote}" is no public address of a repository, such as https://HOST/OWNER/NAME.git`);
  }
  const home = `https://${host}/${path}`;
  return {
    repository: { type: 'git', url: `git+${home}.git` },
    homepage: `${home}#readme`,
    bugs: { url: `${home}/issues` },
  };
}

if (started(import.meta.url)) {
  const { values: options } = parseArgs({ options: { remote: { type: 'string', default: 'origin' } } });
  try {
    const remote = execFileSync('git', ['remote', 'get-url', options.remote], { encoding: 'utf8' });
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
    const found = addresses(remote);
    writeFileSync('package.json', `${JSON.stringify({ ...manifest, ...found }, null, 2)}\n`);
    console.log(JSON.stringify(found, null, 2));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
