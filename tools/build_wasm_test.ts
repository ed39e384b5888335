import { assertEquals } from "@std/assert";
import { BUILDS, compile, generate, generatedUrl } from "./build_wasm.ts";

for (const build of BUILDS) {
  Deno.test(`compile() gives the bytes that are committed, ${build.name}`, async () => {
    const committed = await Deno.readTextFile(generatedUrl(build));
    const isSame = generate(await compile(build)) === committed;
    assertEquals(isSame, true, "Run `deno task build:wasm`");
  });
}
