// A thread of a loop: runs its share when it is told to, and answers when it is done.

import { parentPort, workerData } from "node:worker_threads";
import { loopOf } from "./peak_loop.ts";

const loop = loopOf(workerData.module, workerData.loop, workerData.amount);
parentPort?.on("message", () => {
  loop();
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
