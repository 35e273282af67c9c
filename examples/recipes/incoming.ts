/** What others send: each participant's track without its noise, with a node for each in one audio context. */
import { type CreateOptions, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';

/** One participant as they are heard. */
interface Heard {
  readonly clean: SuppressedTrack;
  /** Plays what is clean. An element, so that echo cancellers hear it too. */
  readonly loudspeaker: HTMLAudioElement;
  /** Chromium gives remote sound to Web Audio only while an element plays it as well: this one, muted. */
  readonly pump: HTMLAudioElement;
}

/**
 * `connection.ontrack = ({ track }) => participants.add(id, track)`, and `remove(id)` when they go. The nodes share one context, one core
 * and one copy of the network. Where suppression cannot start, the participant is heard as they are.
 */
export class CleanParticipants {
  private readonly all = new Map<string, Promise<Heard>>();

  constructor(private readonly options: CreateOptions = {}) {}

  async add(id: string, track: MediaStreamTrack): Promise<SuppressedTrack> {
    await this.remove(id);
    const heard = this.hear(track);
    this.all.set(id, heard);
    return (await heard).clean;
  }

  async remove(id: string): Promise<void> {
    const heard = this.all.get(id);
    this.all.delete(id);
    if (!heard) return;
    const { clean, loudspeaker, pump } = await heard;
    loudspeaker.srcObject = null;
    pump.srcObject = null;
    await clean.destroy();
  }

  /** Who is a musician, or shares the sound of a film, is heard as they are: the model takes music for noise. */
  async setOriginalSound(id: string, on: boolean): Promise<void> {
    const heard = await this.all.get(id);
    if (heard?.clean.node) heard.clean.node.bypass = on;
  }

  private async hear(track: MediaStreamTrack): Promise<Heard> {
    const pump = new Audio();
    pump.muted = true;
    pump.srcObject = new MediaStream([track]);
    const clean = await suppressNoise(track, this.options);
    const loudspeaker = new Audio();
    loudspeaker.srcObject = clean.stream;
    loudspeaker.autoplay = true;
    return { clean, loudspeaker, pump };
  }
}
