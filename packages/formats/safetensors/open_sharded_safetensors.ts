import { FormatError, type TensorSpec } from "@pare/tensor";
import {
  expectEnd,
  type JsonCursor,
  readObject,
  readString,
  readText,
  readValue,
} from "../json.ts";
import { isPlainFileName, listed, quoted } from "../names.ts";
import type { FolderSource, TensorSource } from "../source.ts";
import { MAX_HEADER_BYTES } from "./dtypes.ts";
import { missing, openSafetensors } from "./open_safetensors.ts";

const WHOLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/**
 * Opens the weights of a folder: `model.safetensors`, or else the shards that
 * `model.safetensors.index.json` names.
 *
 * Where there are both, the whole file is read, as Transformers does. Of the shards only what the
 * index maps is offered. A name in the index that is not that of a file directly inside the folder
 * is refused: nothing outside can be reached.
 *
 * @example A folder with two shards
 * ```ts
 * import { folderOf, openShardedSafetensors, planSafetensors } from "@pare/formats";
 * import { tensor } from "@pare/tensor";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const specs = new Map([
 *   ["a", { dtype: "u8", shape: [2] }],
 *   ["b", { dtype: "u8", shape: [3] }],
 * ] as const);
 * const { shards, index } = planSafetensors(specs, { maxShardBytes: 4 });
 * assert(index !== null);
 * const files = {
 *   "model.safetensors.index.json": index,
 *   [shards[0].fileName]: Uint8Array.of(...shards[0].header, 1, 2),
 *   [shards[1].fileName]: Uint8Array.of(...shards[1].header, 3, 4, 5),
 * };
 * const source = await openShardedSafetensors(folderOf(files, "tiny"));
 * assertEquals(await source.read("b"), tensor(Uint8Array.of(3, 4, 5), [3], "u8"));
 * ```
 *
 * @param folder The folder.
 * @returns The tensors of all shards, shard by shard in the order of their file names.
 * @throws {FormatError} If there is neither file, the index is not one, or a shard that it names or
 *   a tensor that it places there is missing.
 */
export async function openShardedSafetensors(folder: FolderSource): Promise<TensorSource> {
  if (folder.fileNames.includes(WHOLE)) return openSafetensors(await folder.open(WHOLE));
  if (!folder.fileNames.includes(INDEX)) {
    throw new FormatError(`Cannot read "${folder.name}"`, "weights", noWeights(folder.fileNames));
  }
  const indexSource = await folder.open(INDEX);
  const cursor = await readText(indexSource, "index", MAX_HEADER_BYTES);
  const shards = groupByShard(cursor.action, readWeightMap(cursor), folder.fileNames);

  const owners = new Map<string, TensorSource>();
  const specs = new Map<string, TensorSpec>();
  for (const fileName of [...shards.keys()].sort()) {
    const shard = await openSafetensors(await folder.open(fileName));
    const mapped = shards.get(fileName) ?? new Set();
    const absent = [...mapped].find((name) => !shard.specs.has(name));
    if (absent !== undefined) {
      const problem = `must be in ${quoted(fileName)}: current tensors there are `;
      const present = listed([...shard.specs.keys()]);
      throw new FormatError(cursor.action, `tensor ${quoted(absent)}`, problem + present);
    }
    for (const [name, spec] of shard.specs) {
      if (!mapped.has(name)) continue;
      specs.set(name, spec);
      owners.set(name, shard);
    }
  }
  return {
    specs,
    read: (name) => {
      const owner = owners.get(name);
      if (owner !== undefined) return owner.read(name);
      const problem = missing([...specs.keys()]);
      return Promise.reject(new FormatError(cursor.action, `tensor ${quoted(name)}`, problem));
    },
  };
}

/** Says that there must be weights in safetensors, and what there is. */
function noWeights(fileNames: readonly string[]): string {
  const others = fileNames.filter((name) =>
    /\.(?:bin|ckpt|gguf|ggml|h5|msgpack|npz|onnx|pt|pth|safetensors)$/.test(name)
  );
  const found = others.length > 0
    ? `current weights are ${listed(others)}`
    : `current files are ${listed(fileNames)}`;
  return `must be in ${WHOLE}, or in shards with a ${INDEX}: ${found}`;
}

/** Reads which file each tensor is in. */
function readWeightMap(cursor: JsonCursor): ReadonlyMap<string, string> {
  let weightMap: Map<string, string> | undefined;
  readObject(cursor, "index", (key) => {
    if (key !== "weight_map") {
      readValue(cursor, quoted(key));
      return;
    }
    const map = weightMap = new Map<string, string>();
    readObject(cursor, "weight_map", (name) => {
      map.set(name, readString(cursor, `${quoted(name)} of weight_map`));
    });
  });
  expectEnd(cursor, "index");
  if (weightMap === undefined) {
    throw new FormatError(
      cursor.action,
      "weight_map",
      "must say which file each tensor is in: current index has none",
    );
  }
  return weightMap;
}

/** Gathers the tensors of each shard; every shard has to be there. */
function groupByShard(
  action: string,
  weightMap: ReadonlyMap<string, string>,
  fileNames: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const present = new Set(fileNames);
  const shards = new Map<string, Set<string>>();
  for (const [name, fileName] of weightMap) {
    const shard = shards.get(fileName);
    if (shard !== undefined) {
      shard.add(name);
      continue;
    }
    const field = `${quoted(name)} of weight_map`;
    if (!isPlainFileName(fileName)) {
      throw new FormatError(
        action,
        field,
        `must name a file directly inside the folder: current value is ${quoted(fileName)}`,
      );
    }
    if (!present.has(fileName)) {
      throw new FormatError(
        action,
        field,
        `must name a file of the folder, which has ${listed(fileNames)}: ` +
          `current value is ${quoted(fileName)}`,
      );
    }
    shards.set(fileName, new Set([name]));
  }
  return shards;
}
