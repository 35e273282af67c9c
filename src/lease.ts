/** The audio context that suppressed tracks share, or the app's own. */

/** Render quantum that needs no reframing at 48 kHz; browsers that do not know the option ignore it. */
const RENDER_QUANTUM = 480;

/** A use of a context; the last one to end closes it, if it is ours. */
export interface ContextLease {
  readonly context: AudioContext;
  release(): Promise<void>;
}

let shared: { context: AudioContext; users: number; stop: AbortController } | null = null;

export function leaseContext(own?: AudioContext): ContextLease {
  if (own) return { context: own, release: async () => {} };
  if (!shared || shared.context.state === 'closed') {
    const options: AudioContextOptions & { renderSizeHint?: number } = {
      latencyHint: 'interactive',
      renderSizeHint: RENDER_QUANTUM,
    };
    const context = new AudioContext(options);
    shared = { context, users: 0, stop: new AbortController() };
    keepAwake(context, shared.stop.signal);
  }
  const lease = shared;
  lease.users++;
  let released = false;
  return {
    context: lease.context,
    async release() {
      if (released) return;
      released = true;
      if (--lease.users > 0) return;
      if (shared === lease) shared = null;
      lease.stop.abort();
      // The app may have closed it, or be about to: then it refuses.
      await lease.context.close().catch(() => {});
    },
  };
}

/** Resumes a context that autoplay rules, a phone call or a hidden page have stopped. */
function keepAwake(context: AudioContext, signal: AbortSignal): void {
  const resume = (): void => {
    if (context.state !== 'running' && context.state !== 'closed') context.resume().catch(() => {});
  };
  resume();
  context.addEventListener('statechange', resume, { signal });
  if (typeof document !== 'object') return;
  for (const type of ['pointerdown', 'keydown', 'visibilitychange']) {
    document.addEventListener(type, resume, { signal, passive: true });
  }
}
