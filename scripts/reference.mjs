/**
 * The reference of the interface as markdown, out of the doc comments (the model that API Extractor makes of the declarations) and of the
 * rules that options are checked by: what an option takes is said by what refuses all else.
 */

/** Doc comment -> { summary, tags: [name, text][] }. */
export function comment(raw = '') {
  const text = raw
    .replace(/^\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n');
  const [summary = '', ...blocks] = text.split(/^@(?=[a-zA-Z])/m);
  const tags = blocks.map((block) => {
    const [, name = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(block) ?? [];
    return [name, trimmed(rest)];
  });
  return { summary: trimmed(summary), tags };
}

/** Lines of one paragraph as one line; code as it is. */
function trimmed(text) {
  return text
    .split(/(```[\s\S]*?```)/)
    .map((part) => (part.startsWith('```') ? part : part.replace(/([^\n])\n(?!\n|[-*] )/g, '$1 ').trim()))
    .join('\n\n')
    .trim();
}

const all = ({ tags }, name) => tags.filter(([tag]) => tag === name).map(([, text]) => text);
const signature = ({ excerptTokens = [] }) =>
  excerptTokens
    .map(({ text }) => text)
    .join('')
    .replace(/^export (declare )?/, '')
    .trim();
const typeOf = (member) =>
  signature(member)
    .replace(/^[^:]*?\??: /, '')
    .replace(/;$/, '');
const code = (text) => `\`\`\`ts\n${text}\n\`\`\``;
/** Codes of errors in quotes are code; the one type of error need not be named each time. */
const prose = (text) =>
  text
    .replace(/\{NoiseSuppressorError\}\s*/g, '')
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/'([a-z]+(?:-[a-z]+)*)'/g, "`'$1'`")))
    .join('');

/** An example is a line of code, or whole code in a fence. */
const shown = (text) => (text.startsWith('```') ? text : `Example: ${text}`);

/**
 * @param {{ name: string, intro: string, model: object, rules: Record<string, Record<string, [string, unknown]>>,
 *   known: Map<string, string> }} entry `known`: names of earlier entries with their pages; those of this one are added
 * @returns {{ markdown: string, missing: string[] }} what has no doc, or no default, example or rule, by name
 */
export function reference({ name, page, intro, model, rules, known }) {
  const missing = [];
  const items = model.members[0].members;
  const groups = Map.groupBy
    ? [...Map.groupBy(items, (item) => item.name)]
    : [...items.reduce((map, item) => map.set(item.name, [...(map.get(item.name) ?? []), item]), new Map())];
  const own = groups.filter(([title]) => !known.has(title));
  const lines = [`# ${name}`, intro, code(`import { … } from '${name}';`)];
  const order = ['Function', 'Class', 'Variable', 'Interface', 'TypeAlias'];
  own.sort(([, [a]], [, [b]]) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.name.localeCompare(b.name));
  for (const [title, versions] of own) {
    known.set(title, page);
    lines.push(`## ${title}`, ...item(title, versions));
  }
  const others = groups.filter(([title]) => known.get(title) !== page);
  if (others.length > 0) {
    lines.push(
      '## Also exported',
      others.map(([title]) => `- [${title}](${known.get(title)}#${title.toLowerCase()})`).join('\n'),
    );
  }
  return { markdown: `${lines.filter(Boolean).join('\n\n')}\n`, missing };

  function item(title, versions) {
    const [first] = versions;
    if (first.kind !== 'Interface' && first.kind !== 'Class') return overloads(title, versions);
    const doc = documented(title, versions);
    if (first.kind === 'Interface' && rules[title]) {
      return [prose(doc.summary), heritage(first), ...first.members.flatMap((member) => option(title, member))];
    }
    if (first.kind === 'Interface') {
      return [prose(doc.summary), heritage(first), first.members.map((member) => listed(title, member)).join('\n')];
    }
    return [prose(doc.summary), heritage(first), ...rest(doc), ...members(title, first.members)];
  }

  /** Signatures and what is said of them: overloads without a doc share that of the one before, the first ones that of the first that has one. */
  function overloads(title, versions) {
    const runs = [];
    for (const version of versions) {
      const has = Boolean(comment(version.docComment).summary);
      const last = runs.at(-1);
      if (!last || (has && last.documented)) runs.push({ documented: has, versions: [version] });
      else {
        last.versions.push(version);
        last.documented ||= has;
      }
    }
    return runs.flatMap((run) => {
      const doc = documented(title, run.versions);
      return [code(run.versions.map(signature).join('\n')), prose(doc.summary), ...rest(doc)];
    });
  }

  /** The doc of a name: of whichever of its overloads has one. */
  function documented(title, versions) {
    const doc = versions
      .map(({ docComment }) => comment(docComment))
      .find(({ summary, tags }) => summary || tags.length);
    if (!doc?.summary) missing.push(`${name}: ${title} has no doc`);
    return doc ?? { summary: '', tags: [] };
  }

  function heritage(item) {
    const text = signature(item);
    // The node's base stands in for AudioWorkletNode where there is none.
    const shown = text.replace(/ \{$/, '').replace(/extends Base$/, 'extends AudioWorkletNode');
    return /\b(extends|implements)\b/.test(text) ? `\`${shown}\`` : '';
  }

  /** Parameters, result, errors, examples. */
  function rest(doc) {
    const parameters = all(doc, 'param').map((text) => {
      const [, parameter, words] = /^(\w+)\s*-?\s*([\s\S]*)$/.exec(text) ?? [];
      return `- \`${parameter}\`: ${prose(words)}`;
    });
    return [
      parameters.join('\n'),
      ...all(doc, 'returns').map((text) => `Returns ${prose(text)}`),
      ...all(doc, 'throws').map((text) => `Errors: ${prose(text)}`),
      ...all(doc, 'example').map(shown),
    ];
  }

  function members(title, list) {
    const names = new Map();
    for (const member of list) {
      const label = member.kind === 'Constructor' ? 'constructor' : member.name;
      const key = `${member.isStatic ? 'static ' : ''}${label}`;
      names.set(key, [...(names.get(key) ?? []), member]);
    }
    return [...names].flatMap(([label, versions]) => {
      const call = ['Method', 'Constructor'].includes(versions[0].kind) ? '()' : '';
      const heading = `### ${title}: ${label.replace('static ', '').replace(/^\[(.*)\]$/, '$1')}${call}`;
      return [heading, ...overloads(`${title}.${label}`, versions)];
    });
  }

  function listed(title, member) {
    const doc = documented(`${title}.${member.name}`, [member]);
    const errors = all(doc, 'throws').map((text) => ` Errors: ${prose(text)}`);
    return `- \`${signature(member).replace(/;$/, '')}\`: ${prose(doc.summary)}${errors.join('')}`;
  }

  function option(title, member) {
    const doc = documented(`${title}.${member.name}`, [member]);
    const [standard] = all(doc, 'defaultValue');
    const examples = all(doc, 'example');
    const [takes] = rules[title][member.name] ?? [];
    for (const [what, value] of Object.entries({ default: standard, example: examples[0], rule: takes })) {
      if (!value) missing.push(`${name}: ${title}.${member.name} has no ${what}`);
    }
    const errors = ['`invalid-input` for anything else', ...all(doc, 'throws').map(prose)];
    return [
      `### ${title}: ${member.name}`,
      `\`${typeOf(member)}\`: ${prose(takes ?? '')}. Default: ${prose(standard ?? '')}.`,
      prose(doc.summary),
      `Errors: ${errors.join('; ')}.`,
      ...examples.map(shown),
    ];
  }
}
