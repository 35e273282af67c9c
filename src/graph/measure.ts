import { CORE_RATE, FRAME } from '../channel/timing';
import { CORE_IMPORTS, type CoreExports } from '../core/exports';
import { loadNetwork } from '../core/model';
import type { AssetOptions } from '../loading/asset-options';
import { loadAssets } from '../loading/assets';
import { loading } from '../loading/loading';
import type { LoadLimits } from '../shared/limited';

/** Mean share of real time the core takes on this thread, over one second of noise. */
export async function measureLoad(assets: AssetOptions = {}, limits: LoadLimits = {}): Promise<number> {
  const { wasm, model } = await loading(assets, limits, (wait) => loadAssets(assets, wait));
  const { instance } = await WebAssembly.instantiate(wasm, CORE_IMPORTS);
  const core = instance.exports as unknown as CoreExports;
  const suppressor = core.suppressorCreate(loadNetwork(core, model));
  const input = new Float32Array(core.memory.buffer, core.suppressorInput(suppressor), FRAME);
  const frames = CORE_RATE / FRAME;
  let started = 0;
  for (let i = -frames; i < frames; i++) {
    // The first second is the engine's, to compile and optimise.
    if (i === 0) started = performance.now();
    for (let n = 0; n < FRAME; n++) input[n] = (Math.random() - 0.5) * 0.1;
    core.suppressorProcess(suppressor, 1);
  }
  return (performance.now() - started) / 1000;
}
