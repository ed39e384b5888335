// A process of its own, as the threads of peers are set once for all.

import { registerSection } from "./register.ts";

await registerSection("matmul", 2);
