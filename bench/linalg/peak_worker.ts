// A thread of the peak loop: does as many operations as it is told, and answers when they are done.

import { parentPort, workerData } from "node:worker_threads";
import { loopOf } from "./peak_loop.ts";

const loop = loopOf(workerData.module, workerData.dtype);
parentPort?.on("message", (flops: number) => {
  loop(flops);
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
