/** The worker of the article page, as functions. */
import type { NetworkName } from 'percepnet-wasm';
import { loadBar } from '../shared/loading';
import type { CoreAnswer, CoreJob, Ladder } from './core-worker';

type Ask = CoreJob extends infer Job ? (Job extends CoreJob ? Omit<Job, 'id'> : never) : never;

export class Core {
  private readonly worker = new Worker(new URL('core-worker.js', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<number, { resolve(answer: CoreAnswer): void; reject(error: Error): void }>();
  private last = 0;

  constructor() {
    const showLoad = loadBar();
    this.worker.onmessage = ({ data }: MessageEvent<CoreAnswer>) => {
      if (data.type === 'load') {
        showLoad(data);
        return;
      }
      const request = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.type === 'error') request?.reject(new Error(data.message));
      else request?.resolve(data);
    };
    this.worker.onerror = (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message || 'the worker did not load'));
      this.waiting.clear();
    };
  }

  /** Steps 1 to 5, and the pitch with and without noise. */
  async ladder(
    noisy: Float32Array<ArrayBuffer>,
    clean: Float32Array<ArrayBuffer>,
    network: NetworkName,
  ): Promise<Ladder> {
    return (await this.ask({ type: 'ladder', noisy, clean, network })) as CoreAnswer & { type: 'ladder' };
  }

  /** For each band, how much it counts in each bin of 50 Hz. */
  async bands(): Promise<Float32Array[]> {
    return ((await this.ask({ type: 'bands' })) as CoreAnswer & { type: 'bands' }).shapes;
  }

  /** Weights of the sound k periods before, k = -3..3, in the mixture with the comb filter that lets the least noise through. */
  async comb(period: number): Promise<Float32Array> {
    return ((await this.ask({ type: 'comb', period })) as CoreAnswer & { type: 'comb' }).taps;
  }

  private ask(request: Ask): Promise<CoreAnswer> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id } as CoreJob);
    });
  }
}
