/** A stand-in for the audio thread's scope, for Node: a clock that tests move, a port that they read, the real processor. */
import { vi } from 'vitest';
import { parseModel } from '../../src/core/model';
import type { FromProcessor, ProcessorOptions, ToProcessor } from '../../src/graph/messages';
import { coreBytes, tinyModel } from './kit';

export const QUANTUM = 128;

export interface Processor {
  readonly port: { onmessage: ((event: { data: ToProcessor }) => void) | null; closed: boolean };
  process(inputs: Float32Array[][], outputs: Float32Array[][], parameters: { strength: Float32Array }): boolean;
}

/** The scope's globals. */
export const scope = globalThis as unknown as { currentFrame: number; currentTime: number; sampleRate: number };
/** What Date.now() says. */
export const clock = { now: 0 };
const messages: FromProcessor[] = [];
let Registered: (new (init: {
  processorOptions: ProcessorOptions;
}) => Processor) & {
  parameterDescriptors: readonly object[];
};
let wasm: Uint8Array<ArrayBuffer>;
let key = 0;

/** Loads worklet/processor.ts into the scope. Slow where the core has to be compiled. */
export async function openScope(): Promise<typeof Registered> {
  wasm = await coreBytes();
  vi.stubGlobal(
    'AudioWorkletProcessor',
    class {
      readonly port = {
        onmessage: null,
        closed: false,
        postMessage: (message: FromProcessor) => messages.push(message),
        close() {
          this.closed = true;
        },
      };
    },
  );
  vi.stubGlobal('registerProcessor', (_: string, given: typeof Registered) => {
    Registered = given;
  });
  rewind();
  await loadProcessor();
  return Registered;
}

/** Runs the file, again after vi.resetModules(). Its globals are not those of this project's types, so no static import. */
export function loadProcessor(): Promise<unknown> {
  const file = new URL('../../worklet/processor.ts', import.meta.url).pathname;
  return import(file);
}

/** Back to the first sample at 48 kHz, nothing told, Date.now() in the tests' hands. */
export function rewind(sampleRate = 48_000): void {
  messages.length = 0;
  for (const [name, value] of Object.entries({ currentFrame: 0, currentTime: 0, sampleRate }))
    vi.stubGlobal(name, value);
  clock.now = 1_000_000;
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now);
}

export function advance(samples: number): void {
  scope.currentFrame += samples;
  scope.currentTime = scope.currentFrame / scope.sampleRate;
  clock.now += (1000 * samples) / scope.sampleRate;
}

/** A core that no other processor shares. */
export function newCore(): Required<ProcessorOptions['core']> {
  return { key: `core ${key++}`, wasm: wasm.slice().buffer, model: parseModel(tinyModel()) };
}

export function make(options: Partial<ProcessorOptions> = {}): Processor {
  return new Registered({
    processorOptions: {
      core: newCore(),
      channels: 1,
      bypass: false,
      realtime: true,
      overload: 'bypass',
      voiceActivity: { start: 0.6, stop: 0.4, holdMs: 200 },
      quantum: QUANTUM,
      ...options,
    },
  });
}

export function send(processor: Processor, message: ToProcessor): void {
  processor.port.onmessage?.({ data: message });
}

/** Messages of one type since the last rewind. */
export function told<Type extends FromProcessor['type']>(type: Type): Extract<FromProcessor, { type: Type }>[] {
  return messages.filter((message) => message.type === type) as never;
}

export function forget(): void {
  messages.length = 0;
}
