// A process of its own, as the threads of onnxruntime-web are set once for all.

import { benchMatmul } from "./matmul.ts";

await benchMatmul(2);
