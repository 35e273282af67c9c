/** What is compared; the list is written by scripts/site.mjs. */
export interface Subject {
  readonly id: string;
  /** Name in reports: full, lite, rnnoise-0.2, ... */
  readonly name: string;
  /** Name for people. */
  readonly label: string;
  /** npm package and version. */
  readonly package: string;
  readonly build: 'relaxed' | 'simd' | null;
  readonly kind: 'percepnet' | 'pass-through' | 'peer';
  /** Bytes on the wire, compressed, before the first sample is processed. */
  readonly firstUseGzipBytes: number;
  /** Address of the worklet's script, as all addresses here relative to the list. */
  readonly worklet: string;
  /** Name the script registers; our own is the only one it registers. */
  readonly processor?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Files whose bytes go into the processor's options under these names. */
  readonly binaries?: Readonly<Record<string, string>>;
  /** Of our own subjects only. */
  readonly wasm?: string;
  readonly model?: string;
}

/** For a page in any folder of the site: addresses are whole ones. */
export async function loadSubjects(): Promise<Subject[]> {
  const list = new URL('../bench/subjects.json', document.baseURI);
  const response = await fetch(list);
  if (!response.ok) throw new Error(`The list of subjects is missing (HTTP ${response.status}): run npm start again.`);
  const at = (path: string): string => new URL(path, list).href;
  return ((await response.json()) as Subject[]).map((subject) => ({
    ...subject,
    worklet: at(subject.worklet),
    binaries:
      subject.binaries && Object.fromEntries(Object.entries(subject.binaries).map(([name, path]) => [name, at(path)])),
    wasm: subject.wasm && at(subject.wasm),
    model: subject.model && at(subject.model),
  }));
}

/** Whether this browser can run the subject. */
export function runsHere(subject: Subject, relaxedSimd: boolean): boolean {
  return relaxedSimd || subject.build !== 'relaxed';
}

export async function fetchBytes(path: string): Promise<ArrayBuffer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.arrayBuffer();
}

/** The subject's own part of processorOptions, files loaded by `read`. */
export async function processorOptions(
  subject: Subject,
  read: (path: string) => Promise<ArrayBuffer>,
): Promise<Record<string, unknown>> {
  const options: Record<string, unknown> = { ...subject.options };
  for (const [key, path] of Object.entries(subject.binaries ?? {})) options[key] = await read(path);
  return options;
}
