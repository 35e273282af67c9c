/**
 * The audio thread's side of NoiseSuppressorNode. Moves samples between the graph and the core, reports what changed, and
 * whatever goes wrong keeps the delayed input audible. `process` allocates nothing, throws nothing, logs nothing and posts
 * only changes.
 */

import { NoRoom } from '../src/channel/channels';
import { Fold } from '../src/channel/fold';
import { chainLatency, FRAME_MS, headStart } from '../src/channel/timing';
import type { FromProcessor, LiveState, ProcessorOptions, ToProcessor } from '../src/graph/messages';
import { PROCESSOR_NAME } from '../src/graph/messages';
import { acquireCore, discardCore, type LoadedCore, releaseCore, replaceCore } from './core';
import { DelayLine } from './delay-line';
import { OverloadDetector } from './overload';
import { type FrameObserver, Pipeline } from './pipeline';
import { VoiceActivity } from './voice-activity';

/** Samples of the fade back to a core, and seconds its network listens before. */
const FADE = 480;
const LISTEN = 0.1;
/** Channels that Web Audio lets a connection have. */
const MOST_SIDES = 32;
/** Keeps times small integers, which engines hold without a box. */
const CLOCK_MASK = 0x3fffffff;

class NoiseSuppressorProcessor extends AudioWorkletProcessor implements AudioWorkletProcessorImpl, FrameObserver {
  static get parameterDescriptors(): readonly object[] {
    return [{ name: 'strength', defaultValue: 1, minValue: 0, maxValue: 1, automationRate: 'k-rate' }];
  }

  /** Without the core's bytes, which are not to live as long as the node. */
  private readonly options: Omit<ProcessorOptions, 'core'>;
  private readonly rate = Math.round(sampleRate);
  private core: LoadedCore | null = null;
  private pipeline: Pipeline | null = null;
  private readonly detector = new OverloadDetector();
  private readonly voice: VoiceActivity | null;
  /** Channels to one, null for stereo; whether there ever were more than one. */
  private readonly fold: Fold | null;
  private folded = false;
  /** One of each per channel: the mixed input, the delayed input, the processed output. */
  private readonly mixed: Float32Array[] = [];
  private readonly dry: Float32Array[] = [];
  private readonly wet: Float32Array[] = [];
  private readonly dryLines: DelayLine[] = [];
  /**
   * When the core is lost between two samples, the delayed input begins where the output was: by the last sample of both, and the
   * difference, which fades while `settling` samples are left.
   */
  private readonly lastOut: Float32Array;
  private readonly lastDry: Float32Array;
  private readonly step: Float32Array;
  private settling = 0;
  /** Samples until a new core is heard alone, when another node broke the one before. */
  private returning = 0;
  private bypass: boolean;
  private bypassing = false;
  private destroyed = false;
  /** Something outside the core threw: nothing but the input itself is to be had. */
  private broken = false;
  private state: LiveState | 'starting' = 'starting';
  /** currentFrame of the next callback; -1 before the first. */
  private nextFrame = -1;
  /** Whether the clock was read before this frame, and what it said. */
  private timed = false;
  private started = 0;

  constructor(init: { processorOptions: ProcessorOptions }) {
    super();
    const { core: source, ...options } = init.processorOptions;
    this.options = options;
    this.bypass = options.bypass;
    this.port.onmessage = (event: MessageEvent<ToProcessor>) => this.receive(event.data);
    const voice = options.voiceActivity;
    this.voice = voice && new VoiceActivity({ ...voice, holdFrames: Math.round(voice.holdMs / FRAME_MS) });
    const { quantum, channels } = options;
    this.lastOut = new Float32Array(channels);
    this.lastDry = new Float32Array(channels);
    this.step = new Float32Array(channels);
    this.fold = channels === 1 ? new Fold(this.rate, MOST_SIDES) : null;
    this.layDryLines(chainLatency(this.rate, headStart(this.rate, quantum)), quantum);
    this.makeRoom(quantum);
    try {
      const core = acquireCore(source, channels);
      this.core = core;
      this.pipeline = new Pipeline(
        core.exports,
        core.network,
        this.rate,
        channels,
        quantum,
        this,
        core.warm,
        options.spread,
      );
      core.warm = true;
      this.post({ type: 'prepared', latency: this.pipeline.latency, coreVersion: core.exports.coreVersion() });
    } catch (error) {
      this.fail(error, true);
    }
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][], parameters: Record<string, Float32Array>): boolean {
    if (this.destroyed) return false;
    const input = inputs[0];
    const output = outputs[0];
    if (output.length === 0) return true;
    if (this.broken) passThrough(input, output);
    else {
      try {
        this.render(input, output, parameters.strength);
      } catch (error) {
        // A processor that throws is silent for ever.
        this.broken = true;
        this.fail(error, false);
        passThrough(input, output);
      }
    }
    return true;
  }

  frameStart(): void {
    this.timed = this.options.realtime && this.detector.timesNext;
    if (!this.timed) return;
    this.started = Date.now() & CLOCK_MASK;
    this.detector.clock(this.started);
  }

  private render(input: Float32Array[], output: Float32Array[], strength: Float32Array): void {
    const count = output[0].length;
    this.watchClock();
    this.mix(input, count);
    const wet = this.run(count, strength);
    const { dryLines, mixed, dry } = this;
    for (let c = 0; c < dryLines.length; c++) {
      dryLines[c].process(mixed[c], dry[c], count);
    }
    this.nextFrame = currentFrame + count;
    if (wet && this.returning > 0) this.fadeBack(count);
    const source = wet ? this.wet : dry;
    if (this.settling > 0) this.settle(source, count);
    for (let c = 0; c < dry.length; c++) {
      this.lastOut[c] = source[c][count - 1];
      this.lastDry[c] = dry[c][count - 1];
    }
    for (let c = 0; c < output.length; c++) {
      const from = c < source.length ? source[c] : source[0];
      const to = output[c];
      if (from.length === count) to.set(from);
      else for (let i = 0; i < count; i++) to[i] = from[i];
    }
  }

  frameEnd(speech: Float64Array): void {
    const { options, detector } = this;
    if (this.state === 'starting') this.enter(this.bypassing ? 'bypassed' : 'running');
    if (this.voice?.update(speech)) this.postSpeech();
    if (!options.realtime) return;
    const ms = this.timed ? ((Date.now() & CLOCK_MASK) - this.started) & CLOCK_MASK : 0;
    const change = detector.frame(ms, this.bypassing);
    if (change === 'overload') this.overload();
    else if (change === 'retry') this.enter(this.bypass ? 'bypassed' : 'running');
  }

  /** Runs the chain; false when only the delayed input is to be had. */
  private run(count: number, strength: Float32Array): boolean {
    const { pipeline } = this;
    if (!pipeline) return false;
    this.bypassing = this.bypass || this.detector.overloaded;
    try {
      if (this.core?.broken) this.replace(pipeline, this.core);
      if (!pipeline.process(this.mixed, this.wet, count, strength, this.bypassing)) this.delayChanged(pipeline);
      return true;
    } catch (error) {
      this.lose();
      this.fail(error, true);
      return false;
    }
  }

  /** Another node broke the core. A new one listens for a while beside the delayed input, which is heard until then. */
  private replace(pipeline: Pipeline, broken: LoadedCore): void {
    const { channels } = this.options;
    const core = replaceCore(broken, channels);
    this.core = core;
    pipeline.moveTo(core.exports, core.network);
    this.lose();
    this.returning = Math.round((pipeline.latency + LISTEN) * this.rate) + FADE;
  }

  /** The output of the next sample is the delayed input, but for a step that fades. */
  private lose(): void {
    const { step, lastOut, lastDry } = this;
    for (let c = 0; c < step.length; c++) step[c] = lastOut[c] - lastDry[c];
    this.settling = FADE;
  }

  private settle(source: Float32Array[], count: number): void {
    const { step, settling } = this;
    for (let c = 0; c < step.length; c++) {
      const to = source[c];
      for (let i = 0; i < count && i < settling; i++) to[i] = to[i] + ((settling - i) / FADE) * step[c];
    }
    this.settling = Math.max(0, settling - count);
  }

  /** From the delayed input to the processed output, in place. */
  private fadeBack(count: number): void {
    const { wet, dry, returning } = this;
    for (let c = 0; c < wet.length; c++) {
      const to = wet[c];
      const from = dry[c];
      for (let i = 0; i < count; i++) {
        const left = returning - i;
        if (left >= FADE) to[i] = from[i];
        else if (left > 0) to[i] = to[i] + (left / FADE) * (from[i] - to[i]);
      }
    }
    this.returning = Math.max(0, returning - count);
  }

  /** Input channels to the channels that are processed: folded for mono; a lone side fills both of stereo. */
  private mix(input: Float32Array[], count: number): void {
    const { mixed, fold } = this;
    if (mixed[0].length < count) this.makeRoom(count);
    const sides = input.length;
    if (fold && (sides > 1 || this.folded) && sides > 0) {
      this.folded = true;
      fold.process(input, mixed[0], 0, count);
      return;
    }
    for (let c = 0; c < mixed.length; c++) {
      const to = mixed[c];
      if (sides === 0) {
        to.fill(0);
        continue;
      }
      const from = input[c < sides ? c : 0];
      if (from.length === count && to.length === count) to.set(from);
      else for (let i = 0; i < count; i++) to[i] = from[i];
    }
  }

  /** The audio clock moves on by one block per callback; a short gap is a dropped one, a long one a node that was unplugged. */
  private watchClock(): void {
    if (!this.options.realtime || this.nextFrame < 0) return;
    const gap = currentFrame - this.nextFrame;
    if (gap > 0 && gap < this.rate) this.detector.late();
  }

  private makeRoom(count: number): void {
    for (let c = 0; c < this.options.channels; c++) {
      this.mixed[c] = new Float32Array(count);
      this.dry[c] = new Float32Array(count);
      this.wet[c] = new Float32Array(count);
    }
  }

  private layDryLines(latency: number, quantum: number): void {
    for (let c = 0; c < this.options.channels; c++) {
      this.dryLines[c] = new DelayLine(Math.round(latency * this.rate), quantum);
    }
  }

  private delayChanged(pipeline: Pipeline): void {
    if (this.nextFrame < 0) this.layDryLines(pipeline.latency, this.options.quantum);
    else for (const line of this.dryLines) line.setDelay(Math.round(pipeline.latency * this.rate));
    this.post({ type: 'latency', latency: pipeline.latency });
  }

  private overload(): void {
    const { detector } = this;
    this.post({ type: 'overload', load: detector.load, consecutive: detector.consecutive });
    if (this.options.overload !== 'bypass') return;
    detector.enter();
    this.enter('overloaded');
  }

  private enter(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    this.post({ type: 'state', state });
  }

  private postSpeech(): void {
    const { pipeline, voice } = this;
    if (!pipeline || !voice) return;
    // The sound this frame lets out now came in one delay ago.
    const time = currentTime - pipeline.latency;
    this.post({ type: 'speech', speaking: voice.speaking, probability: pipeline.probability, time });
  }

  /**
   * From here on only the delayed input is heard.
   * @param ofCore whether a call of the core may have thrown: then nobody uses it any more
   */
  private fail(error: unknown, ofCore: boolean): void {
    if (this.core && ofCore && !(error instanceof NoRoom)) discardCore(this.core);
    this.giveBack();
    this.post({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }

  private giveBack(): void {
    const { pipeline, core } = this;
    this.pipeline = null;
    this.core = null;
    if (!core) return;
    if (!core.broken) pipeline?.destroy();
    releaseCore(core, this.options.channels);
  }

  private receive(message: ToProcessor): void {
    const { pipeline, detector } = this;
    try {
      switch (message.type) {
        case 'bypass':
          this.bypass = message.value;
          // A new wish of the user ends the waiting after an overload.
          detector.clear();
          if (this.state !== 'starting' && pipeline) this.enter(message.value ? 'bypassed' : 'running');
          break;
        case 'keep-processing':
          detector.clear();
          if (this.state === 'overloaded') this.enter(this.bypass ? 'bypassed' : 'running');
          break;
        case 'reset':
          if (!this.core?.broken) pipeline?.reset();
          if (this.voice?.reset()) this.postSpeech();
          break;
        case 'probability':
          this.post({ type: 'probability', value: pipeline ? pipeline.probability : 0 });
          break;
        case 'stats':
          this.postStats(message.id);
          break;
        case 'destroy':
          this.destroy();
          break;
      }
    } catch (error) {
      this.fail(error, true);
    }
  }

  private postStats(id: number): void {
    const { pipeline, detector } = this;
    const { load, peakLoad, lateCallbacks, overloads } = detector;
    this.post({
      type: 'stats',
      id,
      stats: {
        framesProcessed: pipeline?.framesProcessed ?? 0,
        framesBypassed: pipeline?.framesBypassed ?? 0,
        lateCallbacks,
        overloads,
        load,
        peakLoad,
        inputLevel: pipeline?.meter.inputLevel ?? 0,
        outputLevel: pipeline?.meter.outputLevel ?? 0,
        attenuation: pipeline?.meter.attenuation ?? 0,
        latency: pipeline?.latency ?? 0,
      },
    });
  }

  private destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.port.onmessage = null;
    this.port.close();
    this.giveBack();
  }

  private post(message: FromProcessor): void {
    this.port.postMessage(message);
  }
}

/** Input to output, a lone side to both. */
function passThrough(input: Float32Array[], output: Float32Array[]): void {
  if (input.length === 0) return;
  for (let c = 0; c < output.length; c++) output[c].set(input[c < input.length ? c : 0]);
}

// Two copies of this file in one scope (another URL, same version): the first one serves both.
try {
  registerProcessor(PROCESSOR_NAME, NoiseSuppressorProcessor);
} catch (error) {
  if (!(error instanceof Error) || error.name !== 'NotSupportedError') throw error;
}
