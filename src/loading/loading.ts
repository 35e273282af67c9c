import { LIMITS, LOAD_TIMEOUT_MS, type LoadLimits, limited, type Wait } from '../shared/limited';
import { checkOptions } from '../shared/options';
import { type AssetOptions, checkAssets } from './asset-options';

/** Files alone, within the caller's limits. */
export function loading<T>(assets: AssetOptions, limits: LoadLimits, work: (wait: Wait) => Promise<T>): Promise<T> {
  checkAssets(assets);
  checkOptions(limits, LIMITS, 'limits');
  const { signal, timeoutMs = LOAD_TIMEOUT_MS } = limits;
  return limited([signal, assets.fetchInit?.signal], timeoutMs, 'the files did not come', work);
}
