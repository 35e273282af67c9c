import { MAX_SUPPRESSORS } from './shape';

/** The exports of the wasm core (assembly/entries/index.ts) that the library and the worklet call; all of them are in shape.ts. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  alloc(bytes: number): number;
  coreVersion(): number;
  networkLoad(layers: number, count: number): number;
  suppressorCreate(network: number): number;
  suppressorDestroy(suppressor: number): number;
  suppressorReset(suppressor: number): number;
  suppressorInput(suppressor: number): number;
  suppressorOutput(suppressor: number): number;
  suppressorProcess(suppressor: number, strength: number): number;
  suppressorPrepare(suppressor: number): number;
  suppressorProcessLinked(left: number, right: number, strength: number): number;
  suppressorBypass(suppressor: number): void;
  resamplerCreate(inRate: number, outRate: number, maxInput: number): number;
  resamplerInput(resampler: number): number;
  resamplerOutput(resampler: number): number;
  resamplerProcess(resampler: number, count: number): number;
  resamplerReset(resampler: number): number;
  resamplerDestroy(resampler: number): number;
}

/** Channels one instance can hold. */
export const CORE_CHANNELS = MAX_SUPPRESSORS;

/** The core asks for one import, the abort hook; calling it ends the call with an exception. */
export const CORE_IMPORTS = {
  env: {
    abort(): never {
      throw new WebAssembly.RuntimeError('the core aborted');
    },
  },
};

/** "major.minor.patch" of a core's packed version. */
export function coreVersionText(packed: number): string {
  return `${packed >>> 16}.${(packed >>> 8) & 255}.${packed & 255}`;
}
