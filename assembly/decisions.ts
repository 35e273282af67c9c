/**
 * What the network decides on a frame: how much of each band is speech, how much of it the comb filter may tell, whether somebody speaks.
 * The constructor allocates; every method is real-time safe.
 */
import { BANDS, BANDS_BYTES } from './constants';
import { Network, NetworkState } from './network/percepnet';
import { TAUGHT_BANDS } from './settings';

export class Decisions {
  /** Gains, 0..1. */
  readonly gains: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Strengths of the comb filter, 0..1. */
  readonly strengths: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Speech probability, 0..1; 0 without a network. */
  speech: f32 = 0;

  /** Null: no network, every gain is one. */
  private state: NetworkState | null = null;

  constructor(network: Network | null) {
    if (network) this.state = new NetworkState(network);
  }

  reset(): void {
    const state = this.state;
    if (state) state.reset();
    this.speech = 0;
  }

  /** Quantised state of the network that the finer stage is told; 0 without a network. */
  get context(): usize {
    const state = this.state;
    return state ? state.context : 0;
  }

  /** Work of the next frame that can be done before it is there (network/percepnet.ts). Whether there is more. */
  prepare(): bool {
    const state = this.state;
    return state ? state.prepare() : false;
  }

  /** @param features 70 f32 */
  process(features: usize): void {
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const state = this.state;
    if (!state) {
      for (let b: usize = 0; b < BANDS_BYTES; b += 4) store<f32>(gains + b, 1);
      memory.fill(strengths, 0, BANDS_BYTES);
      return;
    }
    this.speech = state.step(features);
    memory.copy(gains, state.gains, BANDS_BYTES);
    memory.copy(strengths, state.strengths, BANDS_BYTES);
    // What was never taught stays as quiet as the band below.
    for (let b = (TAUGHT_BANDS as usize) << 2; b < BANDS_BYTES; b += 4) {
      store<f32>(gains + b, min(load<f32>(gains + b), load<f32>(gains + b - 4)));
    }
  }
}
