/** AudioWorkletNode whose listeners know the types of our events. */
import type { NoiseSuppressorEventMap } from './events';

export interface EventNode extends AudioWorkletNode {
  /** As any EventTarget, with the events of NoiseSuppressorEventMap. */
  addEventListener<K extends keyof NoiseSuppressorEventMap>(
    type: K,
    listener: (this: this, event: NoiseSuppressorEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As any EventTarget. */
  removeEventListener<K extends keyof NoiseSuppressorEventMap>(
    type: K,
    listener: (this: this, event: NoiseSuppressorEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** On a server there is no AudioWorkletNode to extend; importing must work all the same. */
export const EventNode = (globalThis.AudioWorkletNode ?? class {}) as unknown as {
  new (context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions): EventNode;
  prototype: EventNode;
};
