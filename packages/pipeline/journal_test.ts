import { assertEquals, assertRejects } from "@std/assert";
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

Deno.test("openJournal() goes on behind a line that was cut off anywhere", async () => {
  const identity = { creator: "pare" };
  const entryOf = (part: number) => ({ part, sha256: `${part}`, measures: {} });
  const line = JSON.stringify(entryOf(1));
  for (let length = 0; length < line.length; length++) {
    const output = memoryOutput();
    const { append } = await openJournal(output, identity);
    await append(entryOf(0));
    const text = await output.readText(JOURNAL_FILE);
    await output.writeText(JOURNAL_FILE, text + line.slice(0, length));
    await (await openJournal(output, identity)).append(entryOf(2));
    const { done } = await openJournal(output, identity);
    assertEquals([...done.values()], [entryOf(0), entryOf(2)], `${length} characters`);
  }
});

Deno.test("openJournal() refuses another identity, and names what differs", async () => {
  const output = memoryOutput();
  await openJournal(output, { recipe: 1, source: "a" });
  await assertRejects(
    () => openJournal(output, { recipe: 1, source: "b" }),
    RangeError,
    `its source must be the same: current source is "b", that of the interrupted run "a"`,
  );
  await assertRejects(
    () => openJournal(output, { recipe: 1 }),
    RangeError,
    "source must be the same",
  );
});
