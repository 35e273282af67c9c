/**
 * Worklet and core as strings, for apps whose bundler or host loses the package's files. The network is still fetched, unless
 * `assets.model` has its bytes. Needs `blob:` in script-src where there is a content security policy.
 */
import coreText from 'built:core.wasm';
import relaxedText from 'built:core-relaxed.wasm';
import workletText from 'built:worklet.js';
import { type AssetOptions, checkAssets } from '../loading/asset-options';
import { hasRelaxedSimd } from '../loading/support';
import { NoiseSuppressorError } from '../shared/errors';

export type { AssetOptions } from '../loading/asset-options';

let worklet: string | undefined;
let wasm: Uint8Array<ArrayBuffer> | undefined;

/**
 * The assets option with worklet and core from this module: `{ assets: inlineAssets() }`. Made once per page.
 * @param others further members, `model` for one; of `integrity` the model's hash counts, for the rest is part of this module
 * @throws {NoiseSuppressorError} 'invalid-input' for what is no option, none of its values, or brought by this module itself
 * @example `suppressNoise(track, { assets: inlineAssets() })`
 */
export function inlineAssets(others: Omit<AssetOptions, 'worklet' | 'wasm'> = {}): AssetOptions {
  checkAssets(others);
  for (const name of ['worklet', 'wasm'] as const) {
    if ((others as AssetOptions)[name] === undefined) continue;
    throw new NoiseSuppressorError('invalid-input', `${name} comes from percepnet-wasm/inline: leave it out`);
  }
  worklet ??= URL.createObjectURL(new Blob([withoutMap(workletText)], { type: 'text/javascript' }));
  wasm ??= decode(hasRelaxedSimd() ? relaxedText : coreText);
  return { ...others, integrity: { model: others.integrity?.model }, worklet, wasm };
}

/** A map next to a blob is nowhere. */
function withoutMap(script: string): string {
  return script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '');
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
