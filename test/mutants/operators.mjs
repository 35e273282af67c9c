/** What a mutant is: one place of a source file, changed by one of these operators. AssemblyScript is read as the TypeScript it looks like. */
import { parseAst } from 'vite';

const BINARY = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
  '<<': '>>',
  '>>': '<<',
  '>>>': '<<',
  '&': '|',
  '|': '&',
  '&&': '||',
  '||': '&&',
  '??': '&&',
};
const ASSIGNMENT = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=', '|=': '&=', '&=': '|=' };
/** Functions, by the last part of their name: those of Math and of SIMD. */
const CALLS = {
  min: 'max',
  max: 'min',
  pmin: 'pmax',
  pmax: 'pmin',
  floor: 'ceil',
  ceil: 'floor',
  round: 'floor',
  add: 'sub',
  sub: 'add',
  mul: 'add',
  lt: 'le',
  le: 'lt',
  gt: 'ge',
  ge: 'gt',
  eq: 'ne',
  ne: 'eq',
  and: 'or',
  or: 'and',
};
/** Of these nodes only the expression is code; all others that begin with TS are types. */
const TYPED = ['TSTypeAssertion', 'TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'];

/**
 * @param {string} text of a .ts file
 * @returns {{ at: number, end: number, now: string, operator: string }[]} what to put in place of text[at..end)
 */
export function mutantsOf(text) {
  const found = [];
  const put = (operator, at, end, now) => found.push({ at, end, now, operator });

  /** The operator between two nodes. */
  function between({ left, right, operator }, table) {
    const now = table[operator];
    if (!now) return;
    const at = text.indexOf(operator, left.end);
    if (at >= left.end && at < right.start) put('operator', at, at + operator.length, now);
  }

  function condition(test) {
    put('condition', test.start, test.end, 'true');
    put('condition', test.start, test.end, 'false');
  }

  const rules = {
    BinaryExpression: (node) => between(node, BINARY),
    LogicalExpression: (node) => between(node, BINARY),
    AssignmentExpression: (node) => between(node, ASSIGNMENT),
    UpdateExpression({ operator, prefix, start, end }) {
      const at = prefix ? start : end - 2;
      put('operator', at, at + 2, operator === '++' ? '--' : '++');
    },
    UnaryExpression({ operator, argument, start }) {
      if (operator === '-' || operator === '!') put('operator', start, argument.start, '');
    },
    IfStatement: ({ test }) => condition(test),
    ConditionalExpression: ({ test }) => condition(test),
    CallExpression({ callee }) {
      const name = callee.type === 'MemberExpression' ? callee.property : callee;
      if (Object.hasOwn(CALLS, name.name ?? '')) put('function', name.start, name.end, CALLS[name.name]);
    },
    ExpressionStatement(node) {
      if (!node.directive) put('statement', node.start, node.end, ';');
    },
    Literal({ value, raw, start, end }) {
      if (typeof value === 'boolean') put('constant', start, end, String(!value));
      if (typeof value !== 'number') return;
      if (Number.isInteger(value) && !/[.e]/.test(raw.replace(/^0x.*/, '')))
        put('constant', start, end, String(value + 1));
      else put('constant', start, end, String(value * 1.25));
    },
  };

  (function visit(node) {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) return node.forEach(visit);
    const { type = '' } = node;
    if (type.startsWith('Import') || type.startsWith('TS')) {
      if (TYPED.includes(type)) visit(node.expression);
      return;
    }
    rules[type]?.(node);
    for (const [name, child] of Object.entries(node)) if (name !== 'typeAnnotation') visit(child);
  })(parseAst(text, { lang: 'ts' }).body);
  return found.sort((a, b) => a.at - b.at);
}

/** The text with one mutant in it. */
export function mutated(text, { at, end, now }) {
  return text.slice(0, at) + now + text.slice(end);
}
