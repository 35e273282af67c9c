/** What went wrong, and what to do about it, in plain words. */
import { NoiseSuppressorError, type NoiseSuppressorErrorCode } from 'percepnet-wasm';

export interface Problem {
  readonly what: string;
  readonly advice: string;
}

/** Names of DOMExceptions of getUserMedia. */
const MICROPHONE: Record<string, Problem> = {
  NotAllowedError: {
    what: 'The microphone was not allowed.',
    advice:
      'Allow it with the icon beside the address, then press start again. It may be switched off in the system settings too.',
  },
  NotFoundError: {
    what: 'No microphone was found.',
    advice: 'Plug one in, or switch it on in the system settings, then press start again.',
  },
  NotReadableError: {
    what: 'The microphone cannot be opened.',
    advice: 'Close other programs that use it (calls, recorders), then press start again.',
  },
  OverconstrainedError: {
    what: 'The chosen microphone is gone.',
    advice: 'Choose another one.',
  },
  EncodingError: {
    what: 'This file cannot be decoded.',
    advice: 'Choose an audio file this browser can play, for example WAV, MP3, M4A, Ogg or WebM.',
  },
  DataError: {
    what: 'There is no sound in this file.',
    advice: 'Choose a recording, or a video that has a sound track.',
  },
  QuotaExceededError: {
    what: 'The result does not fit on the disk.',
    advice: 'Make room on it, or take a shorter recording: the result is kept there until it is downloaded.',
  },
};

const LIBRARY: Partial<Record<NoiseSuppressorErrorCode, Problem>> = {
  unsupported: {
    what: 'This browser cannot run the suppressor.',
    advice: 'Update it: Chrome, Edge and Firefox of the last years and Safari from 16.4 on can.',
  },
  'insecure-context': {
    what: 'Browsers give the microphone to secure pages only.',
    advice: 'Open this page over https, or on http://localhost.',
  },
  'asset-not-found': {
    what: 'A file of the suppressor is missing on the server.',
    advice:
      'Run npm start again and watch its messages; when it says that no network was found, fetch the models folder.',
  },
  'blocked-by-csp': {
    what: 'A security policy does not let the suppressor start.',
    advice: "The server must allow script-src 'self' 'wasm-unsafe-eval'; a browser extension may also be in the way.",
  },
  timeout: {
    what: 'The suppressor did not start in time.',
    advice: 'Check that an audio output is connected, close busy programs and press start again.',
  },
  'version-mismatch': {
    what: 'Files of different versions were mixed.',
    advice: 'Reload this page without the cache (Ctrl or Cmd, Shift and R).',
  },
  'invalid-model': {
    what: 'The network file is damaged.',
    advice: 'Reload this page without the cache (Ctrl or Cmd, Shift and R); if that does not help, build again.',
  },
  'processor-failed': {
    what: 'The suppressor stopped working; you hear the microphone as it is.',
    advice: 'Press stop and start again.',
  },
};

export function explain(error: unknown): Problem {
  const known =
    error instanceof NoiseSuppressorError
      ? LIBRARY[error.code]
      : error instanceof DOMException
        ? MICROPHONE[error.name]
        : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (!known) return { what: 'Something unexpected went wrong.', advice: message };
  return error instanceof NoiseSuppressorError ? { ...known, advice: `${known.advice} (${message})` } : known;
}

/** Shows a problem in a role="alert" element, or hides the element. */
export function showProblem(element: HTMLElement, problem: Problem | null): void {
  element.hidden = problem === null;
  if (!problem) {
    element.replaceChildren();
    return;
  }
  const what = document.createElement('strong');
  what.textContent = problem.what;
  const advice = document.createElement('p');
  advice.textContent = problem.advice;
  element.replaceChildren(what, advice);
}
