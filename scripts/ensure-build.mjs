import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Folder of the built library; builds it first when there is none, and says so. */
export function ensureBuild() {
  const dist = new URL('../dist/', import.meta.url);
  if (!existsSync(new URL('cli.js', dist)) || !existsSync(new URL('core.wasm', dist))) {
    console.error('dist is missing: building it first (npm run build)');
    // What the build prints is no output of the command that asked for it.
    execFileSync(process.execPath, ['scripts/build.mjs', '--no-types'], { cwd: root, stdio: ['ignore', 2, 2] });
  }
  return dist;
}
