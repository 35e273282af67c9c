/** examples/voice-agent: clients over a real WebSocket on this machine. */

import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, type WebSocketServer } from 'ws';
import type { listen, Word } from '../../../examples/voice-agent/server';
import { denoise } from '../../../src/entries/offline';
import { coreBytes, fixture, shippedModel } from '../../helpers/kit';

const RATE = 16_000;
const speech = fixture('speech');
/** Speech at 16 kHz, every third sample of what is below 8 kHz but for some hiss, then a second of nothing. */
const pcm = Int16Array.from({ length: Math.floor(speech.length / 3) + RATE }, (_, n) =>
  Math.round(32767 * (speech[3 * n] ?? 0)),
);
let server: WebSocketServer;
let assets: { wasm: Uint8Array<ArrayBuffer>; model: Uint8Array<ArrayBuffer> };

beforeAll(async () => {
  const outfile = resolve('test-results/voice-agent/server.mjs');
  await build({
    entryPoints: ['examples/voice-agent/server.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { 'percepnet-wasm/offline': resolve('src/entries/offline.ts') },
    external: ['ws'],
    outfile,
  });
  assets = { wasm: await coreBytes(), model: shippedModel('lite') as Uint8Array<ArrayBuffer> };
  const example: { listen: typeof listen } = await import(pathToFileURL(outfile).href);
  server = example.listen(0, { assets });
});
afterAll(() => server?.close());

/** What a client hears that sends the sound in messages of `length` samples. */
function call(sound: Int16Array, length: number): Promise<{ heard: number[]; words: Word[] }> {
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const heard: number[] = [];
  const words: Word[] = [];
  return new Promise((done, fail) => {
    socket.on('open', () => {
      for (let at = 0; at < sound.length; at += length) socket.send(sound.slice(at, at + length));
      socket.send('end');
    });
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) heard.push(...new Int16Array(Uint8Array.from(data).buffer));
      else words.push(JSON.parse(data.toString()));
      if ('end' in (words.at(-1) ?? {})) socket.close();
    });
    socket.on('close', () => done({ heard, words }));
    socket.on('error', fail);
  });
}

test('what callers send at once comes back without its noise, sample for sample, with turns', async () => {
  const expected = await denoise(
    Float32Array.from(pcm, (x) => x / 32768),
    { sampleRate: RATE, assets },
  );
  const integers = [...expected].map((x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));
  for (const { heard, words } of await Promise.all([call(pcm, 320), call(pcm, 1111)])) {
    expect(heard.length).toBe(pcm.length);
    expect(heard.every((x, n) => x === integers[n])).toBe(true);
    expect(words[0]).toEqual({ speaking: true });
    expect(words.slice(-2)).toEqual([{ speaking: false }, { end: true }]);
  }
});

test('a caller who hangs up while the network loads leaves nothing behind', async () => {
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((done) => socket.on('open', done));
  socket.terminate();
  const { heard } = await call(pcm.subarray(0, 5000), 5000);
  expect(heard.length).toBe(5000);
});
