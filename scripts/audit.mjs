/**
 * Known weaknesses of what the package carries or needs to run (a failure) and of what it takes to build and test it (told only), and
 * entries of the lock files that nothing ties to their content (a failure). Reads dist/bundled.json: build first.
 *
 * Ends with 0 when all was audited and is well, 1 on a failure, 77 when the registry did not answer: that is no pass.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const UNANSWERED = 77;
const LOCKS = ['package-lock.json', '.ci/node/package-lock.json'];

let failed = false;
let unanswered = false;

for (const file of LOCKS.filter((name) => existsSync(name))) {
  const loose = Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages)
    // Folders of the repository, itself among them, are tied by git.
    .filter(([path, entry]) => /(^|\/)node_modules\//.test(path) && !entry.link && !entry.inBundle && !entry.integrity)
    .map(([path]) => path);
  console.log(`${file}: ${loose.length === 0 ? 'every entry has its hash' : `without a hash: ${loose.join(', ')}`}`);
  failed ||= loose.length > 0;
}

const bundled = JSON.parse(readFileSync('dist/bundled.json', 'utf8'));
tell(`carried (${Object.keys(bundled).join(', ') || 'nothing'})`, auditOf(bundled), true);
tell('run time', audit('.', '--omit=dev'), true);
tell('development', audit('.'), false);
process.exitCode = failed ? 1 : unanswered ? UNANSWERED : 0;

/** Counts by severity, or undefined when the registry does not answer. */
function audit(cwd, ...options) {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only', ...options], {
    cwd,
    encoding: 'utf8',
  });
  try {
    return JSON.parse(stdout).metadata?.vulnerabilities;
  } catch {
    return undefined;
  }
}

/** The audit of a project that has just these packages: they are development dependencies here, so no audit of ours looks at them. */
function auditOf(packages) {
  if (Object.keys(packages).length === 0) return { total: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  const manifest = { name: 'carried', version: '0.0.0', dependencies: packages };
  const { packages: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const entries = Object.keys(packages).map((name) => {
    const path = `node_modules/${name}`;
    return [path, { ...locked[path], dev: undefined }];
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, packages: { '': manifest, ...Object.fromEntries(entries) } }),
  );
  const found = audit(folder);
  rmSync(folder, { recursive: true });
  return found;
}

function tell(what, found, counts) {
  if (!found) {
    console.log(`${what}: not audited, the registry gives no answer`);
    unanswered = true;
    return;
  }
  const { total, ...severities } = found;
  const parts = Object.entries(severities).map(([severity, count]) => `${severity} ${count}`);
  console.log(`${what}: ${total} known${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`);
  failed ||= counts && total > 0;
}
