/**
 * The browsers the library is tried in, behind one small interface: Chromium (DevTools protocol), Firefox (WebDriver BiDi) and
 * WebKitGTK's MiniBrowser (WebDriver). All start without a screen, with an invented microphone and a loudspeaker nobody hears.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { launchChromium } from '../helpers/browser';

export interface Tab {
  /** Runs a function in the page; arguments and result travel as JSON. */
  evaluate<Result, Argument>(run: (argument: Argument) => Promise<Result>, argument: Argument): Promise<Result>;
  close(): Promise<void>;
}

export interface Engine {
  readonly version: string;
  /** A page that has loaded. */
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

export const ENGINES = ['Chromium', 'Firefox', 'WebKitGTK'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Milliseconds for one function in a page. */
const SCRIPT_MS = 180_000;

function path(name: string): string | undefined {
  try {
    return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

const firefox = () => process.env.FIREFOX_PATH ?? path('firefox-esr') ?? path('firefox');
/** Debian keeps it apart from the commands: /usr/lib/ARCHITECTURE/webkit2gtk-4.x/MiniBrowser. */
const miniBrowser = () =>
  readdirSync('/usr/lib')
    .filter((folder) => folder.includes('-linux-'))
    .flatMap((folder) => ['4.1', '4.0'].map((version) => `/usr/lib/${folder}/webkit2gtk-${version}/MiniBrowser`))
    .find((file) => existsSync(file));

/** Why a browser cannot be tried here; null when it can. */
export function absent(name: EngineName): string | null {
  // Chromium is installed or asked for by findChromium().
  if (name === 'Chromium') return null;
  if (!path('pulseaudio')) return 'pulseaudio is not installed: without a sound device no audio clock runs';
  if (name === 'Firefox') return firefoxAbsent();
  if (!path('WebKitWebDriver') || !miniBrowser()) return 'webkit2gtk-driver is not installed';
  return path('Xvfb') ? null : 'xvfb is not installed';
}

export function launch(name: EngineName): Promise<Engine> {
  return { Chromium: launchChromiumEngine, Firefox: () => launchFirefox(), WebKitGTK: launchWebKit }[name]();
}

async function launchChromiumEngine(): Promise<Engine> {
  const browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  return {
    version: browser.version(),
    async open(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        evaluate: (run, argument) => page.evaluate(run as never, argument as never),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** Why Firefox cannot be tried here, with or without a loudspeaker; null when it can. */
export const firefoxAbsent = (): string | null => (firefox() ? null : 'firefox-esr is not installed');

/** `silent`: on a machine without a loudspeaker. */
export async function launchFirefox({ silent = false } = {}): Promise<Engine> {
  const sound = silent ? NO_SOUND : await startSound();
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefox(),
    headless: true,
    protocolTimeout: SCRIPT_MS,
    timeout: SCRIPT_MS,
    env: { ...process.env, ...sound.env },
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
    },
  });
  return {
    version: (await browser.version()).replace('firefox/', ''),
    async open(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        evaluate: (run, argument) => page.evaluate(run as never, argument as never) as never,
        close: () => page.close(),
      };
    },
    async close() {
      await browser.close();
      await sound.stop();
    },
  };
}

async function launchWebKit(): Promise<Engine> {
  const sound = await startSound();
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const display = await firstLine(screen);
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...sound.env,
      DISPLAY: `:${display}`,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      // Its sandbox needs rights a container does not give; the pages are our own.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    },
  });
  /** One command of the WebDriver protocol (w3.org/TR/webdriver2). */
  const command = async (method: string, address: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${address}`, { method, body: body && JSON.stringify(body) });
    const { value } = (await response.json()) as { value: { message?: string } };
    if (!response.ok) throw new Error(`${address}: ${value.message}`);
    return value;
  };
  await until(() => command('GET', '/status'));
  const { sessionId, capabilities } = (await command('POST', '/session', {
    capabilities: {
      alwaysMatch: {
        'webkitgtk:browserOptions': {
          binary: miniBrowser(),
          args: [
            '--automation',
            '--autoplay-policy=allow',
            '--enable-media-stream=true',
            '--enable-mock-capture-devices=true',
            '--enable-webrtc=true',
          ],
        },
      },
    },
  })) as { sessionId: string; capabilities: { browserVersion: string } };
  const session = `/session/${sessionId}`;
  await command('POST', `${session}/timeouts`, { script: SCRIPT_MS });
  return {
    version: capabilities.browserVersion,
    async open(url) {
      await command('POST', `${session}/url`, { url });
      return {
        async evaluate(run, argument) {
          const script = `const done = arguments[1];
            Promise.resolve((${run})(JSON.parse(arguments[0]))).then(
              (value) => done(JSON.stringify({ value })),
              (error) => done(JSON.stringify({ error: String(error) })));`;
          const args = [JSON.stringify(argument ?? null)];
          const answer = JSON.parse((await command('POST', `${session}/execute/async`, { script, args })) as string);
          if (answer.error) throw new Error(answer.error);
          return answer.value;
        },
        // One window for all pages: the next one replaces it.
        close: async () => {
          await command('POST', `${session}/url`, { url: 'about:blank' });
        },
      };
    },
    async close() {
      await command('DELETE', session).catch(() => {});
      await stop(driver);
      await stop(screen);
      await sound.stop();
    },
  };
}

/** A sound server that is not there. */
const NO_SOUND: Sound = { env: { PULSE_SERVER: 'unix:/nonexistent', PIPEWIRE_REMOTE: 'none' }, stop: async () => {} };

interface Sound {
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

/** A PulseAudio of our own with a loudspeaker that throws everything away: without one the clock of a context stands still. */
async function startSound(): Promise<Sound> {
  const folder = mkdtempSync(join(tmpdir(), 'percepnet-sound-'));
  const socket = join(folder, 'native');
  const server = spawn(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--load=module-null-sink',
      `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ],
    { stdio: 'ignore', env: { ...process.env, PULSE_RUNTIME_PATH: folder, HOME: folder } },
  );
  await until(async () => {
    if (!existsSync(socket)) throw new Error('pulseaudio did not start');
  });
  return {
    env: { PULSE_SERVER: `unix:${socket}` },
    async stop() {
      await stop(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('Xvfb did not start')));
    child.stdio[3]?.once('data', (data) => resolve(String(data).trim()));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function until(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
