// The house rules as a plugin of `deno lint`; named in the root deno.json.

import { errorMessage } from "./error_message.ts";
import { noDefaultExport } from "./no_default_export.ts";
import { noJsrImport } from "./no_jsr_import.ts";
import { noNonNullAssertion } from "./no_non_null_assertion.ts";
import { noPlatformApi } from "./no_platform_api.ts";
import { packageLayers } from "./package_layers.ts";

const plugin: Deno.lint.Plugin = {
  name: "pare",
  rules: {
    "error-message": errorMessage,
    "no-default-export": noDefaultExport,
    "no-jsr-import": noJsrImport,
    "no-non-null-assertion": noNonNullAssertion,
    "no-platform-api": noPlatformApi,
    "package-layers": packageLayers,
  },
};

// deno-lint-ignore pare/no-default-export -- Deno takes a plugin from its module's default export.
export default plugin;
