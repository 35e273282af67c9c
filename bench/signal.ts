/** What all subjects hear: a voice-like tone complex that comes and goes, in noise. No subject may find silence to skip. */

/** Full scale +-1; the same samples for the same arguments. */
export function testSignal(seconds: number, rate: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.round(seconds * rate));
  let seed = 1;
  let phase = 0;
  for (let n = 0; n < out.length; n++) {
    const t = n / rate;
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    let x = (0.03 * seed) / 2 ** 31;
    phase += (2 * Math.PI * (140 + 30 * Math.sin(2 * Math.PI * 0.7 * t))) / rate;
    const envelope = Math.max(0, Math.sin(2 * Math.PI * 1.3 * t)) * (Math.sin(2 * Math.PI * 0.2 * t) > -0.5 ? 1 : 0);
    for (let k = 1; k <= 20; k++) x += (0.12 * envelope * Math.sin(k * phase)) / k;
    out[n] = x;
  }
  return out;
}
