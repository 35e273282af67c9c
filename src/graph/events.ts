import type { NoiseSuppressorError } from '../shared/errors';

/** `speechstart` and `speechend`. */
export class VoiceActivityEvent extends Event {
  /** Speech probability of the deciding frame, 0..1. */
  readonly probability: number;
  /** Context time in seconds at which the decided sound entered the node: latency is already subtracted. */
  readonly contextTime: number;

  /** The node makes them. */
  constructor(type: 'speechstart' | 'speechend', probability: number, contextTime: number) {
    super(type);
    this.probability = probability;
    this.contextTime = contextTime;
  }
}

/** The audio thread fell behind. Cancelable: preventDefault() keeps processing. */
export class OverloadEvent extends Event {
  /** Share of real time spent in the core over the last second. */
  readonly load: number;
  /** Seconds in overload one after the other, retries included. */
  readonly consecutive: number;

  /** The node makes them. */
  constructor(load: number, consecutive: number) {
    super('overload', { cancelable: true });
    this.load = load;
    this.consecutive = consecutive;
  }
}

/** Something went wrong for good; the delayed input stays audible. */
export class NoiseSuppressorErrorEvent extends Event {
  /** What, and what to do. */
  readonly error: NoiseSuppressorError;

  /** The node makes them. */
  constructor(error: NoiseSuppressorError) {
    super('error');
    this.error = error;
  }
}

/** The events of a node by their names. */
export interface NoiseSuppressorEventMap extends AudioWorkletNodeEventMap {
  /** `state` has changed. */
  statechange: Event;
  /** Somebody began to speak. */
  speechstart: VoiceActivityEvent;
  /** Nobody speaks any more. */
  speechend: VoiceActivityEvent;
  /** The audio thread fell behind. */
  overload: OverloadEvent;
  /** The core broke; the delayed input passes from now on. */
  error: NoiseSuppressorErrorEvent;
}
