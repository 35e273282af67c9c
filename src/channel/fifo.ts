/**
 * Single-threaded queue of samples over a ring. Real-time safe except the constructor and grow: nothing allocates.
 * Reading more than it holds gives zeros for the missing tail and counts an underrun.
 */
export class Fifo {
  private ring: Float32Array;
  private mask: number;
  private head = 0;
  /** Samples held. */
  length = 0;
  underruns = 0;

  /** Room for at least `capacity` samples, of which `fill` zeros are there from the start. */
  constructor(capacity: number, fill = 0) {
    const size = ceilPowerOfTwo(Math.max(capacity, fill, 1));
    this.ring = new Float32Array(size);
    this.mask = size - 1;
    this.length = fill;
  }

  get capacity(): number {
    return this.mask + 1;
  }

  /** Appends source[offset .. offset + count). False, and nothing appended, when there is no room. */
  write(source: Float32Array, offset: number, count: number): boolean {
    const { ring, mask } = this;
    if (this.length + count > mask + 1) return false;
    const tail = (this.head + this.length) & mask;
    // Whole blocks are the rule; a part of one could only be set with a view, which is an allocation.
    if (offset === 0 && count === source.length && tail + count <= ring.length) ring.set(source, tail);
    else for (let i = 0; i < count; i++) ring[(tail + i) & mask] = source[offset + i];
    this.length += count;
    return true;
  }

  /** Takes `count` samples into target[offset ..]; returns how many were really there. */
  read(target: Float32Array, offset: number, count: number): number {
    const { ring, mask, head } = this;
    const there = Math.min(count, this.length);
    const whole = Math.min(there, ring.length - head);
    for (let i = 0; i < whole; i++) target[offset + i] = ring[head + i];
    for (let i = whole; i < there; i++) target[offset + i] = ring[head + i - ring.length];
    for (let i = there; i < count; i++) target[offset + i] = 0;
    this.head = (head + there) & mask;
    this.length -= there;
    if (there < count) this.underruns++;
    return there;
  }

  /** Holds `fill` zeros and nothing else. */
  clear(fill = 0): void {
    this.ring.fill(0);
    this.head = 0;
    this.length = fill;
  }

  /** Puts `zeros` in front of what it holds and makes room for `capacity`. Allocates. */
  grow(capacity: number, zeros: number): void {
    const held = new Float32Array(this.length);
    this.read(held, 0, held.length);
    const size = Math.max(this.capacity, ceilPowerOfTwo(Math.max(capacity, held.length + zeros)));
    this.ring = new Float32Array(size);
    this.mask = size - 1;
    this.head = 0;
    this.length = zeros;
    this.write(held, 0, held.length);
  }
}

function ceilPowerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}
