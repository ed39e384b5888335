import { type Convergence, type OperatorNode, parseNode } from "@pare/operators";
import { checkConvergence } from "./convergence.ts";
import { readRecord } from "./manifest_fields.ts";

/** What was done to one linear layer, and what it cost. */
export interface LayerRecord {
  /** The method's name, or `null` where the layer was only copied. */
  readonly method: string | null;
  /** How it is stored. */
  readonly node: OperatorNode;
  /** Bytes on disk, all side information included. */
  readonly byteLength: number;
  /** ‖W - Ŵ‖² / ‖W‖². */
  readonly nmse: number;
  /** ‖(W - Ŵ) X‖² / ‖W X‖² on the calibration text, or `null` without one. */
  readonly activationNmse: number | null;
  /**
   * What the allocation of its rank predicted: of the loss on its outputs, or of ‖W - Ŵ‖² / ‖W‖² for
   * a method that looks at no inputs. Not there where the recipe itself has the rank.
   */
  readonly predictedLoss?: number;
  /**
   * How the method went, losses to six digits and at most 10⁹; not there for one that does not
   * iterate.
   */
  readonly convergence?: Convergence;
}

/**
 * Reads what an untrusted manifest says of one layer: what is needed to read the weights, and what is
 * more than a number, is checked.
 */
export function readLayerRecord(value: unknown, field: string): LayerRecord {
  const record = readRecord(value, field);
  if (record.convergence !== undefined) {
    checkConvergence(record.convergence, `${field}.convergence`);
  }
  return { ...record, node: parseNode(record.node, `${field}.node`) } as LayerRecord;
}
