/** Whether this browser can run the library, told before anybody presses a button in vain. */
import { NoiseSuppressorNode, type UnsupportedReason } from 'percepnet-wasm';
import { showProblem } from './problems';

const REASONS: Record<UnsupportedReason, string> = {
  'no-audio-worklet': 'It has no AudioWorklet: update the browser.',
  'insecure-context': 'The page is not secure: open it over https, or on http://localhost.',
  'no-webassembly': 'WebAssembly is switched off or missing.',
  'no-simd': 'It has no WebAssembly SIMD: update the browser.',
  'wasm-blocked-by-csp': "A security policy blocks WebAssembly: script-src needs 'wasm-unsafe-eval'.",
  'too-slow': 'This computer is too slow for live use.',
  'cross-origin-frame': 'The page runs in a frame of another site, which browsers slow down.',
};
/** What recordings do without. */
const LIVE_ONLY: readonly UnsupportedReason[] = ['no-audio-worklet', 'insecure-context', 'cross-origin-frame'];

/** @param live false where no sound goes through an AudioWorklet */
export async function checkSupport(problem: HTMLElement, live = true): Promise<boolean> {
  const { supported, reasons } = await NoiseSuppressorNode.checkSupport();
  const counted = live ? reasons : reasons.filter((reason) => !LIVE_ONLY.includes(reason));
  if (supported || counted.length === 0) return true;
  showProblem(problem, {
    what: 'This browser cannot run the suppressor.',
    advice: counted.map((reason) => REASONS[reason]).join(' '),
  });
  return false;
}
