/** How much of the library's large files has come: on a slow line the first start waits for a megabyte. */

/** Bytes from which on a file is worth a bar, and how long it may take without one. */
const LARGE = 100_000;
const SOON_MS = 400;

export interface Loads {
  readonly loaded: number;
  readonly total: number;
}

/** Counts what this thread fetches from now on; what has come or failed counts no more. */
export function watchLoads(tell: (loads: Loads) => void): void {
  const { fetch } = globalThis;
  let loaded = 0;
  let total = 0;
  globalThis.fetch = async (...args) => {
    const response = await fetch(...args);
    const size = Number(response.headers.get('content-length'));
    // What is compressed on the way has another size than its bytes.
    if (!response.ok || !response.body || !(size > LARGE) || response.headers.has('content-encoding')) return response;
    total += size;
    let come = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        come += chunk.length;
        loaded += chunk.length;
        controller.enqueue(chunk);
        tell({ loaded, total });
      },
    });
    const over = (): void => {
      loaded -= come;
      total -= size;
      tell({ loaded, total });
    };
    response.body.pipeTo(counter.writable).then(over, over);
    return new Response(counter.readable, response);
  };
}

/** A bar at the top of the page, there while something large is on its way. */
export function loadBar(): (loads: Loads) => void {
  const bar = document.createElement('progress');
  bar.setAttribute('aria-label', 'Loading the network');
  const text = document.createElement('span');
  text.className = 'hint';
  const box = document.createElement('div');
  box.id = 'loading';
  box.hidden = true;
  box.append(text, bar);
  document.querySelector('main')?.before(box);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  return ({ loaded, total }) => {
    if (total === 0) {
      clearTimeout(waiting);
      waiting = undefined;
      box.hidden = true;
      return;
    }
    bar.max = total;
    bar.value = loaded;
    text.textContent = `Loading the network: ${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`;
    waiting ??= setTimeout(() => {
      box.hidden = false;
    }, SOON_MS);
  };
}

/** For what the page's own thread fetches. */
export function showLoads(): void {
  watchLoads(loadBar());
}
