import { afterAll, vi } from 'vitest';

// Files of the daily loop follow each other in one process: none may find what another has put in place, nor modules in the state that it
// left. A module that vi.mock() replaced cannot be brought back: a test that needs that belongs to another project.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.resetModules();
});
