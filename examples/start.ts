/** The start page tells whether this browser can run the library. */
import { NoiseSuppressorNode, type UnsupportedReason } from 'percepnet-wasm';
import { showProblem } from './shared/problems';

const REASONS: Record<UnsupportedReason, string> = {
  'no-audio-worklet': 'It has no AudioWorklet: update the browser.',
  'insecure-context': 'The page is not secure: open it over https, or on http://localhost.',
  'no-webassembly': 'WebAssembly is switched off or missing.',
  'no-simd': 'It has no WebAssembly SIMD: update the browser.',
  'wasm-blocked-by-csp': "A security policy blocks WebAssembly: script-src needs 'wasm-unsafe-eval'.",
  'too-slow': 'This computer is too slow for live use.',
  'cross-origin-frame': 'The page runs in a frame of another site, which browsers slow down.',
};

const report = await NoiseSuppressorNode.checkSupport();
const support = document.getElementById('support') as HTMLElement;
if (report.supported) {
  support.textContent = 'This browser can run it.';
} else {
  support.textContent = '';
  showProblem(document.getElementById('problem') as HTMLElement, {
    what: 'This browser cannot run the suppressor.',
    advice: report.reasons.map((reason) => REASONS[reason]).join(' '),
  });
}
