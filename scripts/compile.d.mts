export interface CompileOptions {
  /** Relaxed SIMD instead of plain SIMD. */
  relaxed?: boolean;
  /** The text of `entry`, where it is no file. Its imports are relative to the root. */
  source?: string;
  /** More of asc's options. */
  options?: readonly string[];
  /** Changes each file of the source before it is compiled. */
  change?: (file: string, text: string) => string;
}

/**
 * The bytes of an entry and, where `options` ask for it, their text. `read` has the text of each file that they depend on, but for
 * `source`, and null of those that were looked for and are not there. Throws with what the compiler says.
 * @param entry a file of the repository
 */
export function compile(
  entry: string,
  options?: CompileOptions,
): Promise<{ wasm: Uint8Array<ArrayBuffer>; text: string | undefined; read: Record<string, string | null> }>;

/** A `change` for compile(): the relaxed dot in two steps, or in one. */
export function decidedDot(saturates: boolean): (file: string, text: string) => string;
