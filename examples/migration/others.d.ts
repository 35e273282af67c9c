/** What the packages of others do not say of themselves, or of which the licence keeps us from installing them. */

declare module '@jitsi/rnnoise-wasm' {
  interface Rnnoise {
    readonly HEAPF32: Float32Array;
    _malloc(bytes: number): number;
    _rnnoise_create(): number;
    _rnnoise_process_frame(state: number, output: number, input: number): number;
  }
  export function createRNNWasmModuleSync(): Rnnoise;
}

/** 0.4.5, in part, by hand. Why it is not installed, and is compiled only: docs/migration.md. */
declare module '@livekit/krisp-noise-filter' {
  import type { AudioProcessorOptions, Track, TrackProcessor } from 'livekit-client';

  interface KrispNoiseFilterProcessor extends TrackProcessor<Track.Kind.Audio, AudioProcessorOptions> {
    setEnabled(enable: boolean): Promise<boolean | undefined>;
    isEnabled(): boolean;
  }
  export function isKrispNoiseFilterSupported(): boolean;
  export function KrispNoiseFilter(options?: { quality?: 'low' | 'medium' | 'high' }): KrispNoiseFilterProcessor;
}

/** As Vite has them. */
declare module '*?url' {
  const url: string;
  export default url;
}
declare module '*?worker&url' {
  const url: string;
  export default url;
}
