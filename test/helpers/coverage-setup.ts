import { afterAll } from 'vitest';

// Only then: it brings the compiler, which most tests do without.
if (process.env.ASSEMBLY_COVERAGE) afterAll((await import('./coverage')).watch());
