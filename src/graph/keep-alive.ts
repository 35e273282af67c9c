/** For pages in the background of a phone: its browser lets those go on that play something, or say that they are a call. */
import { WAKING } from './lease';

/** Not in TypeScript's own list. https://w3c.github.io/audio-session/ */
interface AudioSession {
  type: string;
}

/** Safari suspends no context of a page that says so. */
const CALL = 'play-and-record';
/** The page comes back; `resume` is of one that was frozen. */
const BACK = [...WAKING, 'resume'];

/** One page has one audio session: the first call sets its type, the last one gives back what was there before. */
let calls = 0;
let before = '';

/**
 * Plays silence, never the voice, as a page that plays media does; says that the page is a call; resumes an interrupted context when
 * the page comes back. All of it is an aid that the browser may refuse: then it is tried again at the next gesture, and nothing is thrown.
 * @returns ends it; safe to call again
 */
export function keepAlive(context: AudioContext): () => void {
  if (typeof document !== 'object') return () => {};
  const life = new AbortController();
  const { signal } = life;
  const end = (): void => life.abort();
  try {
    beginCall(signal);
    const element = playSilence(context, signal);
    const wake = (): void => {
      // Only the system interrupts; what is suspended may be so by the app.
      if ((context.state as string) === 'interrupted') context.resume().catch(() => {});
      // Refused without a gesture, and paused by whatever interrupts.
      if (element.paused) element.play().catch(() => {});
    };
    for (const type of BACK) document.addEventListener(type, wake, { signal, passive: true });
    globalThis.addEventListener('pageshow', wake, { signal });
    context.addEventListener('statechange', wake, { signal });
    wake();
  } catch {
    // No elements here, or none that plays streams: the track goes on without.
    end();
  }
  return end;
}

function beginCall(signal: AbortSignal): void {
  const { audioSession: session } = navigator as Navigator & { audioSession?: AudioSession };
  if (!session) return;
  if (calls++ === 0) {
    before = session.type;
    session.type = CALL;
  }
  const endCall = (): void => {
    // A type that the app has set since is its own.
    if (--calls === 0 && session.type === CALL) session.type = before;
  };
  signal.addEventListener('abort', endCall, { once: true });
}

function playSilence(context: AudioContext, signal: AbortSignal): HTMLAudioElement {
  const element = document.createElement('audio');
  const silence = new ConstantSourceNode(context, { offset: 0 });
  const output = new MediaStreamAudioDestinationNode(context, { channelCount: 1, channelCountMode: 'explicit' });
  const stop = (): void => {
    silence.disconnect();
    element.pause();
    element.srcObject = null;
    for (const track of output.stream.getTracks()) track.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  silence.connect(output);
  silence.start();
  element.srcObject = output.stream;
  return element;
}
