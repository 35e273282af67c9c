/** What went wrong, for programs. The message says what to do next. */
export type NoiseSuppressorErrorCode =
  | 'unsupported'
  | 'insecure-context'
  | 'asset-not-found'
  | 'blocked-by-csp'
  | 'wasm-rejected'
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
  readonly code: NoiseSuppressorErrorCode;

  constructor(code: NoiseSuppressorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NoiseSuppressorError';
    this.code = code;
  }
}
