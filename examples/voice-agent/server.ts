/** The ear of a voice agent: 16 kHz 16-bit PCM comes over a WebSocket, and goes on without its noise, with word of who is speaking. */
import { type DenoiseOptions, Denoiser } from 'percepnet-wasm/offline';
import { type WebSocket, WebSocketServer } from 'ws';

const RATE = 16_000;
/** Probabilities at which a turn begins and may end, and how long it must be quiet before it does. */
const BEGIN = 0.6;
const END = 0.4;
const QUIET_SECONDS = 0.5;

/** What clients are told beside the sound, as JSON. */
export type Word = { speaking: boolean } | { end: true };

/** Takes calls on a port of this machine, each with a Denoiser of its own; all share the core and one copy of the network. */
export function listen(port: number, options: DenoiseOptions = {}): WebSocketServer {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  server.on('connection', (socket) => answer(socket, options));
  return server;
}

/**
 * Binary messages are samples, little-endian, of any length; the text 'end' asks for the rest of the sound, and begins another one. Where
 * this sends the sound back, an agent hands it to its recogniser.
 */
function answer(socket: WebSocket, options: DenoiseOptions): void {
  const opening = Denoiser.create({ sampleRate: RATE, ...options });
  const tell = (word: Word): void => socket.send(JSON.stringify(word));
  let speaking = false;
  let quiet = 0;
  /** Turns, from the same network that takes the noise away. */
  const listenTo = (probability: number, samples: number): void => {
    quiet = probability < END ? quiet + samples / RATE : 0;
    const now = speaking ? quiet < QUIET_SECONDS : probability > BEGIN;
    if (now !== speaking) tell({ speaking: now });
    speaking = now;
  };
  // Whatever comes while the network is loading waits for it, in its order.
  socket.on('message', async (message: Buffer, isBinary) => {
    try {
      const denoiser = await opening;
      if (isBinary) {
        const samples = new Int16Array(Uint8Array.from(message).buffer, 0, message.length >> 1);
        const clean = denoiser.process(samples);
        if (clean.length > 0) socket.send(clean);
        listenTo(denoiser.speechProbability, samples.length);
      } else if (message.toString() === 'end') {
        socket.send(denoiser.flush<Int16Array>());
        tell({ end: true });
      }
    } catch (error) {
      // 1011: the server met a condition that keeps it from going on.
      socket.close(1011, String(error).slice(0, 100));
    }
  });
  socket.on('close', async () => (await opening.catch(() => null))?.destroy());
}
