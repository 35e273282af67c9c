/** The markdown that scripts/reference.mjs writes, as HTML: headings, paragraphs, fences, lists, links, code. Nothing else. */

const escaped = (text) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** The name that GitHub gives to a heading. */
const slug = (title) =>
  title
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/**
 * @param {string} markdown
 * @param {(target: string) => string} address of a link's target; '' makes it plain text
 */
export function htmlOf(markdown, address) {
  const inline = (text) =>
    text
      .split(/(`[^`]+`|\[[^\]]+\]\([^)\s]+\))/)
      .map((part) => {
        if (part.startsWith('`')) return `<code>${escaped(part.slice(1, -1))}</code>`;
        const [, words, target] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
        if (!target) return escaped(part);
        const href = address(target);
        return href ? `<a href="${escaped(href)}">${inline(words)}</a>` : inline(words);
      })
      .join('');
  // Fences may hold empty lines, all else ends at one.
  const blocks = markdown
    .split(/(^```[\s\S]*?^```$)/m)
    .flatMap((part) => (part.startsWith('```') ? part : part.split(/\n{2,}/)));
  return blocks
    .map((block) => block.trim())
    .filter(Boolean)
    .map((block) => {
      if (block.startsWith('```')) {
        return `<pre tabindex="0"><code>${escaped(block.replace(/^```\w*\n/, '').replace(/\n?```$/, ''))}</code></pre>`;
      }
      const [, marks, title] = /^(#+) (.*)$/.exec(block) ?? [];
      if (title) return `<h${marks.length} id="${slug(title)}">${inline(title)}</h${marks.length}>`;
      if (block.startsWith('- ')) {
        const items = block.split(/\n(?=- )/).map((line) => `<li>${inline(line.slice(2))}</li>`);
        return `<ul>${items.join('\n')}</ul>`;
      }
      return `<p>${inline(block.replaceAll('\n', ' '))}</p>`;
    })
    .join('\n');
}
