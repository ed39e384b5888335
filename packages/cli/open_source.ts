// A path on the command line as a model: a folder we wrote, a Hugging Face folder, a llama2.c file.

import { openHuggingFace, openLlama2c } from "@pare/formats";
import { type Model, openModel } from "@pare/model";
import {
  type InputRecord,
  type Manifest,
  MANIFEST_FILE,
  openCompressed,
  parseManifest,
} from "@pare/pipeline";
import { createHash } from "node:crypto";
import { DEMO_NAME, DEMO_SOURCE, demoPath } from "./demo.ts";
import { exists, fileDigest, fileSource, folderSource, readText, statOf } from "./files.ts";
import { UserError } from "./user_error.ts";

/** A model and where it came from. */
export interface OpenedSource {
  /** What it was called: its path, or `demo`. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Whether it is the demo model. */
  readonly isDemo: boolean;
  /** Whether the path is a folder. */
  readonly isFolder: boolean;
  /** The model. */
  readonly model: Model;
  /** The configuration as a Hugging Face `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The manifest, if we wrote the folder. */
  readonly manifest: Manifest | null;
  /** The files that the weights and the configuration are in. */
  readonly files: readonly string[];
}

/**
 * Opens a model; of a folder that we wrote, every file is checked against its digest.
 *
 * @param path The path, or `demo` for the demo model where nothing of that name is.
 */
export async function openSource(path: string): Promise<OpenedSource> {
  if (path === DEMO_NAME && !await exists(path)) return await openDemo();
  if (/^[a-z]+:\/\//i.test(path)) {
    throw new UserError(
      `Cannot open ${path} as models must be local folders or files: download it first and name the folder`,
    );
  }
  const { isDirectory } = await statOf(path);
  return isDirectory ? await openFolder(path) : await openFile(path);
}

/** Opens the demo model. */
export async function openDemo(path: string = demoPath("model")): Promise<OpenedSource> {
  // Nothing else is looked up: a program that was loaded from the network has no files beside it.
  if (/^https?:/.test(path) || !await exists(path)) {
    throw new UserError(
      `Cannot open the demo model as ${path} must exist: \`deno task train:demo\` makes it`,
    );
  }
  return { ...await openFolder(path), name: DEMO_NAME, isDemo: true };
}

async function openFile(path: string): Promise<OpenedSource> {
  if (/\.(safetensors|gguf|pt|pth|onnx)$/.test(path)) {
    throw new UserError(
      `Cannot open ${path} as a model must be a Hugging Face folder (config.json and safetensors), ` +
        "a folder that compress wrote, or a llama2.c file (.bin): current one is neither",
    );
  }
  const checkpoint = await openLlama2c(await fileSource(path));
  return {
    name: path,
    path,
    isDemo: false,
    isFolder: false,
    model: openModel(checkpoint),
    config: checkpoint.config,
    manifest: null,
    files: [path],
  };
}

async function openFolder(path: string): Promise<OpenedSource> {
  const folder = await folderSource(path);
  if (/\.partial\/*$/.test(path)) {
    throw new UserError(
      `Cannot open ${path} as it is the work of an interrupted run: run the same compress command again to finish it`,
    );
  }
  const manifest = folder.fileNames.includes(MANIFEST_FILE)
    ? parseManifest(await readText(`${path}/${MANIFEST_FILE}`))
    : null;
  if (manifest) await verify(path, manifest);
  const checkpoint = await openHuggingFace(folder);
  const files = folder.fileNames.filter((name) =>
    name === "config.json" || name === MANIFEST_FILE || /\.safetensors(\.index\.json)?$/.test(name)
  );
  return {
    name: path,
    path,
    isDemo: false,
    isFolder: true,
    model: manifest ? openCompressed(manifest, checkpoint) : openModel(checkpoint),
    config: checkpoint.config,
    manifest,
    files: files.map((name) => `${path}/${name}`),
  };
}

async function verify(path: string, manifest: Manifest): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    if (await fileDigest(`${path}/${name}`) !== sha256) {
      throw new UserError(
        `Cannot open ${path} as ${name} is not the file that was written: its SHA-256 differs from that in ${MANIFEST_FILE}`,
      );
    }
  }
}

/** The name and digest of a model's files. */
export async function sourceRecord({ path, isDemo, files }: OpenedSource): Promise<InputRecord> {
  const name = isDemo ? DEMO_SOURCE : baseName(path);
  if (files.length === 1 && files[0] === path) return { name, sha256: await fileDigest(path) };
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${baseName(file)} ${await fileDigest(file)}\n`);
  return { name, sha256: hash.digest("hex") };
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.replace(/\/+$/, "").replace(/^.*\//, "");
}
