import { registerSection } from "./register.ts";

await registerSection("matmul", 1);
