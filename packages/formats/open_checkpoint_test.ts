import { assertEquals, assertRejects } from "@std/assert";
import { FormatError } from "@pare/tensor";
import { bytesSource, folderOf } from "./bytes_source.ts";
import { type CheckpointFormat, detectFormat } from "./detect_format.ts";
import { openCheckpoint } from "./open_checkpoint.ts";
import { writeSafetensors } from "./safetensors/write_safetensors.ts";
import type { ByteSource, FolderSource } from "./source.ts";
import { llama2cBytes, SMALL } from "./testing/llama2c_bytes.ts";

const file = (bytes: Uint8Array): ByteSource => bytesSource(bytes, "model");
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const sizes = (...integers: number[]): Uint8Array =>
  new Uint8Array(Int32Array.from(integers).buffer);
const folder = (...names: string[]): FolderSource =>
  folderOf(Object.fromEntries(names.map((name) => [name, text("{}")])), "folder");

const FORMATS: readonly (readonly [ByteSource | FolderSource, CheckpointFormat])[] = [
  ...([0, 1, 2] as const).flatMap((version) =>
    [true, false].map((tied) =>
      [file(llama2cBytes({ ...SMALL, version, tied })), "llama2c"] as const
    )
  ),
  [file(llama2cBytes(SMALL).slice(0, 28)), "llama2c"],
  [file(llama2cBytes({ ...SMALL, version: 1 }).slice(0, 4)), "llama2c"],
  [file(writeSafetensors(new Map())), "safetensors"],
  [file(text("GGUF\x03\0\0\0")), "gguf"],
  [file(text("PK\x03\x04")), "pytorch"],
  [folder("config.json", "model.safetensors"), "hugging-face"],
  [folder("config.json", "model.safetensors", "pare.json"), "pare"],
];

Deno.test("detectFormat() tells the formats apart", async () => {
  for (const [source, format] of FORMATS) assertEquals(await detectFormat(source), format);
});

Deno.test("detectFormat() shows the first bytes or the files of what it does not know", async () => {
  const unknown: readonly [source: ByteSource | FolderSource, found: string][] = [
    [file(new Uint8Array()), "current first bytes are none"],
    [file(text("hello, world")), "current first bytes are 68 65 6c 6c 6f 2c 20 77"],
    [file(new Uint8Array(100)), "current first bytes are 00 00 00 00 00 00 00 00"],
    [file(llama2cBytes(SMALL).slice(0, 27)), "current first bytes are 08 00 00 00 06 00 00 00"],
    [file(sizes(8, 6, 2, 3, 1, 5, 3)), "current first bytes are 08 00 00 00 06 00 00 00"],
    [file(sizes(8, 6, 2, 2, 3, 5, 3)), "current first bytes are 08 00 00 00 06 00 00 00"],
    [file(sizes(8, 6, 2, 2, 1, 5, 2 ** 30)), "current first bytes are 08 00 00 00 06 00 00 00"],
    [folder(), "current files are nothing"],
    [folder("model.safetensors"), 'current files are "model.safetensors"'],
  ];
  for (const [source, found] of unknown) {
    const error = await assertRejects(() => detectFormat(source), FormatError, found);
    assertEquals(error.field, "format");
    await assertRejects(() => openCheckpoint(source), FormatError, found);
  }
});

Deno.test("openCheckpoint() opens what has weights and a configuration", async () => {
  const { config } = await openCheckpoint(file(llama2cBytes({ ...SMALL, version: 1 })));
  assertEquals(config.hidden_size, 8);
  const files = {
    "config.json": text('{"model_type":"qwen3"}'),
    "model.safetensors": writeSafetensors(new Map()),
  };
  assertEquals((await openCheckpoint(folderOf(files, "folder"))).config, { model_type: "qwen3" });
});

Deno.test("openCheckpoint() says why it does not open the others", async () => {
  const refused: readonly [source: ByteSource | FolderSource, found: string][] = [
    [file(text("GGUF\x03\0\0\0")), "current format is GGUF"],
    [file(text("PK\x03\x04")), "current format is a pickle of PyTorch; save it as safetensors"],
    [file(writeSafetensors(new Map())), "weights without their config.json; open their folder"],
    [folder("config.json", "pare.json"), "a checkpoint that is compressed already"],
  ];
  for (const [source, found] of refused) {
    const error = await assertRejects(() => openCheckpoint(source), FormatError, found);
    assertEquals(error.field, "format");
  }
});
