// The manifest of a compressed checkpoint, `pare.json`.
//
// Its length is known before the work starts, so that a dry run can tell the size of the result to
// the byte: measured numbers are planned at their longest, and the rest is filled up with spaces. No
// other whitespace is written: it would make small models a few percent larger.

import { FormatError } from "@pare/tensor";
import { type LayerRecord, readLayerRecords, writeLayerRecords } from "./layer_record.ts";
import { failAt, readRecord } from "./manifest_fields.ts";
import type { Recipe } from "./recipe.ts";
import { LONGEST_LOSS } from "./round_loss.ts";

/** The name of the manifest's file. */
export const MANIFEST_FILE = "pare.json";

/** A file of the folder. */
export interface FileRecord {
  /** Bytes. */
  readonly byteLength: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** A file or text that went into the work. */
export interface InputRecord {
  /** What it was called. */
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
}

/** What a model was calibrated on. */
export interface CalibrationRecord extends InputRecord {
  /** Tokens in the windows that were sampled of the text. */
  readonly tokens: number;
  /**
   * The address of the statistics that methods saw of the original model, the same whether they
   * were saved or not; `null` where they saw those of compressed blocks alone.
   */
  readonly statistics: string | null;
}

/** What a compressed checkpoint says of itself. */
export interface Manifest {
  /** Always `pare`. */
  readonly format: "pare";
  /** The version of this format, always 3. */
  readonly version: 3;
  /** The program that wrote it. */
  readonly creator: string;
  /** The kernels that made the bytes, so far as they decide the last bit. */
  readonly kernels: string;
  /** What was done, every default filled in. */
  readonly recipe: Recipe;
  /** The model it was made from. */
  readonly source: InputRecord;
  /** The text it was calibrated on, or `null`. */
  readonly calibration: CalibrationRecord | null;
  /** Every linear layer by its name. */
  readonly layers: Readonly<Record<string, LayerRecord>>;
  /** Every other file of the folder. */
  readonly files: Readonly<Record<string, FileRecord>>;
  /** The bytes of all files, this one included. */
  readonly byteLength: number;
}

/**
 * Tells how long the manifest will be, whatever is measured.
 *
 * @param manifest The manifest with measured numbers and digests not yet filled in.
 * @returns The bytes of the file, and those of the whole folder.
 */
export function planManifest(
  manifest: Manifest,
): { manifestByteLength: number; byteLength: number } {
  const layers = Object.fromEntries(
    Object.entries(manifest.layers).map(([name, record]) => [name, {
      ...record,
      nmse: LONGEST_LOSS,
      activationNmse: manifest.calibration ? LONGEST_LOSS : null,
    }]),
  );
  const sha256 = "0".repeat(64);
  const files = Object.fromEntries(
    Object.entries(manifest.files).map(([name, record]) => [name, { ...record, sha256 }]),
  );
  const rest = Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0);
  // The total stands in the file whose length it counts: a few rounds settle its digits.
  let byteLength = rest;
  for (let round = 0; round < 4; round++) {
    byteLength = rest + encode({ ...manifest, layers, files, byteLength }).length;
  }
  return { manifestByteLength: byteLength - rest, byteLength };
}

/**
 * Writes a manifest as text of the planned length.
 *
 * @param manifest The manifest, all filled in.
 * @param byteLength The planned length.
 * @returns JSON, filled up with spaces, and a line feed.
 */
export function serializeManifest(manifest: Manifest, byteLength: number): string {
  return textOf(manifest) + " ".repeat(byteLength - encode(manifest).length) + "\n";
}

function encode(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(textOf(manifest) + "\n");
}

/** The manifest as JSON, its head first. */
function textOf({ layers, files, byteLength, ...head }: Manifest): string {
  return JSON.stringify({ ...head, ...writeLayerRecords(layers), files, byteLength });
}

/**
 * Reads a manifest; it is untrusted.
 *
 * @param text The text of `pare.json`.
 * @returns The manifest; only what is needed to read the weights is checked to the last field.
 * @throws {FormatError} If it is not JSON or a field is missing or wrong.
 */
export function parseManifest(text: string): Manifest {
  const value = parseJson(text);
  const manifest = readRecord(value, "it");
  if (manifest.format !== "pare") failAt("format", `must be "pare"`, manifest.format);
  if (manifest.version !== 3) failAt("version", "must be 3", manifest.version);
  const { nodes, layers: written, ...rest } = manifest;
  const layers = readLayerRecords({ nodes, layers: written });
  for (const [name, value] of Object.entries(readRecord(manifest.files, "files"))) {
    if (!/^[\w.-]+$/.test(name) || name.startsWith(".")) {
      failAt("files", "must name files directly inside the folder", name);
    }
    const { byteLength, sha256 } = readRecord(value, `files.${name}`);
    if (!Number.isSafeInteger(byteLength)) {
      failAt(`files.${name}.byteLength`, "must be a whole number", byteLength);
    }
    if (!/^[0-9a-f]{64}$/.test(String(sha256))) {
      failAt(`files.${name}.sha256`, "must be 64 hexadecimal digits", sha256);
    }
  }
  for (const field of ["recipe", "source"]) readRecord(manifest[field], field);
  return { ...rest, layers } as unknown as Manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(
      "Cannot read pare.json",
      "it",
      `must be JSON: ${(error as Error).message}`,
    );
  }
}
