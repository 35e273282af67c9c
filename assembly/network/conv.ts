/**
 * Causal convolution over time. The history holds the quantised input frames of all taps, oldest first, so a frame is one
 * matrix product over it and no frame is quantised twice. Real-time safe.
 */
import { ACTIVATION_BYTES } from './activations';
import { denseTanh } from './dense';
import { Layer } from './weights';

/** Makes room for the newest frame. Returns where it goes: layer.columns / layer.taps quantised values. */
export function shiftHistory(layer: Layer, history: usize): usize {
  const frame = <usize>(layer.columns / layer.taps) * ACTIVATION_BYTES;
  const kept = <usize>layer.columns * ACTIVATION_BYTES - frame;
  memory.copy(history, history + frame, kept);
  return history + kept;
}

/** out = quantised tanh(W history + bias). Arguments as in denseTanh. */
export function convTanh(layer: Layer, history: usize, sums: usize, out: usize): void {
  denseTanh(layer, history, sums, out);
}
