// npm run evaluate -- <clean folder> <noisy folder>: denoises a folder and scores it against its references.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../scripts/ensure-build.mjs';
import { findPython, runStep } from '../scripts/python.mjs';

const HELP = `Denoises a folder of WAV files and scores it: PESQ-WB, STOI, SI-SDR, and DNSMOS P.835 when its model is given.
Files are matched by name; noisy input and output are scored side by side.

  npm run evaluate -- [options] <clean folder> <noisy folder>
  npm run evaluate -- [options] --no-reference --dnsmos MODEL.onnx <noisy folder>

  --dnsmos FILE     DNSMOS P.835 model (sig_bak_ovr.onnx)
  --no-reference    there are no clean files: DNSMOS only
  --enhanced DIR    score somebody else's output of the same files too; NAME=DIR names it; may be given again
  --model FILE      another network
  --strength S      0 to 1 (default 1)
  --keep DIR        keep the denoised files there
  --metadata FILE   CSV with columns file and slice: means per slice (default: metadata.csv beside the noisy folder)
  --files           every file's scores
  --json            JSON on standard output
  --jobs N          processes (default 2)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dnsmos: { type: 'string' },
    'no-reference': { type: 'boolean', default: false },
    enhanced: { type: 'string', multiple: true, default: [] },
    model: { type: 'string' },
    strength: { type: 'string', default: '1' },
    keep: { type: 'string' },
    metadata: { type: 'string' },
    files: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const wanted = values['no-reference'] ? 1 : 2;
if (positionals.length !== wanted || (values['no-reference'] && !values.dnsmos)) {
  process.stderr.write(HELP);
  process.exit(2);
}
const noisy = positionals.at(-1);
const clean = values['no-reference'] ? null : positionals[0];

const scratch = values.keep ? null : mkdtempSync(join(tmpdir(), 'percepnet-'));
const output = values.keep ?? scratch;
let status = 1;
try {
  const python = findPython([
    'numpy',
    'scipy',
    'soundfile',
    ...(clean ? ['pesq', 'pystoi'] : []),
    ...(values.dnsmos ? ['onnxruntime'] : []),
  ]);
  const { run } = await import(new URL('cli.js', ensureBuild()).href);
  const model = values.model ? ['--model', values.model] : [];
  const terminal = { out: () => {}, err: (text) => process.stderr.write(text), isTerminal: process.stderr.isTTY };
  status = await run([...model, '--strength', values.strength, noisy, output], terminal);
  if (!existsSync(output)) throw new Error('nothing was denoised');
  const metadata = values.metadata ?? join(noisy, '..', 'metadata.csv');
  const sets = [
    ['noisy', noisy],
    ['percepnet', output],
  ].map((pair) => pair.join('='));
  for (const folder of values.enhanced) sets.push(folder.includes('=') ? folder : `enhanced=${folder}`);
  runStep(python, [
    'evaluation',
    'score',
    ...(clean ? ['--clean', clean] : []),
    ...sets.flatMap((set) => ['--set', set]),
    ...(values.dnsmos ? ['--dnsmos', values.dnsmos] : []),
    ...(existsSync(metadata) ? ['--metadata', metadata] : []),
    ...(values.files ? ['--files'] : []),
    ...(values.json ? ['--json'] : []),
    '--jobs',
    values.jobs,
  ]);
} catch (error) {
  status = 1;
  // Python has said what went wrong.
  if (error.status === undefined) console.error(`error: ${error.message}`);
} finally {
  if (scratch) rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = status;
