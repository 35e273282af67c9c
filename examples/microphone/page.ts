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
