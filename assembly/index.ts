/**
 * The exported surface of the core. Handles are small integers; every function checks the ones it is given.
 */
import { FRAME } from './constants';
import { Oracle, STATISTICS } from './oracle';
import { FEATURES } from './constants';
import { Suppressor } from './suppressor';

/**
 * Features and statistics of a whole sequence, for training. Not real-time safe.
 * @param noisy, clean hops * 480 f32
 * @param out hops * (70 + 171) f32: features, then `Oracle.statistics`
 */
const trainee = new Suppressor();
const oracle = new Oracle();
export function trainingFeatures(noisy: usize, clean: usize, hops: i32, out: usize): void {
  trainee.reset();
  oracle.reset();
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME * 4;
    memory.copy(changetype<usize>(trainee.input), noisy + at, FRAME * 4);
    memory.copy(changetype<usize>(oracle.input), clean + at, FRAME * 4);
    trainee.analyse();
    oracle.process(trainee);
    memory.copy(out, changetype<usize>(trainee.features), FEATURES * 4);
    memory.copy(out + FEATURES * 4, changetype<usize>(oracle.statistics), STATISTICS * 4);
    out += (FEATURES + STATISTICS) * 4;
  }
}
export function alloc(bytes: i32): usize {
  return heap.alloc(bytes as usize);
}
/** Path of the ladder: gains and strengths of the oracle through the pipeline. mode bit 0: comb, bit 1: post-filter */
export function oracleSequence(noisy: usize, clean: usize, hops: i32, out: usize, mode: i32): void {
  trainee.reset();
  oracle.reset();
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME * 4;
    memory.copy(changetype<usize>(trainee.input), noisy + at, FRAME * 4);
    memory.copy(changetype<usize>(oracle.input), clean + at, FRAME * 4);
    trainee.analyse();
    oracle.process(trainee);
    memory.copy(changetype<usize>(trainee.gains), changetype<usize>(oracle.gains), 34 * 4);
    if (mode & 1) memory.copy(changetype<usize>(trainee.strengths), changetype<usize>(oracle.strengths), 34 * 4);
    else {
      memory.fill(changetype<usize>(trainee.strengths), 0, 34 * 4);
      for (let b: usize = 0; b < 34 * 4; b += 4) {
        store<f32>(changetype<usize>(trainee.gains) + b, min<f32>(1, load<f32>(changetype<usize>(oracle.statistics) + b)));
      }
    }
    if (mode & 4) for (let b: usize = 0; b < 34 * 4; b += 4) store<f32>(changetype<usize>(trainee.gains) + b, 1);
    trainee.synthesise(1, (mode & 2) != 0);
    memory.copy(out + at, changetype<usize>(trainee.output), FRAME * 4);
  }
}
export function pitchSequence(noisy: usize, hops: i32, out: usize): void {
  trainee.reset();
  for (let n = 0; n < hops; n++) {
    memory.copy(changetype<usize>(trainee.input), noisy + (n as usize) * FRAME * 4, FRAME * 4);
    trainee.analyse();
    store<f32>(out + (n << 3), trainee.period as f32);
    store<f32>(out + (n << 3), trainee.features[69], 4);
  }
}
