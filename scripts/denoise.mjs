// npm run denoise -- <in.wav | folder> <out.wav | folder>: the command line of the package, built first when it has to be.
import { ensureBuild } from './ensure-build.mjs';

const { run } = await import(new URL('cli.js', ensureBuild()).href);
process.exitCode = await run(process.argv.slice(2));
