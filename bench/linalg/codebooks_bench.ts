import { registerSection } from "./register.ts";

await registerSection("codebooks", 1);
