/**
 * Serves a folder of static files with the strictest headers the library works under.
 *   node scripts/serve.mjs [folder]      PORT and HOST as environment variables
 */
import { createReadStream, realpathSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a page with the library needs, and nothing more. Audio worklets and workers fall under script-src. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // Files change with each build and have no hash in their names.
  'cache-control': 'no-cache',
};

/** The bench alone asks for them: a page of its own process gets a clock of 5 us instead of 100. */
const ISOLATED = /^\/bench\//;
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.safetensors': 'application/octet-stream',
};

/** Ports tried after the wanted one. */
const TRIES = 20;

/**
 * @param {string} folder
 * @param {{ port?: number, host?: string }} [options] port 0: any free one; a taken one: the next free one
 * @returns {Promise<{ origin: string, port: number, close(): Promise<void> }>}
 */
export async function serveFolder(folder, { port = 8080, host = '127.0.0.1' } = {}) {
  const root = await realpath(folder);
  const server = createServer((request, response) => {
    answer(root, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const used = await listen(server, port, host);
  return {
    port: used,
    origin: `http://localhost:${used}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function listen(server, wanted, host) {
  for (let port = wanted; ; port++) {
    try {
      await new Promise((done, failed) => {
        server.once('error', failed);
        server.listen(port, host, () => {
          server.off('error', failed);
          done();
        });
      });
      return server.address().port;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port >= Math.min(wanted + TRIES, 65535)) throw error;
    }
  }
}

async function answer(root, request, response) {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (ISOLATED.test(request.url ?? '')) {
    for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' });
    return response.end();
  }
  const found = await locate(root, request.url ?? '/');
  if (!found) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    return response.end('Not found\n');
  }
  if (found.redirect) {
    response.writeHead(308, { location: found.redirect });
    return response.end();
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(found.path)] ?? 'application/octet-stream',
    'content-length': found.size,
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(found.path)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** The file of an address: never one outside the root, links followed. */
async function locate(root, address) {
  let pathname;
  try {
    pathname = decodeURIComponent(new URL(address, 'http://localhost').pathname);
  } catch {
    return null;
  }
  if (pathname.includes('\0')) return null;
  try {
    const path = await realpath(join(root, pathname));
    if (path !== root && !path.startsWith(root + sep)) return null;
    const { size, isDirectory } = await about(path);
    if (!isDirectory) return { path, size };
    // Without the slash, relative addresses in the page would lead elsewhere. Two at the front would name a host.
    if (!pathname.endsWith('/')) return { redirect: `${encodeURI(pathname.replace(/^[/\\]+/, '/'))}/` };
    const index = join(path, 'index.html');
    return { path: index, size: (await about(index)).size };
  } catch {
    return null;
  }
}

async function about(path) {
  const stats = await stat(path);
  return { size: stats.size, isDirectory: stats.isDirectory() };
}

/** Whether the module of this address is the script that node was started with. */
export function started(module) {
  try {
    return realpathSync(process.argv[1]) === fileURLToPath(module);
  } catch {
    return false;
  }
}

if (started(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? 'build/site');
  const { origin } = await serveFolder(folder, { port: Number(process.env.PORT) || 8080, host: process.env.HOST });
  console.log(`${folder} on ${origin}`);
}
