import { registerSection } from "./register.ts";

await registerSection("factorizations", 1);
