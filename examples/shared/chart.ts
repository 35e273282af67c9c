/** Line charts as SVG, in the colours of the page: axes, and paths in the units of the data. */

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 220;
const MARGIN = { left: 44, right: 10, top: 10, bottom: 26 };

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly log?: boolean;
  readonly ticks: readonly number[];
  readonly label: (value: number) => string;
}

export class Chart {
  private readonly svg: SVGSVGElement;
  private readonly width: number;

  /** Replaces what `host` holds; as wide as it is now. */
  constructor(
    host: HTMLElement,
    private readonly x: Axis,
    private readonly y: Axis,
  ) {
    this.width = Math.max(240, host.clientWidth);
    this.svg = document.createElementNS(NS, 'svg');
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${HEIGHT}`);
    this.svg.setAttribute('aria-hidden', 'true');
    host.replaceChildren(this.svg);
    for (const value of y.ticks) {
      const at = this.atY(value);
      this.add('path', { class: 'grid', d: `M${MARGIN.left} ${at}H${this.width - MARGIN.right}` });
      this.text(MARGIN.left - 6, at + 4, 'end', y.label(value));
    }
    for (const value of x.ticks) this.text(this.atX(value), HEIGHT - 6, 'middle', x.label(value));
  }

  line(points: Iterable<readonly [number, number]>, name: string): void {
    const d = [...points].map(([x, y], i) => `${i ? 'L' : 'M'}${this.atX(x).toFixed(1)} ${this.atY(y).toFixed(1)}`);
    this.add('path', { class: name, d: d.join('') });
  }

  private atX(value: number): number {
    const { from, to, log } = this.x;
    const share = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return MARGIN.left + clamp(share) * (this.width - MARGIN.left - MARGIN.right);
  }

  private atY(value: number): number {
    const { from, to } = this.y;
    return MARGIN.top + (1 - clamp((value - from) / (to - from))) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  private text(x: number, y: number, anchor: string, content: string): void {
    this.add('text', { x: String(x), y: String(y), 'text-anchor': anchor }).textContent = content;
  }

  private add(name: string, attributes: Record<string, string>): SVGElement {
    const element = document.createElementNS(NS, name) as SVGElement;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    this.svg.append(element);
    return element;
  }
}

function clamp(share: number): number {
  return Math.max(0, Math.min(1, share || 0));
}
