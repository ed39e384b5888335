// Whether tests on a GPU can run.

const HAS_ADAPTER = Boolean(await navigator.gpu?.requestAdapter());

/** Whether this runs where a missing adapter is a failure, not a reason to skip. */
function isContinuousIntegration(): boolean {
  const permission = Deno.permissions.querySync({ name: "env", variable: "CI" });
  return permission.state === "granted" && Boolean(Deno.env.get("CI"));
}

/** Whether tests that need an adapter are skipped. */
export const IS_SKIPPED: boolean = !HAS_ADAPTER && !isContinuousIntegration();
