import '../shared/disposable';
import { chainLatency, headStart } from '../channel/timing';
import { coreVersionText } from '../core/exports';
import { type AssetOptions, assetsOf } from '../loading/asset-options';
import { type LoadedAssets, loadAssets } from '../loading/assets';
import { loading } from '../loading/loading';
import type { NetworkName } from '../loading/networks';
import { type SupportReport, supportReport, unsupportedReasons } from '../loading/support';
import { NoiseSuppressorError } from '../shared/errors';
import type { LoadLimits } from '../shared/limited';
import { sameVersion, VERSION } from '../shared/version';
import { contextClosed, isClosed, onClosed, whileOpen } from './closing';
import { EventNode } from './event-node';
import { NoiseSuppressorErrorEvent } from './events';
import { measureLoad } from './measure';
import { type LiveState, PROCESSOR_NAME } from './messages';
import {
  type CreateOptions,
  checkBypass,
  checkContext,
  checkCreate,
  checkNode,
  checkSupportOptions,
  type NoiseSuppressorOptions,
} from './node-options';
import type { NoiseSuppressorStats } from './node-stats';
import { ProcessorPort } from './processor-port';
import { pull } from './pull';
import { type Registration, register, registrationOf } from './registration';
import { start } from './start';
import { quantumOf, workletOptions } from './worklet-options';

/**
 * 'starting' until the first frame; 'bypassed' by `bypass`; 'overloaded' when the audio thread fell behind and the delayed
 * input is let through; 'failed' when the core broke: the delayed input is let through for good; 'destroyed' by `destroy()` or
 * because the context was closed.
 */
export type NoiseSuppressorState = 'starting' | 'running' | 'bypassed' | 'overloaded' | 'failed' | 'destroyed';

/** Spares the CPU as bypass does, while nobody listens, and leaves `bypass` as the app has set it. */
export let rest: (node: NoiseSuppressorNode, on: boolean) => void;

/**
 * A node that suppresses noise. One input, one output; processing starts by itself.
 * @example
 * ```ts
 * const node = await NoiseSuppressorNode.create(context, { strength: 0.9 });
 * source.connect(node).connect(destination);
 * const { network, load } = await node.getStats(); // network: { name: 'lite', version: '…' }
 * ```
 */
export class NoiseSuppressorNode extends EventNode {
  /** Whether live suppression can work here. Cheap, synchronous, safe on a server. */
  static isSupported(): boolean {
    return unsupportedReasons().length === 0;
  }

  /** Slower, with reasons; `measure` loads the core and times one second of audio on the calling thread. */
  static async checkSupport(
    options: { measure?: boolean; network?: NetworkName; assets?: AssetOptions } & LoadLimits = {},
  ): Promise<SupportReport> {
    checkSupportOptions(options);
    const { measure, signal, timeoutMs } = options;
    return supportReport(measure ? () => measureLoad(assetsOf(options), { signal, timeoutMs }) : undefined);
  }

  /**
   * Loads assets and registers the processor in this context, once. Safe to call again, also after a failure.
   * @param limits default: 60 s
   * @throws {NoiseSuppressorError} 'unsupported', 'insecure-context', 'context-closed', 'asset-not-found', 'integrity-mismatch',
   * 'blocked-by-csp', 'wasm-rejected', 'worklet-rejected', 'invalid-model', 'version-mismatch', 'invalid-input', 'timeout', 'aborted'
   */
  static async register(context: BaseAudioContext, assets: AssetOptions = {}, limits: LoadLimits = {}): Promise<void> {
    checkContext(context);
    await loading(assets, limits, (wait) => whileOpen(context, register(context, assets, wait), wait.signal));
  }

  /**
   * Fetches and checks ahead of time, without a context.
   * @param limits default: 60 s
   */
  static async preload(assets: AssetOptions = {}, limits: LoadLimits = {}): Promise<void> {
    await loading(assets, limits, (wait) => loadAssets(assets, wait));
  }

  /**
   * register + new + wait for the processor: in a running context until it has processed its first frame, in an offline or
   * suspended one until its core is compiled, loaded and warm.
   * @throws {NoiseSuppressorError} those of register, and 'processor-failed'
   */
  static async create(context: BaseAudioContext, options: CreateOptions = {}): Promise<NoiseSuppressorNode> {
    checkContext(context);
    checkCreate(options);
    const { network, assets, signal, timeoutMs, ...own } = options;
    return start(context, options, () => new NoiseSuppressorNode(context, own));
  }

  /** k-rate, 0..1, default 1. A gain floor inside the core, so every value is in phase. */
  readonly strength: AudioParam;
  /** Resolves when running (as `create` does), rejects with NoiseSuppressorError. */
  readonly ready: Promise<this>;
  private readonly registration: Registration;
  private readonly assets: LoadedAssets;
  private readonly processor: ProcessorPort;
  private currentState: NoiseSuppressorState = 'starting';
  private currentLatency: number;
  private coreVersion = '';
  private wantsBypass: boolean;
  private rests = false;
  /** Aborted by destroy(): takes the listeners along. */
  private readonly life = new AbortController();
  private settle!: { resolve(node: NoiseSuppressorNode): void; reject(error: NoiseSuppressorError): void };
  private readonly stopPulling: () => void;

  static {
    rest = (node, on) => {
      node.rests = on;
      node.sendBypass();
    };
  }

  /**
   * After register(). Throws InvalidStateError otherwise.
   * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none or outside its range
   */
  constructor(context: BaseAudioContext, options: NoiseSuppressorOptions = {}) {
    checkContext(context);
    checkNode(options);
    const registration = registrationOf(context);
    const { assets } = registration;
    if (!assets) {
      throw new DOMException('await NoiseSuppressorNode.register(context) first', 'InvalidStateError');
    }
    super(context, PROCESSOR_NAME, workletOptions(context, registration, assets, options));
    this.registration = registration;
    this.assets = assets;
    this.wantsBypass = options.bypass ?? false;
    const rate = Math.round(context.sampleRate);
    this.currentLatency = chainLatency(rate, headStart(rate, quantumOf(context)));
    this.strength = (this.parameters as unknown as Map<string, AudioParam>).get('strength') as AudioParam;
    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve: resolve as (node: NoiseSuppressorNode) => void, reject };
    });
    // Whoever reads `ready` still sees the rejection; whoever does not is spared the unhandled one.
    this.ready.catch(() => {});
    this.processor = new ProcessorPort(this, {
      prepared: (latency, coreVersion) => this.prepared(latency, coreVersion),
      entered: (state) => this.running(state),
      delayed: (latency) => {
        this.currentLatency = latency;
      },
      failed: (message, cause) => this.fail('processor-failed', message, cause),
    });
    this.stopPulling = pull(this);
    onClosed(context, () => this.end(contextClosed()), this.life.signal);
  }

  /**
   * Crossfades within one frame; the delay does not change; the model stops using CPU.
   * @throws {NoiseSuppressorError} 'invalid-input' when it is set to what is neither true nor false; it stays as it was
   */
  get bypass(): boolean {
    return this.wantsBypass;
  }

  set bypass(value: boolean) {
    checkBypass(value);
    this.wantsBypass = value;
    this.sendBypass();
  }

  /** Input-to-output delay in seconds, exact, constant, resampling included. */
  get latency(): number {
    return this.currentLatency;
  }

  /** Latest known speech probability, 0..1. Reading it asks for a newer one; unread it costs nothing. */
  get speechProbability(): number {
    return this.processor.speechProbability();
  }

  /** Between `speechstart` and `speechend`. */
  get speaking(): boolean {
    return this.processor.speaking;
  }

  /** What it does now; `statechange` tells when that changes. */
  get state(): NoiseSuppressorState {
    // The event of a context that was closed comes later than its state.
    return isClosed(this.context) ? 'destroyed' : this.currentState;
  }

  /** Forgets adaptive state, for a new speaker or device. */
  reset(): void {
    this.processor.send({ type: 'reset' });
  }

  /**
   * What it has done so far, and which network does it.
   * @throws {NoiseSuppressorError} 'destroyed'
   */
  async getStats(): Promise<NoiseSuppressorStats> {
    if (this.state === 'destroyed') throw destroyed();
    const stats = await this.processor.stats();
    const { context, coreVersion, assets } = this;
    return {
      ...stats,
      sampleRate: context.sampleRate,
      coreVersion,
      network: { name: assets.model.name, version: assets.model.version },
      modelVersion: assets.model.version,
      simd: true,
      relaxedSimd: assets.relaxedSimd,
    };
  }

  /** Idempotent. Disconnects, frees the core, lets the processor be collected. Closing the context does it too. */
  destroy(): void {
    this.end(destroyed());
  }

  private end(error: NoiseSuppressorError): void {
    if (this.currentState === 'destroyed') return;
    this.life.abort();
    this.processor.close(destroyed());
    this.disconnect();
    this.stopPulling();
    this.settle.reject(error);
    this.enter('destroyed');
  }

  /** As destroy(), for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  private running(state: LiveState): void {
    this.stopPulling();
    this.enter(state);
    this.settle.resolve(this);
  }

  private prepared(latency: number, packedVersion: number): void {
    this.currentLatency = latency;
    this.coreVersion = coreVersionText(packedVersion);
    if (!sameVersion(this.coreVersion, VERSION)) {
      this.fail(
        'version-mismatch',
        `core ${this.coreVersion} does not belong to library ${VERSION}: refresh the copied or cached asset files`,
      );
      return;
    }
    this.registration.held.add(this.assets.key);
    // Nothing renders until somebody starts or resumes the context, and that may be waiting for us.
    if (this.context.state !== 'running') this.settle.resolve(this);
  }

  private fail(code: NoiseSuppressorError['code'], message: string, cause?: unknown): void {
    if (this.currentState === 'failed' || this.currentState === 'destroyed') return;
    // The next node must bring the bytes again: the scope drops a core that trapped.
    this.registration.held.delete(this.assets.key);
    const error = new NoiseSuppressorError(code, message, { cause });
    this.stopPulling();
    this.processor.speaking = false;
    this.enter('failed');
    this.settle.reject(error);
    this.dispatchEvent(new NoiseSuppressorErrorEvent(error));
  }

  private enter(state: NoiseSuppressorState): void {
    if (this.currentState === state) return;
    this.currentState = state;
    this.dispatchEvent(new Event('statechange'));
  }

  private sendBypass(): void {
    this.processor.send({ type: 'bypass', value: this.wantsBypass || this.rests });
  }
}

function destroyed(): NoiseSuppressorError {
  return new NoiseSuppressorError('destroyed', 'the node was destroyed');
}
