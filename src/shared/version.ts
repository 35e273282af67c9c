declare const __VERSION__: string;

/** Version of this build, put in by the bundler; worklet and library must carry the same one. */
export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-dev';

/** Whether two versions may work together: the same but for the last number. */
export function sameVersion(a: string, b: string): boolean {
  return a.split('.', 2).join('.') === b.split('.', 2).join('.');
}
