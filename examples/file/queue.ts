/** The list of recordings: each with what is being done to it, how far it is, and what can be done about it. */
import type { Problem } from '../shared/problems';
import type { Source } from './file-worker';
import type { Recorded } from './worker-client';

/** 0..1, and how long it has been going. Before so much is done, nobody knows how long the rest takes. */
const TELL_AFTER = 0.02;
const TELL_AFTER_SECONDS = 1;

export type State =
  | { readonly is: 'waiting' }
  | { readonly is: 'working'; readonly fraction: number; readonly since: number }
  | { readonly is: 'done'; readonly seconds: number }
  | { readonly is: 'cancelled' }
  | { readonly is: 'failed'; readonly problem: Problem };

export interface Deeds {
  show(entry: Entry): void;
  save(entry: Entry): void;
  cancel(entry: Entry): void;
  again(entry: Entry): void;
  remove(entry: Entry): void;
}

export class Entry {
  state: State = { is: 'waiting' };
  recorded: Recorded | undefined;
  abort: AbortController | undefined;
  readonly row = document.createElement('li');
  private readonly status = document.createElement('span');
  private readonly bar = document.createElement('progress');
  private readonly buttons = new Map<keyof Deeds, HTMLButtonElement>();

  constructor(
    readonly name: string,
    /** What is to be cleaned; called each time anew. */
    readonly source: () => Promise<Source>,
    deeds: Deeds,
  ) {
    const title = document.createElement('span');
    title.className = 'name';
    title.textContent = name;
    this.status.className = 'number';
    this.bar.max = 1;
    this.bar.setAttribute('aria-label', `Progress of ${name}`);
    const buttons = document.createElement('span');
    buttons.className = 'row';
    for (const [deed, text] of [
      ['show', 'Show'],
      ['save', 'Download'],
      ['cancel', 'Cancel'],
      ['again', 'Again'],
      ['remove', 'Remove'],
    ] as const) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = text;
      button.setAttribute('aria-label', `${text} ${name}`);
      button.dataset.deed = deed;
      button.addEventListener('click', () => deeds[deed](this));
      this.buttons.set(deed, button);
      buttons.append(button);
    }
    this.row.append(title, this.status, buttons, this.bar);
    this.draw(false);
  }

  set(state: State, shown: boolean): void {
    this.state = state;
    this.draw(shown);
  }

  draw(shown: boolean): void {
    const { state, bar, row } = this;
    row.dataset.state = state.is;
    if (shown) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
    this.status.textContent = this.text();
    bar.hidden = state.is !== 'working';
    bar.value = state.is === 'working' ? state.fraction : 0;
    const busy = state.is === 'working' || state.is === 'waiting';
    const wanted: Record<keyof Deeds, boolean> = {
      show: this.recorded !== undefined && !shown,
      save: this.recorded !== undefined,
      cancel: busy,
      again: state.is === 'cancelled' || state.is === 'failed',
      remove: !busy,
    };
    for (const [deed, button] of this.buttons) this.give(button, wanted[deed]);
  }

  /** Who has a button in focus that goes away is not to begin at the top of the page again. */
  private give(button: HTMLButtonElement, wanted: boolean): void {
    const focused = document.activeElement === button;
    button.hidden = !wanted;
    if (!wanted && focused) [...this.buttons.values()].find(({ hidden }) => !hidden)?.focus();
  }

  private text(): string {
    const { state } = this;
    if (state.is === 'waiting') return 'waiting';
    if (state.is === 'cancelled') return 'cancelled';
    if (state.is === 'failed') return `failed: ${state.problem.what}`;
    if (state.is === 'done') return `done in ${state.seconds.toFixed(1)} s`;
    const { fraction, since } = state;
    const seconds = (performance.now() - since) / 1000;
    const percent = `${Math.floor(100 * fraction)} %`;
    if (fraction < TELL_AFTER || seconds < TELL_AFTER_SECONDS) return percent;
    const left = Math.ceil((seconds / fraction) * (1 - fraction));
    return `${percent}, ${left < 100 ? `${left} s` : `${Math.ceil(left / 60)} min`} left`;
  }
}
