// The first kilobyte of the memory is the control block: what the threads agree by, and the
// parameters of the operation that runs. Everything else is handed out by the host.

/** i32: raised whenever there is something to look at; idle threads sleep on it. */
export const SIGNAL: usize = 64;
/** u64: the number of tasks above, the next task to claim below. */
export const CLAIM: usize = 128;
/** i32: how many tasks are done. */
export const DONE: usize = 192;
/** i32: not zero when the threads are to end. */
export const STOP: usize = 256;
/** i32: the operation that runs. */
export const OPERATION: usize = 260;
/** u32: how many operations were begun; tells them apart. */
export const RUN: usize = 264;
/** u32: the integer parameters of the operation, addresses and counts. */
const WORDS: usize = 320;
/** f64: its other parameters. */
const NUMBERS: usize = 512;

/** How many elements of a plain loop make one task. */
export const GRAIN: usize = 32768;

/** Where this thread's own memory is. */
let scratch: usize = 0;
/** Which thread this is; the caller's own is 0. */
let thread: usize = 0;

export function setThread(index: usize, address: usize): void {
  thread = index;
  scratch = address;
}

@inline
export function threadIndex(): usize {
  return thread;
}

/** The address of `offset` in this thread's own memory. */
@inline
export function scratchAt(offset: usize): usize {
  return scratch + offset;
}

/** Which operation this is, for what a thread keeps from one of its tasks to the next. */
@inline
export function run(): u32 {
  return load<u32>(RUN);
}

@inline
export function word(index: usize): usize {
  return load<u32>(WORDS + index * 4);
}

@inline
export function number(index: usize): f64 {
  return load<f64>(NUMBERS + index * 8);
}

/** How many tasks `items` of a given size make; a task is worth waking a thread for. */
@inline
export function grain(size: usize): usize {
  return max<usize>(1, GRAIN / max<usize>(1, size));
}

@inline
export function divideUp(a: usize, b: usize): usize {
  return (a + b - 1) / b;
}
