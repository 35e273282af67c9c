/** Life of a node: readiness, errors, faults of the core, overload, speech events, destruction. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILD, launchChromium, openPage, type Site, serve } from '../../helpers/browser';

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  const worklet = await readFile(`${BUILD}/worklet.js`, 'utf8');
  site = await serve({
    '/never': () => {},
    '/html': (_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'),
    '/damaged.safetensors': (_, response) => response.end(Buffer.alloc(5000, 7)),
    '/other-version.js': (_, response) =>
      response
        .setHeader('content-type', 'text/javascript')
        .end(worklet.replace(/(noise-suppressor@|")\d+\.\d+\.\d+"/g, '$199.0.0"')),
    '/broken.js': (_, response) => response.setHeader('content-type', 'text/javascript').end('this is no script'),
  });
  browser = await launchChromium(['--host-resolver-rules=MAP insecure.test 127.0.0.1']);
  page = await openPage(browser, site);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

describe('in a running context', () => {
  test('create resolves after the first processed frame, without being connected to anything', async () => {
    const result = await page.evaluate(async () => {
      const context = new AudioContext();
      const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
      const stats = await node.getStats();
      const before = { state: node.state, latency: node.latency, ready: (await node.ready) === node };
      await context.close();
      return { ...before, stats, rate: context.sampleRate };
    });
    expect(result.state).toBe('running');
    expect(result.ready).toBe(true);
    expect(result.stats.framesProcessed).toBeGreaterThan(0);
    expect(result.stats.latency).toBe(result.latency);
    expect(result.stats.sampleRate).toBe(result.rate);
    expect(result.stats.simd).toBe(true);
    expect(result.latency).toBeGreaterThan(0.03);
    expect(result.latency).toBeLessThan(0.045);
  });

  test('register and the constructor build a graph at once; setters count before it is ready', async () => {
    const result = await page.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const context = new AudioContext();
      let early = '';
      try {
        new NoiseSuppressorNode(context);
      } catch (error) {
        early = (error as DOMException).name;
      }
      const assets = await tools.assets();
      await Promise.all([NoiseSuppressorNode.register(context, assets), NoiseSuppressorNode.register(context, assets)]);
      const node = new NoiseSuppressorNode(context);
      node.bypass = true;
      node.strength.value = 0.25;
      const state = node.state;
      await node.ready;
      if (node.state !== 'bypassed') await tools.event(node, 'statechange');
      const result = { early, state, settled: node.state, bypass: node.bypass, strength: node.strength.value };
      node.bypass = false;
      await tools.event(node, 'statechange');
      const last = node.state;
      await context.close();
      return { ...result, last };
    });
    expect(result).toEqual({
      early: 'InvalidStateError',
      state: 'starting',
      settled: 'bypassed',
      bypass: true,
      strength: 0.25,
      last: 'running',
    });
  });

  test('destroy is idempotent and ends everything pending', async () => {
    const result = await page.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const context = new AudioContext();
      const assets = await tools.assets();
      await NoiseSuppressorNode.register(context, assets);
      const node = new NoiseSuppressorNode(context);
      let changes = 0;
      node.addEventListener('statechange', () => changes++);
      const ready = tools.codeOf(node.ready);
      const stats = tools.codeOf(node.getStats());
      node.destroy();
      node.destroy();
      node[Symbol.dispose]?.();
      node.bypass = true;
      node.reset();
      const result = {
        ready: await ready,
        stats: await stats,
        later: await tools.codeOf(node.getStats()),
        state: node.state,
        changes,
      };
      await context.close();
      return result;
    });
    expect(result).toEqual({
      ready: 'destroyed',
      stats: 'destroyed',
      later: 'destroyed',
      state: 'destroyed',
      changes: 1,
    });
  });

  test('a suspended context does not hold create up', async () => {
    const state = await page.evaluate(async () => {
      const context = new AudioContext();
      await context.suspend();
      const node = await percepnet.NoiseSuppressorNode.create(context, {
        assets: await tools.assets(),
        timeoutMs: 5000,
      });
      const before = node.state;
      await context.resume();
      await tools.event(node, 'statechange');
      const { state } = node;
      await context.close();
      return [before, state, node.state];
    });
    expect(state).toEqual(['starting', 'running', 'destroyed']);
  });
});

describe('errors', () => {
  test.each([
    { name: 'a missing model', assets: { model: '/nowhere.safetensors' }, code: 'asset-not-found' },
    { name: 'a page instead of a model', assets: { model: '/html' }, code: 'asset-not-found' },
    { name: 'a damaged model', assets: { model: '/damaged.safetensors' }, code: 'invalid-model' },
    { name: 'a missing core', assets: { wasm: '/nowhere.wasm' }, code: 'asset-not-found' },
    { name: 'a core that is no wasm', assets: { wasm: '/damaged.safetensors' }, code: 'wasm-rejected' },
    { name: 'a missing worklet', assets: { worklet: '/nowhere.js' }, code: 'asset-not-found' },
    { name: 'a worklet that is no script', assets: { worklet: '/broken.js' }, code: 'worklet-rejected' },
    { name: 'a worklet of another version', assets: { worklet: '/other-version.js' }, code: 'version-mismatch' },
    { name: 'a model that never comes', assets: { model: '/never' }, timeoutMs: 300, code: 'timeout' },
  ])('$name: $code', async ({ assets, code, timeoutMs }) => {
    const got = await page.evaluate(
      async ([own, timeoutMs]) => {
        const context = new AudioContext();
        const assets = { ...(await tools.assets()), ...own };
        const code = await tools.codeOf(percepnet.NoiseSuppressorNode.create(context, { assets, timeoutMs }));
        await context.close();
        return code;
      },
      [assets, timeoutMs] as const,
    );
    expect(got).toBe(code);
  });

  test('a foreign wasm module: wasm-rejected', async () => {
    const code = await page.evaluate(async () => {
      const context = new AudioContext();
      const wasm = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
      const assets = { ...(await tools.assets()), wasm };
      return tools.codeOf(percepnet.NoiseSuppressorNode.create(context, { assets }));
    });
    expect(code).toBe('wasm-rejected');
  });

  test('a failed register can be tried again', async () => {
    const codes = await page.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const context = new AudioContext();
      const bad = await tools.codeOf(NoiseSuppressorNode.register(context, { model: '/nowhere.safetensors' }));
      const good = await tools.codeOf(NoiseSuppressorNode.register(context, await tools.assets()));
      await context.close();
      return [bad, good];
    });
    expect(codes).toEqual(['asset-not-found', 'no error']);
  });

  test('abort before and during creation', async () => {
    const codes = await page.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const context = new AudioContext();
      const before = await tools.codeOf(
        NoiseSuppressorNode.create(context, { assets: await tools.assets(), signal: AbortSignal.abort() }),
      );
      const controller = new AbortController();
      const during = tools.codeOf(
        NoiseSuppressorNode.create(context, { assets: { model: '/never' }, signal: controller.signal }),
      );
      setTimeout(() => controller.abort(), 100);
      return [before, await during];
    });
    expect(codes).toEqual(['aborted', 'aborted']);
  });

  test('caller bytes are copied, not detached', async () => {
    const lengths = await page.evaluate(async () => {
      const context = new AudioContext();
      const { model } = await tools.assets();
      const bytes = new Uint8Array(await (await fetch(String(model))).arrayBuffer());
      const wasm = await (await fetch('/dist/core.wasm')).arrayBuffer();
      const before = [bytes.length, wasm.byteLength];
      await percepnet.NoiseSuppressorNode.create(context, { assets: { model: bytes, wasm } });
      await context.close();
      return [before, [bytes.length, wasm.byteLength]];
    });
    expect(lengths[1]).toEqual(lengths[0]);
  });
});

describe('faults of the core', () => {
  /** Replaces one export of each core in a scope; `count` counts its calls. */
  const fault = (name: string, body: string) => `
    const { Instance } = WebAssembly;
    let count = 0;
    WebAssembly.Instance = function (...args) {
      const exports = { ...new Instance(...args).exports };
      const original = exports.${name};
      exports.${name} = (...given) => { count++; ${body} };
      return { exports };
    };`;

  test('a trap in flight leaves the delayed input, without a gap, and says so', async () => {
    const result = await page.evaluate(
      async (script) => {
        const context = new OfflineAudioContext(1, 96000, 48000);
        await tools.inScope(context, script);
        const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
        const errors: string[] = [];
        node.addEventListener('error', (event) => errors.push(event.error.code));
        const input = tools.noise(96000);
        const buffer = new AudioBuffer({ length: input.length, sampleRate: 48000 });
        buffer.copyToChannel(input as Float32Array<ArrayBuffer>, 0);
        const source = new AudioBufferSourceNode(context, { buffer });
        source.connect(node).connect(context.destination);
        source.start();
        const output = (await context.startRendering()).getChannelData(0);
        if (errors.length === 0) await tools.event(node, 'error');
        const delay = Math.round(node.latency * 48000);
        const from = 480 * 100;
        return {
          errors,
          state: node.state,
          before: tools.compareDelayed(output.slice(0, from), input, delay).differing,
          after: tools.compareDelayed(output.slice(from), input.slice(from - delay), 0).differing,
        };
      },
      fault(
        'suppressorProcess',
        "if (count > 110) throw new WebAssembly.RuntimeError('unreachable'); return original(...given);",
      ),
    );
    expect(result.errors).toEqual(['processor-failed']);
    expect(result.state).toBe('failed');
    expect(result.before).toBeGreaterThan(20000);
    expect(result.after).toBe(0);
  });

  test('a core that cannot start rejects create, and the next one with a good core works', async () => {
    const result = await page.evaluate(
      async (script) => {
        const context = new AudioContext();
        await tools.inScope(context, script);
        const { NoiseSuppressorNode } = percepnet;
        const assets = await tools.assets();
        const first = await tools.codeOf(NoiseSuppressorNode.create(context, { assets }));
        const second = await tools.codeOf(NoiseSuppressorNode.create(context, { assets }));
        await context.close();
        return [first, second];
      },
      fault('networkLoad', 'return count === 1 ? -1 : original(...given);'),
    );
    expect(result).toEqual(['processor-failed', 'no error']);
  });

  test('a core of another version: version-mismatch', async () => {
    const code = await page.evaluate(
      async (script) => {
        const context = new AudioContext();
        await tools.inScope(context, script);
        return tools.codeOf(percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() }));
      },
      fault('coreVersion', 'return 99 << 16;'),
    );
    expect(code).toBe('version-mismatch');
  });

  /** Each processed frame seems to take 9 of its 10 ms. */
  const slow = `
    const now = Date.now;
    let extra = 0;
    Date.now = () => now() + extra;
    ${fault('suppressorProcess', 'extra += 9; return original(...given);')}`;

  test('overload goes to the delayed input and is announced', async () => {
    const result = await page.evaluate(async (script) => {
      const context = new AudioContext();
      await tools.inScope(context, script);
      const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
      const event = (await tools.event(node, 'overload')) as InstanceType<typeof percepnet.OverloadEvent>;
      if (node.state !== 'overloaded') await tools.event(node, 'statechange');
      const before = (await node.getStats()).framesBypassed;
      await new Promise((resolve) => setTimeout(resolve, 300));
      const stats = await node.getStats();
      const state = node.state;
      node.bypass = false;
      await tools.event(node, 'statechange');
      const last = node.state;
      await context.close();
      return {
        load: event.load,
        consecutive: event.consecutive,
        bypassed: stats.framesBypassed - before,
        stats,
        state,
        last,
      };
    }, slow);
    expect(result.load).toBeGreaterThan(0.85);
    expect(result.consecutive).toBe(1);
    expect(result.bypassed).toBeGreaterThan(5);
    expect(result.stats.overloads).toBe(1);
    expect(result.state).toBe('overloaded');
    expect(result.last).toBe('running');
  });

  test('preventDefault on overload keeps processing', async () => {
    const state = await page.evaluate(async (script) => {
      const context = new AudioContext();
      await tools.inScope(context, script);
      const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
      node.addEventListener('overload', (event) => event.preventDefault());
      await tools.event(node, 'overload');
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { state } = node;
      await context.close();
      return state;
    }, slow);
    expect(state).toBe('running');
  });

  test('speech starts and ends by the probability, and speechProbability follows when it is read', async () => {
    const result = await page.evaluate(
      async (script) => {
        const context = new AudioContext();
        await tools.inScope(context, script);
        const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
        type Voice = InstanceType<typeof percepnet.VoiceActivityEvent>;
        const start = (await tools.event(node, 'speechstart')) as Voice;
        const now = context.currentTime;
        const speaking = node.speaking;
        let polled = 0;
        for (let k = 0; k < 5; k++) {
          polled = Math.max(polled, node.speechProbability);
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        const end = (await tools.event(node, 'speechend')) as Voice;
        await context.close();
        return {
          lag: now - start.contextTime,
          latency: node.latency,
          length: end.contextTime - start.contextTime,
          start: start.probability,
          end: end.probability,
          speaking,
          after: node.speaking,
          polled,
        };
      },
      // Half a second of speech, after the frames that warm up.
      fault('suppressorProcess', 'original(...given); return count >= 100 && count < 150 ? 0.9 : 0.1;'),
    );
    expect(result.lag).toBeGreaterThanOrEqual(result.latency);
    expect(result.start).toBeCloseTo(0.9);
    expect(result.end).toBeCloseTo(0.1);
    expect(result.speaking).toBe(true);
    expect(result.after).toBe(false);
    expect(result.polled).toBeCloseTo(0.9);
    // The decision to end waits for the hold of 200 ms.
    expect(result.length).toBeGreaterThan(0.6);
    expect(result.length).toBeLessThan(0.8);
  });

  test('a node that fails while somebody speaks no longer says that anybody does', async () => {
    const result = await page.evaluate(
      async (script) => {
        const context = new AudioContext();
        await tools.inScope(context, script);
        const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
        await tools.event(node, 'speechstart');
        const before = node.speaking;
        await tools.event(node, 'error');
        const { state, speaking } = node;
        await context.close();
        return { before, state, speaking };
      },
      fault(
        'suppressorProcess',
        "original(...given); if (count > 200) throw new WebAssembly.RuntimeError('unreachable'); return count > 100 ? 0.9 : 0.1;",
      ),
    );
    expect(result).toEqual({ before: true, state: 'failed', speaking: false });
  });
});

describe('support', () => {
  test('is reported and measured', async () => {
    const result = await page.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const report = await NoiseSuppressorNode.checkSupport({ measure: true, assets: await tools.assets() });
      return { report, supported: NoiseSuppressorNode.isSupported() };
    });
    expect(result.supported).toBe(true);
    expect(result.report.supported).toBe(true);
    expect(result.report.reasons).toEqual([]);
    expect(result.report.load).toBeGreaterThan(0);
  });

  test('an insecure page is named as the cause', async () => {
    const insecure = await openPage(browser, { ...site, origin: site.origin.replace('localhost', 'insecure.test') });
    const result = await insecure.evaluate(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const context = new OfflineAudioContext(1, 48000, 48000);
      return {
        supported: NoiseSuppressorNode.isSupported(),
        report: await NoiseSuppressorNode.checkSupport(),
        code: await tools.codeOf(NoiseSuppressorNode.create(context)),
      };
    });
    await insecure.close();
    expect(result.supported).toBe(false);
    expect(result.report.reasons).toContain('insecure-context');
    expect(result.code).toBe('insecure-context');
  });
});

describe('content security policy', () => {
  test.each([
    { policy: "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'", code: 'no error' },
    { policy: "script-src 'self'; connect-src 'self'", code: 'blocked-by-csp' },
  ])('$policy: $code', async ({ policy, code }) => {
    const strict = await serve({}, { 'content-security-policy': policy });
    const own = await browser.newPage();
    try {
      await own.goto(strict.origin, { waitUntil: 'networkidle' });
      const got = await own.evaluate(async () => {
        const context = new AudioContext();
        return tools.codeOf(percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() }));
      });
      expect(got).toBe(code);
    } finally {
      await own.close();
      await strict.close();
    }
  });

  test('a worklet from an origin script-src does not name: blocked-by-csp', async () => {
    const other = await serve({}, { 'access-control-allow-origin': '*' });
    const strict = await serve(
      {},
      { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' *" },
    );
    const own = await browser.newPage();
    try {
      await own.goto(strict.origin, { waitUntil: 'networkidle' });
      const got = await own.evaluate(async (worklet) => {
        const context = new AudioContext();
        const assets = { ...(await tools.assets()), worklet };
        return tools.codeOf(percepnet.NoiseSuppressorNode.create(context, { assets }));
      }, `${other.origin}/dist/worklet.js`);
      expect(got).toBe('blocked-by-csp');
    } finally {
      await own.close();
      await strict.close();
      await other.close();
    }
  });
});
