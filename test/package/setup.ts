/** Packs the package as it would be published: built, in a folder of its own, with npm pack. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { buildLibrary } from '../helpers/build';
import { STAGE } from './tarball';

export default function setup(): void {
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE, { recursive: true });
  for (const name of ['package.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'src', 'worklet']) {
    cpSync(name, `${STAGE}/${name}`, { recursive: true });
  }
  buildLibrary(`${STAGE}/dist`);
  execFileSync('npm', ['pack', '--ignore-scripts', '--loglevel=error'], { cwd: STAGE, stdio: ['ignore', 'ignore', 2] });
}
