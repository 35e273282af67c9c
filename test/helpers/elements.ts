declare global {
  /** Audio elements that the page has made, after keepElements(). */
  var elements: HTMLAudioElement[];
  /** How many of them play, how many have a stream, and of which type the page's audio session is, after keepElements(). */
  var kept: () => [playing: number, streams: number, type: string];
}

/** Runs in a page before anything else: from there on each audio element that is made is in `elements`, and there is an audio session. */
export function keepElements(): void {
  globalThis.elements = [];
  const session = { type: 'auto' };
  Object.defineProperty(navigator, 'audioSession', { value: session, configurable: true });
  globalThis.kept = () => [
    elements.filter(({ paused }) => !paused).length,
    elements.filter(({ srcObject }) => srcObject).length,
    session.type,
  ];
  const { createElement } = Document.prototype;
  Document.prototype.createElement = function (this: Document, ...given: never[]) {
    const element = Reflect.apply(createElement, this, given);
    if (element instanceof HTMLAudioElement) elements.push(element);
    return element;
  } as never;
}
