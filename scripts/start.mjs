/**
 * npm start: builds the library and the pages, and serves them on http://localhost:8080 or the next free port.
 * PORT and HOST as environment variables; --models=DIR takes the networks from elsewhere, --out=DIR builds elsewhere.
 */
import { parseArgs } from 'node:util';
import { serveFolder } from './serve.mjs';
import { buildSite, PAGES } from './site.mjs';

const { values: options } = parseArgs({
  options: { models: { type: 'string' }, out: { type: 'string', default: 'build/site' } },
});

const port = process.env.PORT === undefined ? 8080 : Number(process.env.PORT);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT must be a number from 0 to 65535, not "${process.env.PORT}"`);
  process.exit(2);
}

const began = performance.now();
const log = (message) => console.log(message);
const { models } = await buildSite({ ...options, log }).catch((error) => {
  console.error(error.message);
  return process.exit(1);
});
if (models.length === 0) {
  console.warn('\nNo network found under models/: the pages open, but cannot suppress noise.');
}
console.log(`Built in ${((performance.now() - began) / 1000).toFixed(0)} s.`);

const site = await serveFolder(options.out, { port, host: process.env.HOST }).catch((error) => {
  console.error(`The server cannot listen on port ${port}: ${error.message}`);
  return process.exit(1);
});
if (port !== 0 && site.port !== port) console.log(`Port ${port} is taken.`);
console.log(`
  ${'Start page'.padEnd(12)} ${site.origin}/
${PAGES.map(([folder, name]) => `  ${name.padEnd(12)} ${site.origin}/${folder}/`).join('\n')}

Stop with Ctrl+C.`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await site.close();
    process.exit(0);
  });
}
