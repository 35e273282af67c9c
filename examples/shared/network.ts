/** The choice of the network, which scripts/site.mjs puts into each page. */
import type { NetworkName } from 'percepnet-wasm';
import { chosen, onChoice } from './page';

/** What is chosen, known to the library of this page. */
export async function chosenNetwork(): Promise<NetworkName> {
  const name = chosen('network') === 'full' ? 'full' : 'lite';
  if (name === 'full') await import('percepnet-wasm/full');
  return name;
}

export function onNetwork(act: () => void): void {
  onChoice('network', act);
}
