/** The node's end of the port: what the processor says becomes events and answers, what it is asked goes there. */
import type { NoiseSuppressorError } from '../shared/errors';
import { kindOf, messageOf } from '../shared/realm';
import type { EventNode } from './event-node';
import { OverloadEvent, VoiceActivityEvent } from './events';
import type { FromProcessor, LiveState, ToProcessor } from './messages';
import { type ProcessorStats, StatsQuestions } from './node-stats';

/** Least time between two questions for the speech probability. */
const PROBABILITY_INTERVAL_MS = 50;

/** What a node is told of its processor. */
export interface ProcessorNews {
  /** The core is compiled, loaded and warm. */
  prepared(latency: number, coreVersion: number): void;
  /** After the first frame, and at each change. */
  entered(state: LiveState): void;
  /** Seconds. */
  delayed(latency: number): void;
  /** It will not work again. */
  failed(message: string, cause?: unknown): void;
}

export class ProcessorPort {
  /** Between `speechstart` and `speechend`. */
  speaking = false;
  private readonly questions = new StatsQuestions();
  private probability = 0;
  private probabilityAsked = Number.NEGATIVE_INFINITY;
  private isOpen = true;
  // Not the node itself: some SDKs write what they are given as JSON, in which a circle is an error.
  private readonly port: MessagePort;
  private readonly dispatch: (event: Event) => boolean;

  constructor(
    node: EventNode,
    private readonly news: ProcessorNews,
  ) {
    this.port = node.port;
    this.dispatch = (event) => node.dispatchEvent(event);
    node.port.onmessage = (event: MessageEvent<FromProcessor>) => this.receive(event.data);
    node.port.onmessageerror = () => news.failed('a message of the audio worklet got lost');
    // Chromium names the standard's 'processorerror' 'error', which is an event of this class with another meaning.
    node.addEventListener('error', (event: Event) => {
      if (kindOf(event) !== 'ErrorEvent') return;
      event.stopImmediatePropagation();
      node.dispatchEvent(new ErrorEvent('processorerror', { message: messageOf(event) }));
    });
    node.addEventListener('processorerror', (event) => news.failed('the audio worklet processor threw', event));
  }

  send(message: ToProcessor): void {
    if (this.isOpen) this.port.postMessage(message);
  }

  /** Latest known speech probability, 0..1; asks for a newer one. */
  speechProbability(): number {
    const now = performance.now();
    if (now - this.probabilityAsked >= PROBABILITY_INTERVAL_MS) {
      this.probabilityAsked = now;
      this.send({ type: 'probability' });
    }
    return this.probability;
  }

  stats(): Promise<ProcessorStats> {
    return this.questions.ask((id) => this.send({ type: 'stats', id }));
  }

  /** Lets the processor end; who still waits for an answer gets the error. */
  close(error: NoiseSuppressorError): void {
    const { port } = this;
    this.send({ type: 'destroy' });
    this.isOpen = false;
    port.onmessage = null;
    port.onmessageerror = null;
    this.questions.refuse(error);
    this.speaking = false;
  }

  private receive(message: FromProcessor): void {
    const { news } = this;
    switch (message.type) {
      case 'prepared':
        news.prepared(message.latency, message.coreVersion);
        break;
      case 'state':
        news.entered(message.state);
        break;
      case 'latency':
        news.delayed(message.latency);
        break;
      case 'speech':
        this.speaking = message.speaking;
        this.probability = message.probability;
        this.dispatch(
          new VoiceActivityEvent(message.speaking ? 'speechstart' : 'speechend', message.probability, message.time),
        );
        break;
      case 'probability':
        this.probability = message.value;
        break;
      case 'overload':
        if (!this.dispatch(new OverloadEvent(message.load, message.consecutive))) {
          this.send({ type: 'keep-processing' });
        }
        break;
      case 'stats':
        this.questions.answer(message.id, message.stats);
        break;
      case 'failed':
        news.failed(`the core stopped working: ${message.message}`);
        break;
    }
  }
}
