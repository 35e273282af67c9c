/**
 * npm's `prepare` and `prepack`: what is packed, or installed from git or a folder, has a whole and fresh dist, or npm stops here with a
 * reason. Builds only where it has to. `--check` never builds.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFiles, lacking } from './whole.mjs';

const SOURCES = [
  'assembly',
  'worklet',
  'src',
  'models',
  'scripts',
  'asconfig.json',
  'package.json',
  'tsconfig.build.json',
];
const TOOLS = ['esbuild', 'assemblyscript', 'typescript'];

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const problems = why();
if (problems.length > 0 && !process.argv.includes('--check')) build(problems);
const left = why();
if (left.length > 0) stop(`dist is not what is to be packed:\n  ${left.join('\n  ')}\nRun npm run build.`);

function why() {
  const missing = lacking();
  return missing.length > 0 ? missing : stale();
}

function stale() {
  const built = Math.min(...builtFiles().map((name) => statSync(name).mtimeMs));
  const newer = SOURCES.flatMap(filesIn).find((name) => statSync(name).mtimeMs > built);
  return newer ? [`${newer} is newer than dist`] : [];
}

function filesIn(path) {
  if (!statSync(path).isDirectory()) return path;
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function build([reason]) {
  const tools = TOOLS.filter((name) => !installed(name));
  if (tools.length > 0) {
    stop(
      `${reason}, and ${tools.join(', ')} that would build it are not installed: run npm ci in ${process.cwd()} first.`,
    );
  }
  console.log(`Building dist (${reason}): about a minute.`);
  // What the compilers say is of use where they fail.
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { encoding: 'utf8' });
  if (status !== 0) stop(`${stdout}${stderr}\nThe build failed.`);
}

function installed(name) {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
