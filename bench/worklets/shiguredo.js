/** RNNoise of 2025 of @shiguredo/rnnoise-wasm behind the least framing that works. */
import { Rnnoise } from '@shiguredo/rnnoise-wasm';

const FRAME = 480;
/** RNNoise takes samples in the range of 16-bit integers. */
const FULL_SCALE = 32768;
/** 480 - gcd(480, 128): the least that never runs dry. */
const HEAD_START = 448;

class Shiguredo extends AudioWorkletProcessor {
  constructor() {
    super();
    // The package refuses to load where there is neither a window nor a worker.
    globalThis.WorkerGlobalScope ??= class {};
    Rnnoise.load().then((rnnoise) => {
      this.state = rnnoise.createDenoiseState();
    });
    this.frame = new Float32Array(FRAME);
    this.filled = 0;
    this.queue = new Float32Array(2 * FRAME);
    this.queued = HEAD_START;
  }

  process(inputs, outputs) {
    const input = inputs[0][0];
    const output = outputs[0][0];
    if (!input || !this.state) return true;
    const { frame, queue } = this;
    for (let i = 0; i < input.length; i++) {
      frame[this.filled++] = input[i] * FULL_SCALE;
      if (this.filled < FRAME) continue;
      this.filled = 0;
      this.state.processFrame(frame);
      for (let n = 0; n < FRAME; n++) queue[this.queued++] = frame[n] / FULL_SCALE;
    }
    output.set(queue.subarray(0, output.length));
    queue.copyWithin(0, output.length, this.queued);
    this.queued -= output.length;
    return true;
  }
}

registerProcessor('bench/shiguredo', Shiguredo);
