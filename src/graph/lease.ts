/** The audio contexts that suppressed tracks share, or the app's own. */
import { FRAME } from '../core/shape';

/** Render quantum that needs no reframing at 48 kHz; browsers that do not know the option ignore it. */
const RENDER_QUANTUM = FRAME;
/** What may be, or come with, a gesture of the user: a mouse button down, a finger up, a key, the page to the front. */
export const WAKING = ['pointerdown', 'pointerup', 'touchend', 'keydown', 'visibilitychange'];

/** A use of a context. The last one to end suspends it, if it is ours. */
export interface ContextLease {
  readonly context: AudioContext;
  /** Whether it was made for this use. */
  readonly fresh: boolean;
  /** @param late somebody has waited in vain: where the clock stood still all the while, the context is given up */
  release(late?: boolean): void;
}

/** One of ours: runs while somebody uses it, and is suspended while nobody does. */
class SharedContext {
  readonly context: AudioContext;
  private users = 0;
  /** Ends the waiting for gestures. */
  private idle = new AbortController();

  constructor() {
    const options: AudioContextOptions & { renderSizeHint?: number } = {
      latencyHint: 'interactive',
      renderSizeHint: RENDER_QUANTUM,
    };
    this.context = new AudioContext(options);
    // Stopped by a phone call, or going on after one.
    this.context.addEventListener('statechange', this.settle);
  }

  lease(fresh: boolean): ContextLease {
    const { context } = this;
    const began = context.currentTime;
    if (this.users++ === 0) this.wake();
    let released = false;
    return {
      context,
      fresh,
      release: (late = false) => {
        if (released) return;
        released = true;
        if (--this.users > 0) return;
        this.idle.abort();
        if (late && context.currentTime === began) this.close();
        // Not waited for: a context that has never started may never answer. One that the app has closed refuses.
        else context.suspend().catch(() => {});
      },
    };
  }

  private wake(): void {
    this.idle = new AbortController();
    const { signal } = this.idle;
    // Also where the state is 'running': it may be about to be suspended.
    this.context.resume().catch(() => {});
    if (typeof document !== 'object') return;
    for (const type of WAKING) document.addEventListener(type, this.settle, { signal, passive: true });
  }

  private readonly settle = (): void => {
    const { context, users } = this;
    if (context.state === 'closed') {
      this.close();
      return;
    }
    const running = context.state === 'running';
    if (users > 0 && !running) context.resume().catch(() => {});
    if (users === 0 && running) context.suspend().catch(() => {});
  };

  private close(): void {
    this.context.removeEventListener('statechange', this.settle);
    kept.delete(this);
    this.context.close().catch(() => {});
  }
}

/**
 * Suspended, a context gives the loudspeaker back; closed, it would leave its worklet's scope behind in Firefox, 3 MiB each time. More than
 * one where microphones come at rates that no other takes.
 */
const kept = new Set<SharedContext>();

/** @param refused contexts of ours that do not take the track */
export function leaseContext(own: AudioContext | undefined, refused: readonly AudioContext[] = []): ContextLease {
  if (own) return { context: own, fresh: false, release: () => {} };
  for (const shared of kept) {
    if (shared.context.state === 'closed') kept.delete(shared);
    else if (!refused.includes(shared.context)) return shared.lease(false);
  }
  const shared = new SharedContext();
  kept.add(shared);
  return shared.lease(true);
}
