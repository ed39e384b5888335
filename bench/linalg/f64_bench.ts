import { registerSection } from "./register.ts";

await registerSection("f64", 1);
