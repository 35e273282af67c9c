/** What went wrong, for programs. The message says what to do next; docs/errors.md has cause, code and cure of each. */
export type NoiseSuppressorErrorCode =
  | 'unsupported'
  | 'insecure-context'
  | 'asset-not-found'
  | 'integrity-mismatch'
  | 'blocked-by-csp'
  | 'wasm-rejected'
  | 'worklet-rejected'
  | 'version-mismatch'
  | 'context-closed'
  | 'processor-failed'
  | 'timeout'
  | 'aborted'
  | 'destroyed'
  | 'invalid-model'
  | 'invalid-input'
  | 'invalid-audio';

/** The only error type this library throws or rejects with; `cause` holds the platform's own error when there is one. */
export class NoiseSuppressorError extends Error {
  /** For programs; the message is for people. */
  readonly code: NoiseSuppressorErrorCode;

  /** The library makes them; apps may in tests of their own. */
  constructor(code: NoiseSuppressorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NoiseSuppressorError';
    this.code = code;
  }
}
