const { Instance } = WebAssembly;

/** Cores made from now on: how many, and how often one that has thrown was called. Calls of suppressorProcess that `traps` are thrown in. */
export function watchCores(traps: (core: number, call: number) => boolean): { made: number; afterTrap: number } {
  const seen = { made: 0, afterTrap: 0 };
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, given: [WebAssembly.Module, WebAssembly.Imports]) {
      const core = ++seen.made;
      const real = { ...new target(...given).exports } as Record<string, (...given: number[]) => number>;
      let calls = 0;
      let dead = false;
      const exports = Object.fromEntries(
        Object.entries(real).map(([name, call]) => {
          if (typeof call !== 'function') return [name, call];
          return [
            name,
            (...given: number[]) => {
              if (dead) seen.afterTrap++;
              if (name === 'suppressorProcess' && traps(core, ++calls)) {
                dead = true;
                // As a real one does: garbage is what it leaves behind.
                new Uint8Array((real.memory as unknown as WebAssembly.Memory).buffer).fill(255);
                throw new WebAssembly.RuntimeError('unreachable');
              }
              return call(...given);
            },
          ];
        }),
      );
      return { exports };
    },
  });
  return seen;
}

/** Cores are as they are again. */
export function unwatchCores(): void {
  WebAssembly.Instance = Instance;
}
