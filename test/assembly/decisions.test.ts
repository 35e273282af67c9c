/** What becomes of the network's answer, and what is decided without a network. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CORE_IMPORTS, type CoreExports } from '../../src/core/exports';
import { loadNetwork, parseModel } from '../../src/core/model';
import { BANDS, FEATURES } from '../../src/core/shape';
import { compileAssembly } from '../helpers/assembly';
import { noise } from '../helpers/signals';

interface Probe extends Pick<CoreExports, 'memory' | 'alloc' | 'networkLoad'> {
  create(network: number): number;
  gains(decisions: number): number;
  strengths(decisions: number): number;
  speech(decisions: number): number;
  context(decisions: number): number;
  prepare(decisions: number): number;
  process(decisions: number, features: number): void;
  reset(decisions: number): void;
  taught(): number;
  stateCreate(network: number): number;
  stateStep(state: number, features: number): number;
  stateGains(state: number): number;
  stateStrengths(state: number): number;
}

const source = `
import { Decisions } from './assembly/decisions';
import { allocate } from './assembly/memory';
import { Network, NetworkState } from './assembly/network/percepnet';
import { checkLayers } from './assembly/network/weights';
import { TAUGHT_BANDS } from './assembly/settings';
const networks: Network[] = [];
const states: NetworkState[] = [];
const all: Decisions[] = [];
export function alloc(bytes: i32): usize { return allocate(bytes); }
export function networkLoad(layers: usize, count: i32): i32 {
  const code = checkLayers(layers, count);
  return code != 0 ? code : networks.push(new Network(layers, count)) - 1;
}
export function taught(): i32 { return TAUGHT_BANDS; }
export function create(network: i32): i32 { return all.push(new Decisions(network < 0 ? null : networks[network])) - 1; }
export function gains(d: i32): usize { return changetype<usize>(all[d].gains); }
export function strengths(d: i32): usize { return changetype<usize>(all[d].strengths); }
export function speech(d: i32): f32 { return all[d].speech; }
export function context(d: i32): usize { return all[d].context; }
export function prepare(d: i32): bool { return all[d].prepare(); }
export function process(d: i32, features: usize): void { all[d].process(features); }
export function reset(d: i32): void { all[d].reset(); }
export function stateCreate(network: i32): i32 { return states.push(new NetworkState(networks[network])) - 1; }
export function stateStep(s: i32, features: usize): f32 { return states[s].step(features); }
export function stateGains(s: i32): usize { return states[s].gains; }
export function stateStrengths(s: i32): usize { return states[s].strengths; }
`;

let core: Probe;
let features: number;
beforeAll(async () => {
  const { instance } = await WebAssembly.instantiate(await compileAssembly('probe.ts', { source }), CORE_IMPORTS);
  core = instance.exports as unknown as Probe;
  features = core.alloc(4 * FEATURES);
});
const bands = (at: number): number[] => [...new Float32Array(core.memory.buffer, at, BANDS)];
const give = (seed: number): void =>
  new Float32Array(core.memory.buffer, features, FEATURES).set(noise(FEATURES, seed));

describe('decisions', () => {
  it('without a network are gains of one, no comb filter, nobody who speaks, and nothing to prepare', () => {
    const d = core.create(-1);
    give(1);
    core.process(d, features);
    expect(bands(core.gains(d))).toEqual(Array(BANDS).fill(1));
    expect(bands(core.strengths(d))).toEqual(Array(BANDS).fill(0));
    expect([core.speech(d), core.context(d), core.prepare(d)]).toEqual([0, 0, 0]);
    core.reset(d);
  });

  it('with one are its answer, but a band that was never taught is no louder than the one below', () => {
    const model = parseModel(readFileSync(new URL('../golden/tiny.safetensors', import.meta.url)));
    const network = loadNetwork(core, model);
    const [d, state] = [core.create(network), core.stateCreate(network)];
    const taught = core.taught();
    expect(taught).toBeLessThan(BANDS);
    let [louder, quieter] = [0, 0];
    const run = (): number[][] =>
      Array.from({ length: 30 }, (_, t) => {
        give(100 + t);
        core.process(d, features);
        return [...bands(core.gains(d)), ...bands(core.strengths(d)), core.speech(d)];
      });
    const rows = run();
    for (const [t, row] of rows.entries()) {
      give(100 + t);
      const speech = core.stateStep(state, features);
      const told = bands(core.stateGains(state));
      const gains = told.slice(0, taught);
      for (let b = taught; b < BANDS; b++) {
        if (told[b]! > gains[b - 1]!) louder++;
        else quieter++;
        gains.push(Math.min(told[b]!, gains[b - 1]!));
      }
      expect(row).toEqual([...gains, ...bands(core.stateStrengths(state)), speech]);
    }
    // Both happen, or the rule was not tried.
    expect(Math.min(louder, quieter)).toBeGreaterThan(0);
    core.reset(d);
    expect(core.speech(d)).toBe(0);
    expect(run()).toEqual(rows);
    expect(core.context(d)).not.toBe(0);
  });
});
