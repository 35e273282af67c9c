export function fixture(name: 'speech' | 'noise' | 'fricatives'): Float32Array<ArrayBuffer>;
