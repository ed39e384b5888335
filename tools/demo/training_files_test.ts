import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AnyTensor, tensor } from "@pare/tensor";
import { trainingFiles, type TrainingState } from "./training_files.ts";

const STATE: TrainingState = {
  tensors: new Map<string, AnyTensor>([
    ["w", tensor(Float32Array.of(1 / 3, -0, 1e-40), [3])],
    ["steps", tensor(Float64Array.of(7), [1])],
  ]),
  schedule: { steps: 9, warmupSteps: 1, cooldownSteps: 2, learningRate: 1e-3 },
  log: [
    { step: 1, tokens: 64, loss: 1 / 3, gradientNorm: 0.1, learningRate: 1e-3 },
    {
      step: 2,
      tokens: 128,
      loss: 0.1 + 0.2,
      gradientNorm: 2,
      learningRate: 2e-3,
      heldOut: { stories: 1.5, arithmetic: 1, russian: 2 },
    },
  ],
};

Deno.test("trainingFiles() gives back what it saved, bit by bit, and nothing before or after", async () => {
  const folder = await Deno.makeTempDir();
  const files = trainingFiles(`${folder}/run`, { seed: 1 });
  assertEquals(await files.load(), null);
  await files.save({ ...STATE, log: [] });
  await files.save(STATE);
  const loaded = await files.load();
  assert(loaded);
  assertEquals([loaded.schedule, loaded.log], [STATE.schedule, STATE.log]);
  assertEquals([...loaded.tensors], [...STATE.tensors]);
  const data = loaded.tensors.get("w")?.data;
  assert(data && Object.is(Number(data[1]), -0));
  const lines = (await Deno.readTextFile(`${folder}/run/log.jsonl`)).trim().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), [...STATE.log]);
  const left = [...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name).toSorted();
  assertEquals(left, ["log.jsonl", "state.safetensors"]);
  await files.clear();
  assertEquals(await files.load(), null);
  await files.clear();
});

Deno.test("trainingFiles() refuses the state of another run, and says what is different", async () => {
  const folder = await Deno.makeTempDir();
  await trainingFiles(folder, { seed: 1, config: { layers: 2 } }).save(STATE);
  await assertRejects(
    () => trainingFiles(folder, { seed: 2, config: { layers: 2 }, device: "wasm" }).load(),
    RangeError,
    "as it must be of the same run: current state differs in seed, device; begin anew",
  );
});
