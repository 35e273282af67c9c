/** What plays, pauses and seeks in a Player: the button #play, the slider #position with its value, and the cursors over the pictures. */
import { clock, element } from './page';
import type { Player } from './player';

type Played = Pick<Player<string>, 'playing' | 'position' | 'duration' | 'play' | 'pause' | 'seek'>;

export class Transport {
  private readonly button = element<HTMLButtonElement>('play');
  private readonly slider = element<HTMLInputElement>('position');

  /** @param current what is played now */
  constructor(private readonly current: () => Played | undefined) {
    this.button.addEventListener('click', () => this.toggle());
    this.slider.addEventListener('input', () => this.seek(Number(this.slider.value)));
  }

  /** Another player is there, or one has begun or come to its end. */
  show(): void {
    const player = this.current();
    if (player) this.slider.max = String(player.duration);
    this.button.textContent = player?.playing ? 'Pause' : 'Play';
    this.showPosition();
  }

  toggle(): void {
    const player = this.current();
    if (!player) return;
    if (player.playing) player.pause();
    else player.play();
    this.show();
    this.follow();
  }

  /** Plays, unless it does. */
  start(): void {
    if (!this.current()?.playing) this.toggle();
  }

  seek(seconds: number): void {
    this.current()?.seek(seconds);
    this.showPosition();
  }

  private readonly follow = (): void => {
    this.showPosition();
    if (this.current()?.playing) requestAnimationFrame(this.follow);
  };

  private showPosition(): void {
    const player = this.current();
    const at = player?.position ?? 0;
    const duration = player?.duration ?? 1;
    this.slider.value = String(at);
    const text = `${clock(at)} of ${clock(duration)}`;
    element('position-value').textContent = text;
    this.slider.setAttribute('aria-valuetext', text);
    for (const cursor of document.querySelectorAll<HTMLElement>('.cursor')) {
      cursor.style.setProperty('--at', String(at / duration));
    }
  }
}
