/**
 * Statement coverage of assembly/, for `npm run coverage`: each statement of the source is preceded by a store of 1 to a byte of
 * its own, in memory below everything the core uses. Which byte follows from file and position, so all builds agree.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assemblyscript from 'assemblyscript';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Folder for what each test file has reached. */
export const REACHED: string | undefined = process.env.ASSEMBLY_COVERAGE;
const MARK = 'coverageOfStatements';

interface Node {
  kind: number;
  range: { start: number; end: number };
  [property: string]: unknown;
}

/** NodeKind of the compiler. */
const BLOCK = 31;
const BODIES: Record<number, readonly string[]> = {
  34: ['body'],
  40: ['body'],
  42: ['ifTrue', 'ifFalse'],
  50: ['body'],
};
const IF = 42;
const SWITCH_CASE = 65;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'range' in value;
}

/** Statements of a file; those that stand alone where a block could be are to be put in braces. */
function statementsOf(file: string, text: string): { node: Node; alone: boolean }[] {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, file, true);
  const source = (program as unknown as { sources: (Node & { normalizedPath: string })[] }).sources.find(
    ({ normalizedPath }) => normalizedPath === file,
  );
  const found: { node: Node; alone: boolean }[] = [];
  const visit = (node: Node): void => {
    if (node.kind === BLOCK || node.kind === SWITCH_CASE) {
      for (const statement of node.statements as Node[]) found.push({ node: statement, alone: false });
    }
    for (const name of BODIES[node.kind] ?? []) {
      const body = node[name];
      if (isNode(body) && body.kind !== BLOCK && body.kind !== IF) found.push({ node: body, alone: true });
    }
    for (const [name, value] of Object.entries(node)) {
      if (name === 'range' || name === 'parent') continue;
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  };
  for (const statement of (source?.statements ?? []) as Node[]) visit(statement);
  return found;
}

/** Files of the core with the address of their first byte. */
export const FILES: ReadonlyMap<string, { base: number; text: string }> = (() => {
  const files = new Map<string, { base: number; text: string }>();
  let base = 16;
  for (const name of (readdirSync(`${root}assembly`, { recursive: true }) as string[]).sort()) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(`${root}assembly/${name}`, 'utf8');
    files.set(`assembly/${name}`, { base, text });
    base += text.length;
  }
  return files;
})();

const end = Math.max(...[...FILES.values()].map(({ base, text }) => base + text.length));
/** Options of asc that keep the bytes free. */
export const COVERAGE_OPTIONS: readonly string[] = REACHED
  ? ['--memoryBase', String((end + 0xffff) & ~0xffff), '--initialMemory', String((end >> 16) + 16)]
  : [];

/** Positions of the statements of one file of the core. */
export function positions(file: string): number[] {
  return statementsOf(file, FILES.get(file)?.text ?? '').map(({ node }) => node.range.start);
}

/** The source to compile; the file itself where no coverage is wanted. */
export function instrumented(file: string, text: string, entry: boolean): string {
  if (!REACHED) return text;
  const known = FILES.get(file);
  let out = text;
  if (known) {
    const edits = statementsOf(file, text).flatMap(({ node: { range }, alone }) => {
      const store = `store<u8>(${known.base + range.start}, 1);`;
      return alone
        ? [
            { at: range.start, insert: `{ ${store}` },
            // A statement's range may end before its semicolon.
            { at: range.end + Number(text[range.end] === ';'), insert: '}' },
          ]
        : [{ at: range.start, insert: store }];
    });
    for (const { at, insert } of edits.sort((a, b) => b.at - a.at)) out = out.slice(0, at) + insert + out.slice(at);
  }
  return entry ? `${out}\nexport function ${MARK}(): i32 { return ${end}; }\n` : out;
}

/** Keeps the memories of all cores of this process and writes down what they have reached; the runner's setup calls it. */
export function watch(): () => void {
  const memories = new Set<WebAssembly.Memory>();
  const keep = (instance: WebAssembly.Instance): WebAssembly.Instance => {
    if (MARK in instance.exports) memories.add(instance.exports.memory as WebAssembly.Memory);
    return instance;
  };
  const { Instance, instantiate } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct: (target, given) => keep(new target(given[0], given[1])),
  });
  WebAssembly.instantiate = (async (source: never, imports: never) => {
    const result = (await instantiate(source, imports)) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
    keep('instance' in result ? result.instance : (result as unknown as WebAssembly.Instance));
    return result;
  }) as never;
  return () => {
    Object.assign(WebAssembly, { Instance, instantiate });
    const reached = new Uint8Array(end);
    for (const memory of memories) {
      const bytes = new Uint8Array(memory.buffer, 0, end);
      for (let i = 16; i < end; i++) reached[i]! |= bytes[i]!;
    }
    mkdirSync(REACHED as string, { recursive: true });
    writeFileSync(`${REACHED}/${process.pid}-${Date.now()}.bin`, reached);
  };
}
