import { registerSection } from "./register.ts";

await registerSection("solves", 1);
