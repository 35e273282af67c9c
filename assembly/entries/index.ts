/**
 * Entry: the core that ships, as build/core.wasm and build/core-relaxed.wasm. Handles are small integers;
 * every function checks the handles, pointers and lengths it is given and answers with a negative code of errors.ts (or 0 where a pointer
 * is asked for). Only functions that create something allocate; all others are real-time safe unless they say otherwise.
 */
import { MAX_NETWORKS, MAX_SUPPRESSORS } from '../constants';
import { ERROR_FULL, ERROR_HANDLE, ERROR_MEMORY } from '../errors';
import { allocate, reserve } from '../memory';
import { Network } from '../network/percepnet';
import { checkLayers } from '../network/weights';
import { Suppressor } from '../suppressor';

export {
  resamplerCreate,
  resamplerDelay,
  resamplerDestroy,
  resamplerInput,
  resamplerOutput,
  resamplerProcess,
  resamplerReset,
} from '../signal/resampler';

/** major << 16 | minor << 8 | patch; the package's version. */
const VERSION: i32 = (0 << 16) | (1 << 8) | 0;

/** A little more than a Suppressor without a network takes. */
const SUPPRESSOR_BYTES: i64 = 6 << 14;

const networks = new StaticArray<Network | null>(MAX_NETWORKS);
const suppressors = new StaticArray<Suppressor | null>(MAX_SUPPRESSORS);
/** Network of each suppressor, and whether a caller holds it. */
const owners = new StaticArray<i32>(MAX_SUPPRESSORS);
const held = new StaticArray<bool>(MAX_SUPPRESSORS);

export function coreVersion(): i32 {
  return VERSION;
}

/** 16-byte aligned memory that is never given back: for model and recordings, at start. 0 when impossible. */
export function alloc(bytes: i32): usize {
  return allocate(bytes);
}

/**
 * Takes the layers of a model whose data is in memory for good.
 * @param layers pointer to `count` descriptors of 8 i32 (network/weights.ts)
 * @returns handle, or a negative code
 */
export function networkLoad(layers: usize, count: i32): i32 {
  const code = checkLayers(layers, count);
  if (code != 0) return code;
  for (let i = 0; i < MAX_NETWORKS; i++) {
    if (!unchecked(networks[i])) {
      if (!reserve(Network.bytes(layers, count))) return ERROR_MEMORY;
      unchecked((networks[i] = new Network(layers, count)));
      return i;
    }
  }
  return ERROR_FULL;
}

/**
 * A stream, from the free list or new.
 * @param network handle, or -1 for a stream without a network, whose gains are all one
 * @returns handle, or a negative code
 */
export function suppressorCreate(network: i32): i32 {
  if (network < -1 || network >= MAX_NETWORKS) return ERROR_HANDLE;
  let weights: Network | null = null;
  if (network >= 0) weights = unchecked(networks[network]);
  if (network >= 0 && !weights) return ERROR_HANDLE;
  for (let i = 0; i < MAX_SUPPRESSORS; i++) {
    const known = unchecked(suppressors[i]);
    if (known) {
      if (unchecked(held[i]) || unchecked(owners[i]) != network) continue;
      known.reset();
    } else {
      if (!reserve(SUPPRESSOR_BYTES + (weights ? weights.streamBytes : 0))) return ERROR_MEMORY;
      unchecked((suppressors[i] = new Suppressor(weights)));
      unchecked((owners[i] = network));
    }
    unchecked((held[i] = true));
    return i;
  }
  return ERROR_FULL;
}

function suppressorAt(handle: i32): Suppressor | null {
  if (handle < 0 || handle >= MAX_SUPPRESSORS || !unchecked(held[handle])) return null;
  return unchecked(suppressors[handle]);
}

/** Gives the stream back to the free list. 0 or a negative code. */
export function suppressorDestroy(handle: i32): i32 {
  if (!suppressorAt(handle)) return ERROR_HANDLE;
  unchecked((held[handle] = false));
  return 0;
}

/** Forgets everything heard. 0 or a negative code. */
export function suppressorReset(handle: i32): i32 {
  const s = suppressorAt(handle);
  if (!s) return ERROR_HANDLE;
  s.reset();
  return 0;
}

/** 480 f32 to write the next hop to, +-1 full scale. */
export function suppressorInput(handle: i32): usize {
  const s = suppressorAt(handle);
  return s ? changetype<usize>(s.stream.input) : 0;
}

/** 480 f32 of the last hop, 1440 samples late. */
export function suppressorOutput(handle: i32): usize {
  const s = suppressorAt(handle);
  return s ? changetype<usize>(s.stream.output) : 0;
}

/** 70 f32: what the network saw last (features.ts). */
export function suppressorFeatures(handle: i32): usize {
  const s = suppressorAt(handle);
  return s ? changetype<usize>(s.analysis.features) : 0;
}

/** 34 f32: gains of the last frame, floors applied. */
export function suppressorGains(handle: i32): usize {
  const s = suppressorAt(handle);
  return s ? changetype<usize>(s.enhancer.gains) : 0;
}

/** 34 f32: comb filter strengths of the last frame, 0..1. */
export function suppressorStrengths(handle: i32): usize {
  const s = suppressorAt(handle);
  return s ? changetype<usize>(s.enhancer.strengths) : 0;
}

/** Pitch period of the last frame in samples, or a negative code. */
export function suppressorPeriod(handle: i32): i32 {
  const s = suppressorAt(handle);
  return s ? s.analysis.period : ERROR_HANDLE;
}

/** NaN counts as full strength: a broken control must not let noise through or sound out. */
function clampStrength(strength: f32): f32 {
  return strength < 1 ? max<f32>(0, strength) : 1;
}

/**
 * Input hop to output hop.
 * @param strength 0 (delayed input, bit for bit) to 1 (all the network can do)
 * @returns speech probability, 0..1, or a negative code
 */
export function suppressorProcess(handle: i32, strength: f32): f32 {
  const s = suppressorAt(handle);
  return s ? s.process(clampStrength(strength)) : (ERROR_HANDLE as f32);
}

/**
 * Does a part of the next hop's work, for callbacks that complete none: the busiest one then has less to do. Changes no result.
 * @returns 1 if there is more, 0 if not, or a negative code
 */
export function suppressorPrepare(handle: i32): i32 {
  const s = suppressorAt(handle);
  return s ? (s.prepare() as i32) : ERROR_HANDLE;
}

/** As suppressorProcess for two channels; the speech probability is that of the one that speaks more. */
export function suppressorProcessLinked(left: i32, right: i32, strength: f32): f32 {
  const l = suppressorAt(left);
  const r = suppressorAt(right);
  if (!l || !r || l === r) return ERROR_HANDLE as f32;
  return l.processLinked(r, clampStrength(strength));
}

/** Input hop to output hop without analysis: the delayed input, bit for bit after one hop of crossfade. */
export function suppressorBypass(handle: i32): void {
  const s = suppressorAt(handle);
  if (s) s.bypass();
}
