declare const __VERSION__: string;

/** Version of this build, put in by the bundler; worklet and library must carry the same one. */
export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-dev';
