/** What the processor says becomes events and answers, what it is asked goes to it: over a stand-in for a node's port. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventNode } from '../../../src/graph/event-node';
import type { OverloadEvent, VoiceActivityEvent } from '../../../src/graph/events';
import type { FromProcessor, ToProcessor } from '../../../src/graph/messages';
import { ProcessorPort } from '../../../src/graph/processor-port';
import { NoiseSuppressorError } from '../../../src/shared/errors';

class Node extends EventTarget {
  readonly sent: ToProcessor[] = [];
  readonly port = {
    onmessage: null as ((event: { data: FromProcessor }) => void) | null,
    onmessageerror: null as (() => void) | null,
    postMessage: (message: ToProcessor) => void this.sent.push(message),
  };
  says(data: FromProcessor): void {
    this.port.onmessage?.({ data });
  }
}

let node: Node;
let port: ProcessorPort;
const news = { prepared: vi.fn(), entered: vi.fn(), delayed: vi.fn(), failed: vi.fn() };
beforeEach(() => {
  vi.clearAllMocks();
  node = new Node();
  port = new ProcessorPort(node as unknown as EventNode, news);
});

test('news of the processor are told as they are', () => {
  node.says({ type: 'prepared', latency: 0.03, coreVersion: 7 });
  node.says({ type: 'state', state: 'overloaded' });
  node.says({ type: 'latency', latency: 0.04 });
  node.says({ type: 'failed', message: 'unreachable' });
  expect(news.prepared).toHaveBeenCalledWith(0.03, 7);
  expect(news.entered).toHaveBeenCalledWith('overloaded');
  expect(news.delayed).toHaveBeenCalledWith(0.04);
  expect(news.failed).toHaveBeenCalledWith('the core stopped working: unreachable');
});

test('speech starts and ends with events, and is kept between', () => {
  const heard: [string, number, number][] = [];
  for (const type of ['speechstart', 'speechend'])
    node.addEventListener(type, (event) => {
      const { probability, contextTime } = event as VoiceActivityEvent;
      heard.push([type, probability, contextTime]);
    });
  node.says({ type: 'speech', speaking: true, probability: 0.9, time: 1 });
  expect([port.speaking, port.speechProbability()]).toEqual([true, 0.9]);
  node.says({ type: 'speech', speaking: false, probability: 0.1, time: 2 });
  expect(port.speaking).toBe(false);
  expect(heard).toEqual([
    ['speechstart', 0.9, 1],
    ['speechend', 0.1, 2],
  ]);
});

test('the probability is the latest one known, and asked for 20 times a second at most', () => {
  const now = vi.spyOn(performance, 'now');
  for (const [time, asked] of [
    [1000, 1],
    [1049, 1],
    [1050, 2],
  ] as const) {
    now.mockReturnValue(time);
    port.speechProbability();
    expect(node.sent.filter(({ type }) => type === 'probability')).toHaveLength(asked);
  }
  node.says({ type: 'probability', value: 0.4 });
  expect(port.speechProbability()).toBe(0.4);
  now.mockRestore();
});

test('an overload goes on only where the app has not prevented it', () => {
  const loads: number[] = [];
  node.addEventListener('overload', (event) => loads.push((event as OverloadEvent).load), { once: true });
  node.says({ type: 'overload', load: 0.9, consecutive: 1 });
  expect(node.sent).toEqual([]);
  node.addEventListener('overload', (event) => event.preventDefault());
  node.says({ type: 'overload', load: 0.8, consecutive: 2 });
  expect([loads, node.sent]).toEqual([[0.9], [{ type: 'keep-processing' }]]);
});

describe('a processor that throws', () => {
  test('is told of, by either name that browsers have for it', () => {
    vi.stubGlobal(
      'ErrorEvent',
      class extends Event {
        readonly message: string;
        constructor(type: string, { message = '' } = {}) {
          super(type);
          this.message = message;
        }
        get [Symbol.toStringTag](): string {
          return 'ErrorEvent';
        }
      },
    );
    const told: string[] = [];
    node.addEventListener('error', () => told.push('error'));
    node.addEventListener('processorerror', (event) => told.push((event as ErrorEvent).message));
    node.dispatchEvent(new ErrorEvent('error', { message: 'bad' }));
    // Not as an error event of ours.
    expect(told).toEqual(['bad']);
    expect(news.failed).toHaveBeenCalledTimes(1);
    node.dispatchEvent(new Event('error'));
    expect(told).toEqual(['bad', 'error']);
    vi.unstubAllGlobals();
  });

  test('or whose message gets lost', () => {
    node.port.onmessageerror?.();
    expect(news.failed).toHaveBeenCalledWith('a message of the audio worklet got lost');
  });
});

test('closed it tells the processor to end, whoever waits why, and hears and says nothing more', async () => {
  const asked = port.stats();
  const answered = port.stats();
  const [, second] = node.sent as [ToProcessor, { id: number }];
  node.says({ type: 'stats', id: second.id, stats: { load: 0.5 } as never });
  node.says({ type: 'speech', speaking: true, probability: 1, time: 0 });
  const error = new NoiseSuppressorError('destroyed', 'gone');
  port.close(error);
  await expect(asked).rejects.toBe(error);
  expect(await answered).toEqual({ load: 0.5 });
  expect(port.speaking).toBe(false);
  expect(node.sent.at(-1)).toEqual({ type: 'destroy' });
  const before = node.sent.length;
  port.send({ type: 'reset' });
  node.says({ type: 'state', state: 'running' });
  expect(node.sent).toHaveLength(before);
  expect(news.entered).not.toHaveBeenCalled();
});
