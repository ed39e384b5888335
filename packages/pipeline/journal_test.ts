import { assertEquals } from "@std/assert";
import { JOURNAL_FILE, openJournal } from "./journal.ts";
import { memoryOutput } from "./testing/memory_output.ts";

Deno.test("openJournal() passes over lines that are no entry", async () => {
  const output = memoryOutput();
  const identity = { creator: "pare" };
  const entry = { part: 1, sha256: "00", measures: {} };
  const { append } = await openJournal(output, identity);
  for (const line of ["null", "5", '{"part":']) await output.appendLine(JOURNAL_FILE, line);
  await append(entry);
  assertEquals([...(await openJournal(output, identity)).done.values()], [entry]);
});
