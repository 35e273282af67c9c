/**
 * Known weaknesses of what the package needs to run (a failure) and of what it takes to build and test it (told only).
 * A registry that answers no audit is no failure: it is said.
 */
import { spawnSync } from 'node:child_process';

/** Counts by severity, or null when the registry does not answer. */
function audit(...options) {
  const { stdout } = spawnSync('npm', ['audit', '--json', ...options], { encoding: 'utf8' });
  try {
    return JSON.parse(stdout).metadata?.vulnerabilities ?? null;
  } catch {
    return null;
  }
}

let failed = false;
for (const [what, options] of [
  ['run time', ['--omit=dev']],
  ['development', []],
]) {
  const found = audit(...options);
  if (!found) console.log(`${what}: not audited, the registry gives no answer`);
  else {
    const { info, low, moderate, high, critical, total } = found;
    console.log(
      `${what}: ${total} known (critical ${critical}, high ${high}, moderate ${moderate}, low ${low}, info ${info})`,
    );
    failed ||= what === 'run time' && total > 0;
  }
}
process.exitCode = failed ? 1 : 0;
