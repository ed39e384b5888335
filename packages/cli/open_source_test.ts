import { assertRejects } from "@std/assert";
import { openDemo } from "./open_source.ts";
import { UserError } from "./user_error.ts";

for (const path of ["nowhere/model", "https://example.com/demo/model"]) {
  Deno.test(`openDemo() says how to make what is not at ${path}`, async () => {
    await assertRejects(
      () => openDemo(path),
      UserError,
      `as ${path} must exist: \`deno task train:demo\` makes it`,
    );
  });
}
