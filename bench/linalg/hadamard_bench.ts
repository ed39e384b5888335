import { registerSection } from "./register.ts";

await registerSection("hadamard", 1);
