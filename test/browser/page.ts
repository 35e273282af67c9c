/** What the test page offers to functions evaluated in it: the library as `percepnet`, the helpers below as `tools`. */
import type * as Library from '../../src/entries/index';

declare global {
  var percepnet: typeof Library;
  var tools: typeof helpers;
}

interface OfflineJob {
  rate: number;
  /** One array per input channel, all of one length. */
  input: Float32Array[];
  options?: Library.CreateOptions;
  /** Render quantum asked for; ignored by browsers that do not know it. */
  quantum?: number;
  outputChannels?: number;
  /** Called with the node before rendering starts. */
  prepare?(node: Library.NoiseSuppressorNode, context: OfflineAudioContext): void | Promise<void>;
}

interface OfflineResult {
  output: Float32Array[];
  node: Library.NoiseSuppressorNode;
  context: OfflineAudioContext;
  /** Latency in samples of the context. */
  delay: number;
}

/** The small network the unit tests use, unless the default one has been trained. */
let model: Promise<string> | undefined;
async function modelUrl(): Promise<string> {
  model ??= fetch('/dist/model.safetensors', { method: 'HEAD' }).then((response) =>
    response.ok ? '/dist/model.safetensors' : '/test/golden/tiny.safetensors',
  );
  return model;
}

async function assets(): Promise<Library.AssetOptions> {
  return { model: await modelUrl() };
}

/** Pseudo-random numbers in -0.5..0.5, the same for the same seed. */
function noise(length: number, seed = 1): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  });
}

async function offline(job: OfflineJob): Promise<OfflineResult> {
  const { rate, input, options } = job;
  const init: OfflineAudioContextOptions & { renderSizeHint?: number } = {
    numberOfChannels: job.outputChannels ?? input.length,
    length: input[0].length,
    sampleRate: rate,
  };
  if (job.quantum) init.renderSizeHint = job.quantum;
  const context = new OfflineAudioContext(init);
  const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await assets(), ...options });
  const buffer = new AudioBuffer({ numberOfChannels: input.length, length: input[0].length, sampleRate: rate });
  for (const [c, channel] of input.entries()) buffer.copyToChannel(channel as Float32Array<ArrayBuffer>, c);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  await job.prepare?.(node, context);
  const rendered = await context.startRendering();
  const output = Array.from({ length: rendered.numberOfChannels }, (_, c) => rendered.getChannelData(c));
  return { output, node, context, delay: node.latency * rate };
}

/** Largest |output[n] - input[n - delay]|, and how many samples differ at all; samples before the input count as 0. */
function compareDelayed(
  output: Float32Array,
  input: Float32Array,
  delay: number,
): { worst: number; differing: number } {
  let worst = 0;
  let differing = 0;
  for (let n = 0; n < output.length; n++) {
    const difference = Math.abs(output[n] - (n < delay ? 0 : input[n - delay]));
    if (difference !== 0) differing++;
    worst = Math.max(worst, difference);
  }
  return { worst, differing };
}

/** Sum of sines of the given hertz at time t. */
function tones(frequencies: number[], t: number): number {
  let sum = 0;
  for (const f of frequencies) sum += Math.sin(2 * Math.PI * f * t + f);
  return (0.5 * sum) / frequencies.length;
}

/** Error of the output against the tones `latency` seconds later, in decibels below them, over from..to seconds. */
function toneError(
  output: Float32Array,
  frequencies: number[],
  rate: number,
  latency: number,
  from: number,
  to: number,
): number {
  let error = 0;
  let signal = 0;
  for (let n = Math.round(from * rate); n < to * rate; n++) {
    const expected = tones(frequencies, n / rate - latency);
    error += (output[n] - expected) ** 2;
    signal += expected ** 2;
  }
  return 10 * Math.log10(error / signal);
}

function event(target: EventTarget, type: string, timeoutMs = 20_000): Promise<Event> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} within ${timeoutMs} ms`)), timeoutMs);
    target.addEventListener(
      type,
      (happened) => {
        clearTimeout(timer);
        resolve(happened);
      },
      { once: true },
    );
  });
}

/** Runs a script in the audio worklet scope of a context, before the library's own. */
async function inScope(context: BaseAudioContext, script: string): Promise<void> {
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
}

/** The first message of a processor, or `otherwise` after five seconds without one. */
function answerOf(node: AudioWorkletNode, otherwise: string): Promise<string> {
  return new Promise((resolve) => {
    node.port.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, 5000, otherwise);
  });
}

/** The error's code, or what came instead of an error. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error instanceof percepnet.NoiseSuppressorError ? error.code : String(error);
  }
}

/** The nodes that `create` makes from now on, so far. */
function nodesMade(): InstanceType<typeof percepnet.NoiseSuppressorNode>[] {
  const { NoiseSuppressorNode } = percepnet;
  const { create } = NoiseSuppressorNode;
  const made: InstanceType<typeof NoiseSuppressorNode>[] = [];
  NoiseSuppressorNode.create = async (...given) => {
    const node = await create.apply(NoiseSuppressorNode, given);
    made.push(node);
    return node;
  };
  return made;
}

/** Sends a track over a peer connection within the page; the stream that arrives, kept playing. */
async function loopBack(track: MediaStreamTrack): Promise<MediaStream> {
  const near = new RTCPeerConnection();
  const far = new RTCPeerConnection();
  near.onicecandidate = ({ candidate }) => candidate && far.addIceCandidate(candidate);
  far.onicecandidate = ({ candidate }) => candidate && near.addIceCandidate(candidate);
  const arrived = new Promise<MediaStream>((resolve) => {
    far.ontrack = ({ track }) => resolve(new MediaStream([track]));
  });
  near.addTrack(track);
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
  const stream = await arrived;
  // Chromium decodes a remote track only for an element that plays it.
  const element = new Audio();
  element.srcObject = stream;
  element.muted = true;
  await element.play();
  // Held by the page, or it is collected in the middle of the call.
  Object.assign(globalThis, { calls: [...((globalThis as { calls?: unknown[] }).calls ?? []), near, far, element] });
  return stream;
}

/** A track that the browser itself mutes and ends: one received over a peer connection, as its far end wishes. */
async function received(): Promise<{
  track: MediaStreamTrack;
  mute(): Promise<void>;
  unmute(): Promise<void>;
  end(): Promise<void>;
}> {
  const far = new RTCPeerConnection();
  const near = new RTCPeerConnection();
  far.onicecandidate = ({ candidate }) => candidate && near.addIceCandidate(candidate);
  near.onicecandidate = ({ candidate }) => candidate && far.addIceCandidate(candidate);
  const context = new AudioContext();
  const tone = new OscillatorNode(context);
  const sent = new MediaStreamAudioDestinationNode(context);
  tone.connect(sent);
  tone.start();
  const transceiver = far.addTransceiver(sent.stream.getAudioTracks()[0] as MediaStreamTrack, {
    direction: 'sendonly',
  });
  const arrived = new Promise<MediaStreamTrack>((resolve) => {
    near.ontrack = ({ track }) => resolve(track);
  });
  const negotiate = async (): Promise<void> => {
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
  };
  await negotiate();
  const track = await arrived;
  if (track.muted) await event(track, 'unmute');
  // Chromium decodes a remote track only for an element that plays it.
  const element = new Audio();
  element.srcObject = new MediaStream([track]);
  element.muted = true;
  await element.play();
  Object.assign(globalThis, { calls: [...((globalThis as { calls?: unknown[] }).calls ?? []), near, far, element] });
  const told = async (type: string, change: () => void): Promise<void> => {
    const happened = event(track, type);
    change();
    await negotiate();
    await happened;
  };
  return {
    track,
    mute: () =>
      told('mute', () => {
        transceiver.direction = 'inactive';
      }),
    unmute: () =>
      told('unmute', () => {
        transceiver.direction = 'sendonly';
      }),
    end: () => told('ended', () => transceiver.stop()),
  };
}

/** What a track is, and from now on tells. */
function heardOf(track: MediaStreamTrack): { told: string[]; is(): string } {
  const told: string[] = [];
  for (const type of ['ended', 'mute', 'unmute']) track.addEventListener(type, () => told.push(type));
  return { told, is: () => `${track.readyState}${track.muted ? ', muted' : ''}` };
}

/** A track with a tone in it, sooner there than a microphone. */
function tone(): MediaStreamTrack {
  const context = new AudioContext();
  const source = new OscillatorNode(context);
  const destination = new MediaStreamAudioDestinationNode(context);
  source.connect(destination);
  source.start();
  return destination.stream.getAudioTracks()[0] as MediaStreamTrack;
}

/** Whether something is heard in a track within some seconds. */
async function sounds(track: MediaStreamTrack): Promise<boolean> {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(analyser);
  const samples = new Float32Array(8192);
  let heard = false;
  await until(() => {
    analyser.getFloatTimeDomainData(samples);
    heard = samples.some((x) => Math.abs(x) > 0.01);
    return heard;
  });
  await context.close();
  return heard;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Until the condition holds; after five seconds without, things are as they are. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 250 && !holds(); i++) await sleep(20);
}

/** Samples of a stream over some seconds, as plain numbers so that they can leave the page. */
async function record(context: AudioContext, stream: MediaStream, seconds: number): Promise<number[]> {
  await inScope(
    context,
    `try { registerProcessor('recorder', class extends AudioWorkletProcessor {
       process([[channel]]) { if (channel) this.port.postMessage(channel.slice()); return true; }
     }); } catch {}`,
  );
  const recorder = new AudioWorkletNode(context, 'recorder', { channelCount: 1, channelCountMode: 'explicit' });
  const samples: number[] = [];
  const enough = new Promise<void>((resolve) => {
    recorder.port.onmessage = ({ data }) => {
      for (const x of data) samples.push(x);
      if (samples.length >= seconds * context.sampleRate) resolve();
    };
  });
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(recorder).connect(context.destination);
  await enough;
  recorder.port.onmessage = null;
  recorder.disconnect();
  return samples.map((x) => Math.round(x * 1e6) / 1e6);
}

const helpers = {
  assets,
  noise,
  offline,
  compareDelayed,
  tones,
  toneError,
  event,
  inScope,
  answerOf,
  codeOf,
  nodesMade,
  loopBack,
  received,
  heardOf,
  tone,
  sounds,
  sleep,
  until,
  record,
};

// @ts-expect-error an address of the test server
globalThis.percepnet = await import('/dist/index.js');
globalThis.tools = helpers;
