import { benchMatmul, benchReferenceMatmul } from "./matmul.ts";

benchReferenceMatmul();
await benchMatmul(1);
