/** The core's sizes for programs of Node, as the build has written them: none of them stands in a program again. */
import { existsSync, readFileSync } from 'node:fs';

/** FRAME, SAMPLE_RATE and all else of assembly/constants.ts that others read. */
export function coreSizes() {
  const file = new URL('../build/shape.json', import.meta.url);
  if (!existsSync(file)) throw new Error('build/shape.json is missing: npm run build:core');
  return JSON.parse(readFileSync(file, 'utf8')).constants;
}
