/** Every browser at hand against every ability; BROWSERS_TABLE=FILE writes what was found as docs/browsers.md. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error no types
import { serveFolder } from '../../scripts/serve.mjs';
// @ts-expect-error no types
import { buildSite } from '../../scripts/site.mjs';
import type * as Offline from '../../src/entries/offline';
import { BUILD, type Site, serve } from '../helpers/browser';
import { ABILITIES, type Ability, DIFFERENCES, OLD, QUIRKS } from './abilities';
import { absent, ENGINES, type Engine, type EngineName, launch, type Tab } from './engines';

const PAGES = 'test-results/engine-site';
/** Compiling, and starting a browser, on a machine that has much else to do. */
const SLOW_MS = 400_000;
/** The ability whose answer is a digest, compared with Node's. */
const DIGEST = ABILITIES.find(({ name }) => name.includes('that Node gives'))!;

let library: Site;
let pages: { origin: string; close(): Promise<void> };
let nodeDigest: string;
/** One window serves all in WebKitGTK, so the page with the library is left only once. */
const ALL = [...ABILITIES, ...DIFFERENCES, ...QUIRKS];
const ON_LIBRARY_FIRST = [...ALL].sort((a, b) => Number(!!a.page) - Number(!!b.page));
const versions: Partial<Record<EngineName, string>> = {};
const found = new Map<Ability, Partial<Record<EngineName, string>>>();

beforeAll(async () => {
  library = await serve();
  await buildSite({ out: PAGES, library: BUILD });
  pages = await serveFolder(PAGES, { port: 0 });
  const trained = existsSync(`${BUILD}/model.safetensors`);
  // As built: files and library must carry one version.
  const { denoise }: typeof Offline = await import(/* @vite-ignore */ pathToFileURL(`${BUILD}/offline.js`).href);
  const output = await denoise(noise(48000, 9), {
    sampleRate: 48000,
    assets: {
      wasm: pathToFileURL(`${BUILD}/core.wasm`),
      model: pathToFileURL(trained ? `${BUILD}/model.safetensors` : 'test/golden/tiny.safetensors'),
    },
  });
  nodeDigest = createHash('sha256').update(new Uint8Array(output.buffer)).digest('hex');
}, SLOW_MS);

afterAll(async () => {
  await library?.close();
  await pages?.close();
  if (process.env.BROWSERS_TABLE && found.size > 0) writeFileSync(process.env.BROWSERS_TABLE, table());
});

/** tools.noise() of the test page. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  });
}

for (const name of ENGINES) {
  const reason = absent(name);
  if (reason) console.warn(`${name} is skipped: ${reason}`);
  describe.skipIf(reason)(reason ? `${name} (skipped: ${reason})` : name, () => {
    let engine: Engine;

    beforeAll(async () => {
      engine = await launch(name);
      versions[name] = engine.version;
    }, SLOW_MS);

    afterAll(async () => {
      await engine?.close();
    });

    /** The empty page with the library, for all that need no other; a new one after a failure. */
    let libraryTab: Tab | undefined;

    async function openLibrary(): Promise<Tab> {
      const tab = await engine.open(library.origin);
      await tab.evaluate(async () => {
        while (!('tools' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 50));
      }, null);
      return tab;
    }

    // In real time, on machines that may have much else to do.
    test.each(ON_LIBRARY_FIRST)('$name', { retry: 1, timeout: 400_000 }, async (ability) => {
      let answer: string;
      if (ability.page) {
        const tab = await engine.open(pages.origin + ability.page);
        answer = await ability.run(tab);
        await tab.close();
      } else {
        const tab = libraryTab ?? (await openLibrary());
        libraryTab = undefined;
        answer = await ability.run(tab);
        libraryTab = tab;
      }
      const result = ability === DIGEST && answer === nodeDigest ? 'yes' : answer;
      found.set(ability, { ...found.get(ability), [name]: result });
      const known = ability.known?.[name] ?? 'yes';
      const old = Number.parseInt(engine.version, 10) < (OLD[name] ?? 0) ? ability.old?.[name] : undefined;
      if (old) expect([known, old]).toContain(result);
      else expect(result).toBe(known);
    });
  });
}

test('each quirk that a work-around is for is still there in some browser', () => {
  for (const { name, known = {} } of QUIRKS) {
    expect(
      Object.values(known).some((answer) => answer !== 'yes'),
      name,
    ).toBe(true);
  }
});

test('the table in docs tells of every ability', () => {
  const text = readFileSync('docs/browsers.md', 'utf8');
  for (const { name } of ALL) expect(text).toContain(name);
});

function table(): string {
  const tried = ENGINES.filter((name) => versions[name]);
  const head = `| | ${tried.map((name) => `${name} ${versions[name]}`).join(' | ')} |\n|---|${tried.map(() => '---|').join('')}`;
  const rows = (list: readonly Ability[]) =>
    list
      .map((ability) => `| ${ability.name} | ${tried.map((name) => found.get(ability)?.[name] ?? '-').join(' | ')} |`)
      .join('\n');
  const where = (list: typeof QUIRKS) =>
    `| | where |\n|---|---|\n${list.map(({ name, workAround }) => `| ${name} | ${workAround} |`).join('\n')}`;
  return `# What each browser does

Made by the tests (\`test/browser/engines.test.ts\`); \`npm run browsers\` makes it anew. Chromium, Firefox and WebKitGTK as Debian packages
them, without a screen. WebKitGTK shares its engine with Safari, but not its audio devices, its WebRTC or its power management: see
[safari-ios.md](safari-ios.md).

## What an app needs

${head}
${rows(ABILITIES)}

## What differs and does no harm

${head}
${rows(DIFFERENCES)}

## What the library works around

The answer that would make the work-around needless is "yes". A browser that changes its answer fails its test.

${head}
${rows(QUIRKS)}

${where(QUIRKS)}
`;
}
