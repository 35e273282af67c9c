/** Bar charts as SVG that read in dark and light. */

const WIDTH = 760;
const LABEL = 210;
const VALUE = 70;
const LINE = 24;
const HEAD = 34;

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * @param {{ title: string, bars: { label: string, value: number, ours?: boolean }[] }[]} groups each on a scale of its own
 * @returns {string} an SVG file
 */
export function barChart(groups) {
  const parts = [];
  let y = 0;
  for (const { title, bars } of groups) {
    const largest = Math.max(...bars.map(({ value }) => value));
    parts.push(`<text class="t" x="0" y="${y + 20}">${escaped(title)}</text>`);
    y += HEAD;
    for (const { label, value, ours } of bars) {
      const width = Math.max(1, ((WIDTH - LABEL - VALUE) * value) / largest).toFixed(1);
      parts.push(
        `<text x="${LABEL - 10}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>`,
        `<rect class="${ours ? 'o' : 'p'}" x="${LABEL}" y="${y + 3}" width="${width}" height="${LINE - 8}" rx="2"/>`,
        `<text x="${(LABEL + Number(width) + 6).toFixed(1)}" y="${y + 15}">${value < 10 ? value.toFixed(1) : value.toFixed(0)}</text>`,
      );
      y += LINE;
    }
    y += 12;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>${escaped(groups.map(({ title }) => title).join('; '))}</title>
<style>text{fill:#1f2933}.t{font-weight:600}.o{fill:#0f766e}.p{fill:#94a3b8}@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.o{fill:#2dd4bf}}</style>
${parts.join('\n')}
</svg>
`;
}
