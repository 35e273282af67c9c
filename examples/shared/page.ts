/** Small helpers for the elements of a page. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found as T;
}

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

/** Changes only what differs: status elements are read aloud on each change. */
export function setBadge(badge: HTMLElement, text: string, tone: Tone): void {
  if (badge.textContent !== text) badge.textContent = text;
  badge.dataset.tone = tone;
}

/** Fills a bar; 0..1. */
export function setMeter(meter: HTMLElement, value: number): void {
  (meter.firstElementChild as HTMLElement).style.setProperty('--value', String(Math.max(0, Math.min(1, value))));
}

/** dBFS at the left end of the level meters, and below which there is nothing to hear. */
const METER_FLOOR = -80;
const SILENCE = -110;

/** A level meter and the number beside it, whose id ends in -value. */
export function showLevel(id: string, level: number): void {
  setMeter(element(id), 1 - level / METER_FLOOR);
  element(`${id}-value`).textContent = level > SILENCE ? `${level.toFixed(0)} dB` : 'silent';
}

export function percent(value: number, digits = 0): string {
  return `${(100 * value).toFixed(digits)} %`;
}

/** A slider in per cent and the text beside it. */
export function strengthSlider(id: string): HTMLInputElement {
  const slider = element<HTMLInputElement>(id);
  const text = element(`${id}-value`);
  const show = (): void => {
    text.textContent = `${slider.value} %`;
    slider.setAttribute('aria-valuetext', `${slider.value} per cent`);
  };
  slider.addEventListener('input', show);
  show();
  return slider;
}

/** Calls once the window has kept its new size, or the screen its new colours, for a moment. */
export function onLayoutChange(redraw: () => void): void {
  let waiting: ReturnType<typeof setTimeout>;
  const soon = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  };
  addEventListener('resize', soon);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', soon);
}

/** The chosen radio button of a group. */
export function chosen(name: string): string {
  return document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value ?? '';
}

export function onChoice(name: string, act: (value: string) => void): void {
  for (const radio of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)) {
    radio.addEventListener('change', () => act(radio.value));
  }
}

/** m:ss */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** How long a browser may take to begin reading what is saved. */
const SAVE_MS = 60_000;

/** Hands a file to the browser's downloads. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVE_MS);
}
