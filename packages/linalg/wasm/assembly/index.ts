// What the host calls: `run` on its own thread, `serve` on the others.

import { setConstants } from "./exponential";
import { CLAIM, DONE, OPERATION, RUN, setThread, SIGNAL, STOP } from "./memory";
import { SCRATCH_BYTES } from "./panels";
import { countTasks, runTask } from "./tasks";

/** How often a thread looks again before it sleeps: for as long as it takes to be woken, about 50 µs. */
const SPINS: i32 = 10000;

/** Bytes of memory that each thread needs for itself. */
export function scratchBytes(): usize {
  return SCRATCH_BYTES;
}

/** Tells this instance which thread it is and where its own memory is. */
export function start(thread: usize, scratch: usize): void {
  setThread(thread, scratch);
  setConstants();
}

/** Whether a · b + c is rounded once: 1 if it is for a = b = 1 + 2^-12 and c = −a². */
export function isFused(a: f32, c: f32): bool {
  if (!ASC_FEATURE_RELAXED_SIMD) return false;
  const x = f32x4.splat(a);
  return f32x4.extract_lane(f32x4.relaxed_madd(x, x, f32x4.splat(c)), 0) != 0;
}

/**
 * Runs the operation whose parameters are in the control block, and returns when it is done.
 *
 * @param helpers How many other threads there are.
 * @param mayWait Whether this thread may sleep.
 */
export function run(operation: i32, helpers: i32, mayWait: bool): void {
  store<u32>(RUN, load<u32>(RUN) + 1);
  const count = countTasks(operation);
  if (!ASC_FEATURE_THREADS || helpers == 0 || count < 2) {
    for (let task: usize = 0; task < count; task++) runTask(operation, task);
    return;
  }
  store<i32>(OPERATION, operation);
  atomic.store<i32>(DONE, 0);
  atomic.store<u64>(CLAIM, <u64> count << 32);
  atomic.add<i32>(SIGNAL, 1);
  atomic.notify(SIGNAL, min(helpers, <i32> count - 1));
  runTasks();
  for (let spins = 0;; spins++) {
    const done = atomic.load<i32>(DONE);
    if (done == <i32> count) return;
    if (mayWait && spins > SPINS) atomic.wait<i32>(DONE, done, -1);
  }
}

/** Runs tasks as long as there are any, and sleeps until there are again. */
export function serve(): void {
  if (!ASC_FEATURE_THREADS) return;
  while (!atomic.load<i32>(STOP)) {
    const signal = atomic.load<i32>(SIGNAL);
    runTasks();
    let spins = 0;
    while (spins < SPINS && atomic.load<i32>(SIGNAL) == signal) spins++;
    if (spins == SPINS) atomic.wait<i32>(SIGNAL, signal, -1);
  }
}

/**
 * Claims and runs tasks until none is left. A claim counts the number up and reads it with the
 * number of all tasks: who gets a task knows that the operation cannot end without it, and may read
 * its parameters.
 */
function runTasks(): void {
  while (true) {
    const claim = atomic.add<u64>(CLAIM, 1);
    const count = <u32> (claim >> 32);
    if (<u32> claim >= count) return;
    runTask(load<i32>(OPERATION), <u32> claim);
    const done = <u32> atomic.add<i32>(DONE, 1) + 1;
    if (done == count) atomic.notify(DONE, 1);
  }
}
