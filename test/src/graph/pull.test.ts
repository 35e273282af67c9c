/** A node that nothing hears is rendered all the same, until that is ended. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pull } from '../../../src/graph/pull';

/** Counts its edges, and refuses as a browser does to cut one that is not there. */
class Node {
  readonly to = new Set<unknown>();
  gain: number | undefined;
  constructor(
    readonly context: { destination: object },
    options?: { gain: number },
  ) {
    this.gain = options?.gain;
    made.push(this);
  }
  connect<T>(target: T): T {
    this.to.add(target);
    return target;
  }
  disconnect(target?: unknown): void {
    if (target === undefined) this.to.clear();
    else if (!this.to.delete(target)) throw new DOMException('not connected', 'InvalidAccessError');
  }
}
const context = { destination: {} };
let made: Node[];
let node: Node & AudioNode;

beforeEach(() => {
  made = [];
  vi.stubGlobal('GainNode', Node);
  node = new Node(context) as Node & AudioNode;
});
afterEach(() => vi.unstubAllGlobals());

test('by way of silence, and nothing of it is left at the end, however often that is told', () => {
  const end = pull(node);
  const [, silence] = made as [Node, Node];
  expect([...node.to]).toEqual([silence]);
  expect([...silence.to]).toEqual([context.destination]);
  expect(silence.gain).toBe(0);
  const other = {};
  node.connect(other as AudioNode);
  end();
  end();
  expect([...node.to]).toEqual([other]);
  expect(silence.to.size).toBe(0);
});

test('also where the app has cut all edges of the node itself', () => {
  const end = pull(node);
  node.disconnect();
  end();
  expect((made[1] as Node).to.size).toBe(0);
});
