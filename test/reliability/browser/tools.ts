/** What the pages of the reliability tests offer beside `percepnet` and `tools`. */
import type { Browser, Page } from 'playwright-core';
import { openPage, type Site } from '../../helpers/browser';

declare global {
  var rel: typeof helpers;
}

const helpers = {
  /** The small network: faults are the same and start sooner. */
  tiny: { model: '/test/golden/tiny.safetensors' },

  sleep: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),

  /** Largest sample of a node's output over some seconds. */
  async peak(node: AudioNode, seconds: number): Promise<number> {
    const { context } = node;
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    node.connect(analyser);
    const samples = new Float32Array(8192);
    let peak = 0;
    const end = context.currentTime + seconds;
    while (context.currentTime < end) {
      await rel.sleep(50);
      analyser.getFloatTimeDomainData(samples);
      for (const x of samples) peak = Math.max(peak, Math.abs(x));
    }
    node.disconnect(analyser);
    return peak;
  },

  /** A node fed with a tone and heard by nobody, and the codes of its error events. */
  async playing(
    context: AudioContext,
  ): Promise<{ node: InstanceType<typeof percepnet.NoiseSuppressorNode>; errors: string[] }> {
    // On a busy machine an overload is real, and not what these tests are about.
    const options = { assets: rel.tiny, overload: 'report', timeoutMs: 60_000 } as const;
    const node = await percepnet.NoiseSuppressorNode.create(context, options);
    const errors: string[] = [];
    node.addEventListener('error', (event) => errors.push(event.error.code));
    // Its dry sound is loud whatever the network makes of a tone.
    const source = new OscillatorNode(context, { frequency: 300 });
    source
      .connect(node)
      .connect(new GainNode(context, { gain: 0 }))
      .connect(context.destination);
    source.start();
    return { node, errors };
  },

  async microphone(): Promise<MediaStreamTrack> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: percepnet.recommendedConstraints() });
    return stream.getAudioTracks()[0] as MediaStreamTrack;
  },

  /** Largest sample of a track over some seconds. */
  async heard(track: MediaStreamTrack, seconds: number): Promise<number> {
    const context = new AudioContext();
    const peak = await rel.peak(
      new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }),
      seconds,
    );
    await context.close();
    return peak;
  },
};

/** A page with the library, `tools` and `rel`. */
export async function openTestPage(browser: Browser, site: Site): Promise<Page> {
  const page = await openPage(browser, site);
  await page.evaluate(
    `globalThis.rel = {${Object.entries(helpers).map(([name, value]) => {
      if (typeof value !== 'function') return `${name}: ${JSON.stringify(value)}`;
      const text = value.toString();
      return /^(async )?\w+\s*\(/.test(text) ? text : `${name}: ${text}`;
    })}}`,
  );
  return page;
}

/** Runs before the library's worklet: the registered processor passes through `change`, a function of its prototype. */
export function patchedProcessor(change: string): string {
  return `
    const { registerProcessor } = globalThis;
    globalThis.registerProcessor = (name, Processor) => {
      (${change})(Processor.prototype);
      registerProcessor(name, Processor);
    };`;
}

/** Runs before the library's worklet: `name` of each core is replaced; `count` is the number of its calls. */
export function patchedCore(name: string, body: string): string {
  return `
    const { Instance } = WebAssembly;
    let count = 0;
    WebAssembly.Instance = function (...args) {
      const exports = { ...new Instance(...args).exports };
      const original = exports.${name};
      if (original) exports.${name} = (...given) => { count++; ${body} };
      return { exports };
    };`;
}
