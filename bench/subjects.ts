/** What is compared; the list is written by scripts/site.mjs. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  /** npm package and version. */
  readonly package: string;
  readonly build: string;
  readonly kind: 'percepnet' | 'pass-through' | 'sapphi' | 'jitsi' | 'timephy';
  /** Bytes on the wire, compressed, before the first sample is processed. */
  readonly firstUseGzipBytes: number;
  /** Addresses relative to the page, of our own subjects only. */
  readonly wasm?: string;
  readonly model?: string;
}

export async function loadSubjects(): Promise<Subject[]> {
  const response = await fetch('subjects.json');
  if (!response.ok) throw new Error(`The list of subjects is missing (HTTP ${response.status}): run npm start again.`);
  return response.json();
}

/** Whether this browser can run the subject. */
export function runsHere(subject: Subject, relaxedSimd: boolean): boolean {
  return relaxedSimd || !subject.build.startsWith('relaxed');
}
