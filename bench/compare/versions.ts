/** One recording through each suppressor, in step with one another. */
import { NoiseSuppressorNode } from 'percepnet-wasm';
import { bufferOf, RATE } from '../../examples/shared/audio';
import { createNode } from '../render';
import { runsHere, type Subject } from '../subjects';
import { delayOf } from './align';

/** What a suppressor may be late by, and what of the recording is looked at to find it. */
const MAX_DELAY_SECONDS = 0.1;
const LOOK_SECONDS = 5;
/** What one that compiles in its worklet gets before rendering starts. */
const SETTLE_MS = 300;

/** The subjects of the bench that are compared: each suppressor once, in the fastest build that runs here. */
export function compared(subjects: readonly Subject[], relaxedSimd: boolean): Subject[] {
  return ['rnnoise-0.1-simd', 'gtcrn', 'lite', 'full'].flatMap((name) => {
    const subject = subjects.find((one) => one.name === name && runsHere(one, relaxedSimd));
    return subject ? [subject] : [];
  });
}

/** As long as the input, its delay taken out. */
export async function through(subject: Subject, input: AudioBuffer): Promise<AudioBuffer> {
  const most = Math.round(MAX_DELAY_SECONDS * RATE);
  const context = new OfflineAudioContext(1, input.length + most, RATE);
  const node = await createNode(context, subject);
  const source = new AudioBufferSourceNode(context, { buffer: input });
  source.connect(node).connect(context.destination);
  source.start();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const output = (await context.startRendering()).getChannelData(0);
  const own = node instanceof NoiseSuppressorNode;
  const delay = own ? Math.round(node.latency * RATE) : delayOf(...loudest(input.getChannelData(0), output), most);
  if (own) node.destroy();
  return bufferOf(output.slice(delay, delay + input.length));
}

/** Where the input has most to be compared, and as much of the output, with its delay. */
function loudest(input: Float32Array, output: Float32Array): [Float32Array, Float32Array] {
  const length = Math.round(LOOK_SECONDS * RATE);
  let at = 0;
  let most = 0;
  for (let start = 0; start < input.length; start += length) {
    const power = input.subarray(start, start + length).reduce((sum, x) => sum + x * x, 0);
    if (power <= most) continue;
    most = power;
    at = start;
  }
  return [input.subarray(at, at + length), output.subarray(at, at + length + Math.round(MAX_DELAY_SECONDS * RATE))];
}
