/** Tracks that come and go in Firefox, which never frees the worklet scope of a closed context. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, firefoxAbsent, launchFirefox, type Tab } from '../../browser/engines';
import { type Site, serve } from '../../helpers/browser';
import { amount, record } from '../../helpers/kit';

const CYCLES = amount(30, 1000);
/** Cycles of one call into the page. */
const AT_ONCE = 10;
/** Bytes of memory that a cycle may leave, and that Firefox's own caches may come to; a scope that is left is 3.3 MiB. */
const LEFT_PER_CYCLE = 65536;
const CACHES = 40 << 20;

/** Resident memory of the processes that this one has started, bytes by their ids. */
function resident(): Map<number, number> {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        const field = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
        return [{ id: Number(name), parent: field('PPid'), bytes: field('VmRSS') * 1024 }];
      } catch {
        // It has just ended.
        return [];
      }
    });
  const ours = new Set([process.pid]);
  // A child may come before its parent.
  for (let size = 0; size < ours.size; ) {
    size = ours.size;
    for (const { id, parent } of processes) if (ours.has(parent)) ours.add(id);
  }
  return new Map(
    processes.filter(({ id }) => id !== process.pid && ours.has(id)).map(({ id, bytes }) => [id, bytes] as const),
  );
}

/** Bytes by which those that were there before have grown: Firefox keeps a process of 40 MiB ready for a next page, when it likes. */
function grownSince(before: Map<number, number>): number {
  const now = resident();
  return [...before].reduce((sum, [id, bytes]) => sum + (now.get(id) ?? bytes) - bytes, 0);
}

const absent = firefoxAbsent() ?? (process.platform === 'linux' ? null : 'memory is read from /proc');
describe.skipIf(absent)(absent ? `Firefox (skipped: ${absent})` : 'soak of a page', { timeout: 7_200_000 }, () => {
  let site: Site;
  let engine: Engine;
  let tab: Tab;

  beforeAll(async () => {
    site = await serve();
    engine = await launchFirefox();
    tab = await engine.open(site.origin);
  }, 400_000);

  afterAll(async () => {
    await engine?.close();
    await site?.close();
  });

  /** How many contexts the page has made so far. */
  const run = (rounds: number): Promise<number> =>
    tab.evaluate(async (rounds) => {
      while (!('tools' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 50));
      const page = globalThis as unknown as { made?: number };
      if (page.made === undefined) {
        page.made = 0;
        globalThis.AudioContext = new Proxy(AudioContext, {
          construct(target, given, extended) {
            page.made!++;
            return Reflect.construct(target, given, extended);
          },
        });
      }
      const assets = { model: '/test/golden/tiny.safetensors' };
      const [source] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
      for (let i = 0; i < rounds; i++) {
        const handle = await percepnet.suppressNoise(source as MediaStreamTrack, { assets, timeoutMs: 60_000 });
        if (handle.error) throw handle.error;
        await handle.destroy();
      }
      source?.stop();
      return page.made;
    }, rounds);

  test('in Firefox: tracks suppressed and destroyed, all in one context', async (context) => {
    let made = await run(AT_ONCE);
    const before = resident();
    for (let done = 0; done < CYCLES; done += AT_ONCE) made = await run(AT_ONCE);
    expect(made).toBe(1);
    // What is garbage goes within a while, what has leaked does not.
    let grown = 0;
    await expect
      .poll(() => (grown = grownSince(before)), { timeout: 60_000, interval: 1000 })
      .toBeLessThan(CACHES + LEFT_PER_CYCLE * CYCLES);
    const mebibytes = (grown / 2 ** 20).toFixed(0);
    record(context, `${CYCLES} times: 1 context, memory of all processes ${grown < 0 ? '' : '+'}${mebibytes} MiB`);
  });
});
