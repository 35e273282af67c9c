/**
 * The heap's edge. heap.alloc traps where the memory cannot grow and doubles it where it can: `reserve` asks first, and grows
 * it to what is needed. Not real-time safe.
 */

/** Bytes one `allocate` may ask for, and how often it may be asked. */
const MAX_BYTES: i32 = 1 << 28;
const MAX_BLOCKS: i32 = 512;
/** More than the headers of a few heap blocks. */
const SLACK: i64 = 256;

/** Blocks of the caller: first byte, and the one after the last. */
const starts = new StaticArray<usize>(MAX_BLOCKS);
const ends = new StaticArray<usize>(MAX_BLOCKS);
let blocks: i32 = 0;

/** Makes room for `bytes` on the heap. False when there is none. */
export function reserve(bytes: i64): bool {
  const top = heap.alloc(16);
  heap.free(top);
  const pages = (((top as i64) + bytes + SLACK + 0xffff) >> 16) - (memory.size() as i64);
  return pages <= 0 || (pages <= 0xffff && memory.grow(pages as i32) >= 0);
}

/** 16-byte aligned memory for the caller, for good. 0 when impossible. */
export function allocate(bytes: i32): usize {
  if (bytes <= 0 || bytes > MAX_BYTES || blocks == MAX_BLOCKS || !reserve(bytes)) return 0;
  const pointer = heap.alloc(bytes as usize);
  unchecked((starts[blocks] = pointer));
  unchecked((ends[blocks] = pointer + (bytes as usize)));
  blocks++;
  return pointer;
}

/** 16-byte aligned memory for count zeros of f32, or of int32, for good: the caller has asked whether there is room. */
export function allocateFloats(count: i32): usize {
  const bytes = (<usize>count) << 2;
  const pointer = heap.alloc(bytes);
  memory.fill(pointer, 0, bytes);
  return pointer;
}

/** Whether `count` f32 at a pointer lie in one block of the caller: everything else is the core's own. */
export function isAllocated(pointer: usize, count: i64): bool {
  if ((pointer & 3) != 0 || count < 0) return false;
  for (let i = 0; i < blocks; i++) {
    const start = unchecked(starts[i]);
    if (pointer >= start && (pointer as i64) + 4 * count <= (unchecked(ends[i]) as i64)) return true;
  }
  return false;
}

/** No block. */
export const NOTHING = new StaticArray<f32>(0);
/** Blocks of f32 that were given back, of the lengths of `blockLength`. */
const unused: Array<StaticArray<f32>> = [];

/** Length of the block for `count` values: at most a quarter longer. */
function blockLength(count: i32): i32 {
  const step = 1 << max(0, 29 - clz(count));
  return (count + step - 1) & -step;
}

/** A block for `count` f32, used before or new, with anything in it; NOTHING when there is no memory. */
export function takeBlock(count: i32): StaticArray<f32> {
  const length = blockLength(count);
  for (let i = 0; i < unused.length; i++) {
    const block = unused[i];
    if (block.length != length) continue;
    const last = unused.pop();
    if (i < unused.length) unused[i] = last;
    return block;
  }
  return reserve(4 * (length as i64)) ? new StaticArray<f32>(length) : NOTHING;
}

/** For a later takeBlock. */
export function giveBlock(block: StaticArray<f32>): void {
  if (block.length > 0) unused.push(block);
}
