/** What the package exports as code, by the names of src/entries: package.json is the list. */
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));

/** 'index' is the package itself, the others follow its name: percepnet-wasm/NAME. */
export const ENTRIES = Object.keys(exports)
  .filter((path) => exports[path].types)
  .map((path) => (path === '.' ? 'index' : path.slice('./'.length)));
