export function samplesOf(path: string | URL): Float32Array<ArrayBuffer>;
export function fixture(name: 'speech' | 'noise' | 'fricatives'): Float32Array<ArrayBuffer>;
