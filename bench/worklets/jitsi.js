/** RNNoise 0.1 of @jitsi/rnnoise-wasm, its asynchronous build, behind the least framing that works. */
import createModule from '@jitsi/rnnoise-wasm/dist/rnnoise.js';

const FRAME = 480;
/** RNNoise takes samples in the range of 16-bit integers. */
const FULL_SCALE = 32768;
/** 480 - gcd(480, 128): the least that never runs dry. */
const HEAD_START = 448;

class Jitsi extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    const rnnoise = {};
    let memory;
    // The package compiles asynchronously; a worklet can do it on the spot.
    rnnoise.instantiateWasm = (imports, receive) => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(processorOptions.wasm), imports);
      memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
      receive(instance);
      return instance.exports;
    };
    createModule(rnnoise);
    this.rnnoise = rnnoise;
    this.state = rnnoise._rnnoise_create();
    this.frame = rnnoise._malloc(FRAME * 4);
    this.heap = new Float32Array(memory.buffer, this.frame, FRAME);
    this.filled = 0;
    this.queue = new Float32Array(2 * FRAME);
    this.queued = HEAD_START;
  }

  process(inputs, outputs) {
    const input = inputs[0][0];
    const output = outputs[0][0];
    if (!input) return true;
    const { heap, queue } = this;
    for (let i = 0; i < input.length; i++) {
      heap[this.filled++] = input[i] * FULL_SCALE;
      if (this.filled < FRAME) continue;
      this.filled = 0;
      this.rnnoise._rnnoise_process_frame(this.state, this.frame, this.frame);
      for (let n = 0; n < FRAME; n++) queue[this.queued++] = heap[n] / FULL_SCALE;
    }
    output.set(queue.subarray(0, output.length));
    queue.copyWithin(0, output.length, this.queued);
    this.queued -= output.length;
    return true;
  }
}

registerProcessor('bench/jitsi', Jitsi);
