// npm run denoise -- <in.wav | folder> <out.wav | folder>: the command line of the package, built first when it has to be.
import { ensureBuild } from './ensure-build.mjs';

const { main } = await import(new URL('cli.js', ensureBuild()).href);
await main(process.argv.slice(2));
