/** What exported functions answer instead of doing what was asked. */

/** No such handle, or it is not held; for numbers, out of range. */
export const ERROR_HANDLE: i32 = -1;
/** All places are taken: MAX_NETWORKS, MAX_SUPPRESSORS. */
export const ERROR_FULL: i32 = -2;
/** A pointer leads outside the caller's own memory. */
export const ERROR_POINTER: i32 = -3;
/** The memory cannot grow as far. */
export const ERROR_MEMORY: i32 = -4;

/** Of a network that is refused: neither LAYER_COUNT layers nor those of a finer stage beside them. */
export const ERROR_LAYER_COUNT: i32 = -101;
/** A pointer is unaligned, leads outside the memory or to what is not the layer's own. */
export const ERROR_LAYER_POINTER: i32 = -102;
/** A layer has another kind than its place asks for. */
export const ERROR_LAYER_KIND: i32 = -103;
/** A layer's size does not fit its neighbours or the tile. */
export const ERROR_LAYER_SIZE: i32 = -104;
/** A block list is out of order or out of range. */
export const ERROR_LAYER_BLOCKS: i32 = -105;
