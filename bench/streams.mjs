/**
 * How cost grows, in Node: 1, 2, 4, 8 and 16 streams in one instance of the core, which share one copy of the weights, and offline
 * throughput on one thread and on all cores: node bench/streams.mjs [--model=FILE] [--relaxed] [--chart=FILE.svg]
 * Wants a build (npm run build). A figure is the best of many short bursts, so other load hardly shows.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { barChart } from './chart.mjs';

const STREAMS = [1, 2, 4, 8, 16];
const { FRAME } = JSON.parse(readFileSync('build/shape.json', 'utf8')).constants;
const FRAME_US = 10_000;
const BURSTS = 300;
const THROUGHPUT_MS = 3000;

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'models/lite/model.safetensors' },
    relaxed: { type: 'boolean', default: false },
    chart: { type: 'string' },
  },
});

/** A core with its network; the library's own loader, from the build for Node. */
async function start() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['src/core/model.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  const { loadNetwork, parseModel } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  const wasm = readFileSync(options.relaxed ? 'dist/core-relaxed.wasm' : 'dist/core.wasm');
  const abort = () => {
    throw new Error('the core aborted');
  };
  const { instance } = await WebAssembly.instantiate(wasm, { env: { abort } });
  return { core: instance.exports, network: loadNetwork(instance.exports, parseModel(readFileSync(options.model))) };
}

function addStream(core, network) {
  const stream = core.suppressorCreate(network);
  if (stream < 0) throw new Error(`no stream: ${stream}`);
  const input = new Float32Array(core.memory.buffer, core.suppressorInput(stream), FRAME);
  for (let i = 0; i < FRAME; i++) input[i] = 0.1 * Math.sin((2 * Math.PI * 150 * i) / 48000);
  return stream;
}

/** Frames in THROUGHPUT_MS of one thread. */
async function throughput() {
  const { core, network } = await start();
  const stream = addStream(core, network);
  for (let i = 0; i < 200; i++) core.suppressorProcess(stream, 1);
  const before = process.threadCpuUsage?.();
  const began = performance.now();
  let frames = 0;
  for (; performance.now() - began < THROUGHPUT_MS; frames += 20) {
    for (let i = 0; i < 20; i++) core.suppressorProcess(stream, 1);
  }
  const cpu = before && process.threadCpuUsage(before);
  return { frames, wallUs: (performance.now() - began) * 1000, cpuUs: cpu && cpu.user + cpu.system };
}

async function main() {
  const { core, network } = await start();
  const streams = [];
  const growth = STREAMS.map((count) => {
    while (streams.length < count) streams.push(addStream(core, network));
    let best = Number.POSITIVE_INFINITY;
    for (let burst = 0; burst < BURSTS; burst++) {
      const began = performance.now();
      for (const stream of streams) core.suppressorProcess(stream, 1);
      best = Math.min(best, performance.now() - began);
    }
    return { count, us: best * 1000, bytes: core.memory.buffer.byteLength };
  });
  const cores = availableParallelism();
  const alone = await throughput();
  const all = await Promise.all(
    Array.from(
      { length: cores },
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), {
            workerData: 'throughput',
            argv: process.argv.slice(2),
          });
          worker.on('message', resolve).on('error', reject);
        }),
    ),
  );
  console.log(`Node ${process.version}, ${options.relaxed ? 'relaxed' : 'plain'} SIMD, ${options.model}`);
  console.log('streams  us per 10 ms  us a stream  wasm MiB');
  for (const { count, us, bytes } of growth) {
    console.log(
      `${String(count).padStart(7)}  ${us.toFixed(0).padStart(12)}  ${(us / count).toFixed(1).padStart(11)}  ${(bytes / 2 ** 20).toFixed(1).padStart(8)}`,
    );
  }
  const speed = ({ frames, cpuUs, wallUs }) => (frames * FRAME_US) / (cpuUs ?? wallUs);
  console.log(`one thread: ${speed(alone).toFixed(0)} x real time ${alone.cpuUs ? '(CPU time)' : '(wall time)'}`);
  const together = all.reduce((sum, { frames, wallUs }) => sum + (frames * FRAME_US) / wallUs, 0);
  console.log(`${cores} worker threads on ${cores} cores: ${together.toFixed(0)} x real time (wall time)`);
  if (!options.chart) return;
  const bars = growth.map(({ count, us }) => ({
    label: `${count} ${count === 1 ? 'stream' : 'streams'}`,
    value: us,
    ours: true,
  }));
  writeFileSync(options.chart, barChart([{ title: 'Streams in one core: us per 10 ms of all of them', bars }]));
}

if (isMainThread) await main();
else parentPort.postMessage(await throughput());
