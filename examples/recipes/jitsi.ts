/** Jitsi Meet: an effect for JitsiLocalTrack.setEffect(). */
import { type CreateOptions, NoiseSuppressorNode, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';

/** What lib-jitsi-meet, which is not on npm, asks of an effect. */
interface StreamEffect {
  isEnabled(track: { isAudioTrack(): boolean }): boolean;
  startEffect(stream: MediaStream): MediaStream;
  stopEffect(): void;
}

/**
 * startEffect() must answer at once, so the suppressor is made before: `await track.setEffect(await JitsiNoiseSuppression.create(stream))`
 * with the stream of the local track.
 */
export class JitsiNoiseSuppression implements StreamEffect {
  static async create(stream: MediaStream, options?: CreateOptions): Promise<JitsiNoiseSuppression> {
    return new JitsiNoiseSuppression(await suppressNoise(stream.getAudioTracks()[0]!, options));
  }

  private constructor(private readonly clean: SuppressedTrack) {}

  get node(): NoiseSuppressorNode | null {
    return this.clean.node;
  }

  isEnabled(track: { isAudioTrack(): boolean }): boolean {
    return NoiseSuppressorNode.isSupported() && track.isAudioTrack();
  }

  startEffect(stream: MediaStream): MediaStream {
    // Suppression could not start: Jitsi's own stream.
    if (!this.clean.node) return stream;
    const [track] = stream.getAudioTracks();
    if (track && track !== this.clean.source) void this.clean.replaceSource(track);
    return this.clean.stream;
  }

  stopEffect(): void {
    void this.clean.destroy();
  }
}
