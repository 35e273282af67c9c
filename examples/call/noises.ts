/** Noises made in the page, as loops. */
import { bufferOf, RATE } from '../shared/audio';

const SECONDS = 8;
/** Blades times turns a second, and the mains frequency of its motor, in hertz. */
const BLADES = 46;
const MAINS = 50;
const KEYS_PER_SECOND = 6;

/** Numbers in -1..1, the same at each call. */
function* noise(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 31 - 1;
  }
}

/** Rushing air, darker towards the top, in the rhythm of the blades, and the hum of the motor. */
export function fan(): AudioBuffer {
  const white = noise();
  let low = 0;
  return bufferOf(
    Float32Array.from({ length: SECONDS * RATE }, (_, n) => {
      const t = n / RATE;
      low += 0.08 * (white.next().value - low);
      const air = low * (1 + 0.3 * Math.sin(2 * Math.PI * BLADES * t));
      const hum = [1, 2, 3, 4, 6].reduce((sum, h) => sum + Math.sin(2 * Math.PI * MAINS * h * t) / h, 0);
      return 0.5 * air + 0.03 * hum;
    }),
  );
}

/** Keys: a click when one goes down, a softer one when it comes up. */
export function keys(): AudioBuffer {
  const random = noise();
  const samples = new Float32Array(SECONDS * RATE);
  const click = (at: number, level: number, hertz: number): void => {
    const length = 0.03 * RATE;
    for (let n = 0; n < length && at + n < samples.length; n++) {
      const decay = Math.exp((-8 * n) / length);
      const body = Math.sin((2 * Math.PI * hertz * n) / RATE);
      samples[at + n] = samples[at + n]! + level * decay * (0.6 * random.next().value + 0.4 * body);
    }
  };
  for (let t = 0; t < SECONDS; t += (1 + 0.7 * random.next().value) / KEYS_PER_SECOND) {
    const at = Math.floor(t * RATE);
    const level = 0.5 + 0.2 * random.next().value;
    click(at, level, 1800 + 600 * random.next().value);
    click(at + Math.floor(0.09 * RATE), 0.4 * level, 2600);
  }
  return bufferOf(samples);
}
