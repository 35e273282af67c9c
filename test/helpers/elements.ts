declare global {
  /** Audio elements that the page has made, after keepElements(). */
  var elements: HTMLAudioElement[];
}

/** Runs in a page before anything else: from there on each audio element that is made is in `elements`. */
export function keepElements(): void {
  globalThis.elements = [];
  const { createElement } = Document.prototype;
  Document.prototype.createElement = function (this: Document, ...given: never[]) {
    const element = Reflect.apply(createElement, this, given);
    if (element instanceof HTMLAudioElement) elements.push(element);
    return element;
  } as never;
}
