/** Patterns for files, for quoted ones and for shells that expand none: * ? [abc] {a,b} in a name, ** for folders at any depth. Node only. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const SPECIAL = /[*?[{]/;
/** Both separators, since Windows takes both and elsewhere a backslash in a pattern is a mistake more often than a name. */
const SEPARATOR = /[/\\]/;

export interface Expanded {
  /** The folder before the first special character. */
  readonly root: string;
  /** What matches, from there; in order. */
  readonly names: readonly string[];
}

export function isPattern(path: string): boolean {
  return SPECIAL.test(path);
}

/** Names that begin with a dot match only where the pattern has the dot. */
export async function expand(pattern: string): Promise<Expanded> {
  const segments = pattern.split(SEPARATOR);
  const first = segments.findIndex((segment) => SPECIAL.test(segment));
  // A root of '' is the root of the file system when the pattern begins with a separator.
  const root = first === 0 ? '.' : segments.slice(0, first).join('/') || '/';
  const names = new Set<string>();
  await match(root, '', segments.slice(first), names);
  return { root, names: [...names].sort() };
}

async function match(folder: string, prefix: string, segments: readonly string[], into: Set<string>): Promise<void> {
  const [segment = '', ...rest] = segments;
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  if (segment === '**') {
    if (rest.length > 0) await match(folder, prefix, rest, into);
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) await match(join(folder, entry.name), join(prefix, entry.name), segments, into);
      else if (rest.length === 0) into.add(join(prefix, entry.name));
    }
    return;
  }
  const test = nameTest(segment);
  for (const entry of entries) {
    if (!test.test(composed(entry.name))) continue;
    const name = join(prefix, entry.name);
    if (rest.length > 0) await match(join(folder, entry.name), name, rest, into);
    else if (!entry.isDirectory()) into.add(name);
  }
}

/** A letter and its accent may be one character or two: macOS stores what was typed as one as two. */
function composed(text: string): string {
  return text.normalize('NFC');
}

function nameTest(segment: string): RegExp {
  return new RegExp(`^${segment.startsWith('.') ? '' : '(?!\\.)'}${fitting(composed(segment))}$`, 'su');
}

function fitting(segment: string): string {
  return segment.replace(/\[(?!!?\])[^\]]*\]|\{[^}]*\}|[^[{]|[[{]/gu, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.startsWith('{') && part.endsWith('}')) return `(?:${part.slice(1, -1).split(',').map(fitting).join('|')})`;
    if (!part.startsWith('[') || part === '[') return escaped(part);
    return set(part.slice(1, -1));
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** What [ ] stands for. A range from the later to the earlier has nothing in it, as in shells; a RegExp refuses it. */
function set(inside: string): string {
  // Only these say something else there; ranges stay ranges.
  const [not, rest] = inside.startsWith('!') ? ['^', inside.slice(1)] : ['', inside];
  const source = `[${not}${rest.replace(/[\\^\]]/g, '\\$&')}]`;
  try {
    new RegExp(source, 'u');
    return source;
  } catch {
    return '(?!)';
  }
}
